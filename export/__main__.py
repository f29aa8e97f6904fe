"""The command line: `python -m export --help`. Needs torch, safetensors and sentencepiece."""

# pyright: reportMissingImports=false
from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.bundle import BundleError

from .soke.convert import Sources, convert
from .soke.unpickling import CheckpointError
from .soke.verify import verify


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 0 done, 1 an error or a mismatch, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (CheckpointError, BundleError) as e:
        print(f"Error: {e}", file=sys.stderr)
    except OSError as e:
        print(f"Error: {e.filename or ''} {e.strerror or e}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m export", description="Models of others to Signwright's bundles.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    soke = commands.add_parser("soke", help="import official SOKE checkpoints", description=_soke.__doc__)
    soke.add_argument("--tokenizer-checkpoint", type=Path, required=True, metavar="CKPT", help="with the three VQ-VAEs")
    soke.add_argument("--checkpoint", type=Path, metavar="CKPT", help="with the generator; else codes can be played")
    soke.add_argument("--lm", type=Path, metavar="FOLDER", help="the language-model folder of the generator")
    soke.add_argument("--stats", type=Path, nargs=2, required=True, metavar=("MEAN", "STD"), help="mean.pt and std.pt")
    soke.add_argument("--dictionary", type=Path, metavar="JSON", help="word2code.json, for retrieval")
    soke.add_argument("--old-prompt", action="store_true", help="for checkpoints from before late 2025: [word]: codes")
    soke.add_argument("--name", default="SOKE", help="what the panel calls it")
    soke.add_argument("-o", "--output", type=Path, required=True, metavar="BUNDLE", help="folder to write")
    soke.set_defaults(run=_soke)
    check = commands.add_parser("verify", help="compare a bundle with reference vectors", description=_verify.__doc__)
    check.add_argument("bundle", type=Path, metavar="BUNDLE")
    check.add_argument("--cases", type=Path, required=True, metavar="JSON", help="cases.json")
    check.add_argument("--expected", type=Path, required=True, metavar="DIR", help="folder with an .npz a case")
    check.set_defaults(run=_verify)
    return parser


def _soke(options: argparse.Namespace) -> int:
    """Make a bundle from official checkpoints. They are read without running anything in them."""
    mean, std = options.stats
    style = "brackets" if options.old_prompt else "key_word"
    sources = Sources(
        options.tokenizer_checkpoint, mean, std, options.checkpoint, options.lm, options.dictionary, style
    )
    done = convert(sources, options.output, options.name)
    for prefix, count in sorted(done.ignored.items()):
        print(f"ignored {count} entries of {prefix}")
    for name, file in done.bundle.manifest.files.items():
        print(f"{file.bytes / 1e6:10.1f} MB  {name}")
    print(options.output)
    return 0


def _verify(options: argparse.Namespace) -> int:
    """Print a line a case; the exit code is 1 when one doesn't agree."""
    outcomes = verify(options.bundle, options.cases, options.expected)
    for outcome in outcomes:
        print(outcome.line())
    passed = sum(o.passed for o in outcomes)
    print(f"{passed} of {len(outcomes)} agree")
    return 0 if outcomes and passed == len(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
