"""The commands of `build_addon.py`."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from . import archive, demo, environments, native, tiers
from .console import BuildError, Stages, shown
from .paths import BUILD, DIST, ROOT

_DESCRIPTION = """\
Sets up what it needs under build/, without root, and then:

  demo "TEXT"   build the extension, install it in a Blender of its own, and let it
                sign TEXT: a video, the .blend, the take, a contact sheet
  test [TIER]   run the tests; without names, all tiers for this Python
  build         make dist/signwright-<version>-<platform>.zip and let Blender validate it
  bench         run the benchmarks and print one table
  bench quality measure the signing and write docs/quality.md
  clean         remove build/ and dist/
"""


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    stages = Stages()
    try:
        return options.command(options, stages)
    except BuildError as e:
        print(f"\nerror: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; the same command again picks up where this one was", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="build_addon.py", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    add = commands.add_parser("demo", help="text to a rendered signing video")
    add.add_argument("text", help='what to sign, like "Hello, my name is Anna."')
    add.add_argument("--language", default="ASL", help="signed language (default: ASL)")
    add.add_argument("--out", type=Path, default=BUILD / "demo", help="folder for the results (default: build/demo)")
    add.add_argument("--blender", choices=environments.BLENDER_PYTHONS, help="default: the newest for this Python")
    add.set_defaults(command=_demo)
    names = "\n".join(f"  {t.name:<14} {t.about}{'' if t.default else ' *'}" for t in tiers.all_tiers().values())
    add = commands.add_parser(
        "test",
        help="run the tests",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=f"Tiers:\n{names}\n\n* not in the default run; name it, or give --all (gui: name it)",
    )
    add.add_argument("tiers", nargs="*", metavar="tier", help="a tier, or a family such as `addon`")
    add.add_argument("--all", action="store_true", help="every Blender version that a Python is here for")
    add.set_defaults(command=_test)
    add = commands.add_parser("build", help="make and validate the release zip")
    add.add_argument(
        "--platform", choices=("all", *native.PLATFORMS), help="what the zip is for (default: this machine's)"
    )
    add.set_defaults(command=_build)
    add = commands.add_parser("bench", help="run the benchmarks")
    add.add_argument(
        "what", nargs="?", choices=("all", "quality"), default="all", help="quality: write docs/quality.md"
    )
    add.set_defaults(command=_bench)
    commands.add_parser("clean", help="remove build/ and dist/").set_defaults(command=_clean)
    return parser


def _demo(options: argparse.Namespace, stages: Stages) -> int:
    made = demo.run_demo(options.text, options.language, options.out, options.blender, stages)
    print(f"\nStages:\n{stages.summary()}\n\nMade:")
    for path, note in made:
        print(f"  {shown(path)}  ({note})")
    return 0


def _test(options: argparse.Namespace, stages: Stages) -> int:
    begin = time.monotonic()
    counts = tiers.run(tiers.choose(options.tiers, options.all), stages)
    print(f"\nTiers:\n{stages.summary()}")
    for reason in counts.left_out:
        print(f"  left out: {reason}")
    if counts.broken:
        print(f"  failed: {', '.join(counts.broken)}; logs are in {shown(BUILD / 'logs')}")
    print(tiers.closing_line(counts, time.monotonic() - begin))
    return 1 if counts.failed or not counts.passed else 0


def _build(options: argparse.Namespace, stages: Stages) -> int:
    environment = environments.blender(environments.default_blender())
    with stages.stage("environment"):
        environment.ensure()
    made = []
    for target in _platforms(options.platform):
        with stages.stage(f"zip for {target.name}"):
            release = archive.build(environment, target)
        with stages.stage("Blender's validator and builder"):
            archive.validate(release, environment)
        made.append(f"  {shown(release.path)}  ({release.size / 1e6:.1f} MB, valid)")
    print(f"\nStages:\n{stages.summary()}\n\nMade:\n" + "\n".join(made))
    return 0


def _platforms(name: str | None) -> list[native.Platform]:
    if name == "all":
        return list(native.PLATFORMS.values())
    return [native.PLATFORMS[name] if name else native.this_platform()]


def _bench(options: argparse.Namespace, stages: Stages) -> int:
    from . import bench, quality

    if options.what == "quality":
        page = quality.write(stages)
        print(f"\nStages:\n{stages.summary()}\n\nMade:\n  {shown(page)}")
    else:
        print("\n" + bench.run_all(stages))
    return 0


def _clean(options: argparse.Namespace, stages: Stages) -> int:
    for folder in (BUILD, DIST):
        if folder.exists():
            print(f"removing {shown(folder)}")
            shutil.rmtree(folder)
    for cache in ROOT.rglob("__pycache__"):
        shutil.rmtree(cache, ignore_errors=True)
    return 0
