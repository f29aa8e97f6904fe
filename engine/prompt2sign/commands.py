"""The command `prompt2sign`: the steps of the pipeline, one by one or all. What they need is imported when one runs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from ..training.commands import command

_ABOUT: Final = "OpenPose frames to clips in space and training files, as the Prompt2Sign data set is made"
_EPILOG: Final = """\
Each step reads what the one before wrote, leaves out what is done already, and reports clips that it can't use:

  python -m engine prompt2sign json2h5 FRAMES -o clips.h5
  python -m engine prompt2sign h52txt clips.h5 -o stages
  python -m engine prompt2sign txt2skels stages --texts texts.csv -o train.skels

FRAMES holds a folder a clip with OpenPose's *_keypoints.json, at any depth. texts.csv has the columns name, text and,
where there are any, gloss. `stages/<clip>/demo1.txt` to `demo5.txt` are the stages of lifting: normalised, pruned,
interpolated, with first depths, refined; `stages/report.csv` says what became of each clip.
"""


def add_prompt2sign(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "prompt2sign",
        help=_ABOUT,
        description=f"{_ABOUT}.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    steps = parser.add_subparsers(required=True, metavar="STEP")
    first = steps.add_parser("json2h5", help="folders of OpenPose frames to one HDF5 file")
    first.add_argument("frames", type=Path, metavar="FRAMES", help="folder at or below which the clips' folders are")
    first.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="the .h5 to write or go on with"
    )
    first.set_defaults(run=command(_json2h5))
    second = steps.add_parser("h52txt", help="clips in the picture to clips in space, every stage a text")
    second.add_argument("clips", type=Path, metavar="FILE", help="what json2h5 wrote")
    second.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="where the stages go")
    _add_lifting(second)
    second.set_defaults(run=command(_h52txt))
    third = steps.add_parser("txt2skels", help="clips in space to .skels, .text, .files and .gloss")
    third.add_argument("stages", type=Path, metavar="FOLDER", help="what h52txt wrote")
    third.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the .skels to write")
    _add_skels(third)
    third.set_defaults(run=command(_txt2skels))
    whole = steps.add_parser("all", help="the three steps")
    whole.add_argument("frames", type=Path, metavar="FRAMES", help="folder at or below which the clips' folders are")
    whole.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FOLDER", help="clips.h5, stages, clips.skels"
    )
    _add_lifting(whole)
    _add_skels(whole)
    whole.set_defaults(run=command(_all))


def _add_lifting(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="cpu", metavar="DEVICE", help="cpu or cuda (default: cpu)")
    parser.add_argument("--iterations", type=int, metavar="N", help="steps of the refinement (default: 150)")
    parser.add_argument(
        "--length-quantile",
        type=float,
        metavar="Q",
        help="which of a bone's lengths in the picture is its own (default: 0.8; the published pipeline: 0.5)",
    )


def _add_skels(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--texts", type=Path, required=True, metavar="CSV", help="columns name, text and perhaps gloss")
    parser.add_argument(
        "--scale",
        choices=("prompt2sign", "progressive"),
        default="prompt2sign",
        help="divide by 9 as Prompt2Sign does, or by 3 as Progressive Transformers (default: prompt2sign)",
    )
    parser.add_argument("--no-counter", action="store_true", help="leave out the counter after each frame")


def _json2h5(options: argparse.Namespace) -> int:
    from .pipeline import json_to_h5

    return _told(json_to_h5(options.frames, options.output), options.output)


def _h52txt(options: argparse.Namespace) -> int:
    from .pipeline import h5_to_txt

    reports = h5_to_txt(options.clips, options.output, _settings(options), device=options.device)
    return _told(reports, options.output)


def _txt2skels(options: argparse.Namespace) -> int:
    from ..formats.skels import SCALES, SkelsFormat
    from .pipeline import read_texts, txt_to_skels

    form = SkelsFormat(SCALES[options.scale], not options.no_counter)
    count, without = txt_to_skels(options.stages, options.output, read_texts(options.texts), form)
    if without:
        print(f"{len(without)} clips have no text in {options.texts.name} and were left out, like {without[0]}.")
    print(f"{options.output}: {count} clips")
    return 0


def _all(options: argparse.Namespace) -> int:
    folder: Path = options.output
    steps = {
        _json2h5: {"output": folder / "clips.h5"},
        _h52txt: {"clips": folder / "clips.h5", "output": folder / "stages"},
        _txt2skels: {"stages": folder / "stages", "output": folder / "clips.skels"},
    }
    for step, places in steps.items():
        step(argparse.Namespace(**{**vars(options), **places}))
    return 0


def _settings(options: argparse.Namespace) -> Any:
    from .lifting import LiftSettings

    given = {"iterations": options.iterations, "length_quantile": options.length_quantile}
    return LiftSettings(**{k: v for k, v in given.items() if v is not None})


def _told(reports: list[Any], output: Path) -> int:
    """Say what became of the clips; the problems one by one."""
    for report in reports:
        if report.problem or report.notes:
            print(f"{report.name}: {report.problem and f'left out: {report.problem}.'} {report.notes}".strip())
    bad = sum(bool(r.problem) for r in reports)
    print(f"{output}: {len(reports) - bad} clips added, {bad} left out")
    return 0
