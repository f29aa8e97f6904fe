"""The command line: `python -m export --help`. Needs torch, onnx, onnxruntime, safetensors and sentencepiece."""

# pyright: reportMissingImports=false
from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from engine.bundle import BundleError
from engine.soke.decoding import Variant

from .signllm.command import add as add_signllm
from .soke.bundled_tokenizer import add as add_tokenizer
from .soke.convert import LICENCE, Scale, Sources, convert
from .soke.model_files import Formats
from .soke.onnx_files import TokenizerPrecision
from .soke.onnx_graph import Precision
from .soke.parity import compare
from .soke.trained_command import add as add_trained
from .soke.unpickling import CheckpointError
from .soke.verify import RuntimeName, VectorsError, verify


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 0 done, 1 an error or a mismatch, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (CheckpointError, BundleError, VectorsError) as e:
        print(f"Error: {e}", file=sys.stderr)
    except OSError as e:
        print(f"Error: {e.filename or ''} {e.strerror or e}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m export", description="Models to Signwright's bundles, and back.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_soke(commands.add_parser("soke", help="import official SOKE checkpoints", description=_soke.__doc__))
    add_trained(commands)
    add_tokenizer(commands)
    add_signllm(commands)
    check = commands.add_parser("verify", help="compare a bundle with reference vectors", description=_verify.__doc__)
    check.add_argument("bundle", type=Path, metavar="BUNDLE")
    check.add_argument("--cases", type=Path, required=True, metavar="JSON", help="cases.json")
    check.add_argument("--expected", type=Path, required=True, metavar="DIR", help="folder with an .npz a case")
    check.add_argument("--runtime", choices=get_args(RuntimeName), default="torch", help="what runs it (torch)")
    check.set_defaults(run=_verify)
    return parser


def _add_soke(soke: argparse.ArgumentParser) -> None:
    files = soke.add_argument_group("files")
    files.add_argument("--tokenizer-checkpoint", type=Path, required=True, metavar="CKPT", help="with three VQ-VAEs")
    files.add_argument("--checkpoint", type=Path, metavar="CKPT", help="with the generator; else codes can be played")
    files.add_argument("--lm", type=Path, metavar="FOLDER", help="the language-model folder of the generator")
    files.add_argument("--stats", type=Path, nargs=2, required=True, metavar=("MEAN", "STD"), help="mean.pt and std.pt")
    files.add_argument("--dictionary", type=Path, metavar="JSON", help="word2code.json, for retrieval")
    files.add_argument("-o", "--output", type=Path, required=True, metavar="BUNDLE", help="folder to write")
    soke.add_argument("--name", default="SOKE", help="what the panel calls it")
    soke.add_argument("--licence", default=LICENCE, help="of the weights, as the panel shows it")
    soke.add_argument("--old-prompt", action="store_true", help="for checkpoints from before late 2025: [word]: codes")
    soke.add_argument("--variant", choices=get_args(Variant), help="how it decodes (told by the number of tags)")
    soke.add_argument(
        "--scaled", choices=get_args(Scale), default="both", help="sides that scale their embeddings (both)"
    )
    onnx = soke.add_argument_group("ONNX files")
    onnx.add_argument(
        "--onnx", nargs="?", const="float32", choices=get_args(Precision), metavar="PRECISION",
        help="the generator for ONNX Runtime too: float32 if nothing is said, float16, int8, int8-dynamic or int4",
    )  # fmt: skip
    onnx.add_argument("--int8", action="store_const", const="int8", dest="onnx", help="the same as --onnx int8")
    onnx.add_argument(
        "--tokenizer", choices=get_args(TokenizerPrecision), default="float32", help="precision (float32)"
    )
    soke.set_defaults(run=_soke)


def _soke(options: argparse.Namespace) -> int:
    """Make a bundle from official checkpoints. They are read without running anything in them."""
    mean, std = options.stats
    sources = Sources(
        options.tokenizer_checkpoint,
        mean,
        std,
        options.checkpoint,
        options.lm,
        options.dictionary,
        "brackets" if options.old_prompt else "key_word",
        options.variant,
        options.scaled,
        options.licence,
    )
    formats = Formats(generator=options.onnx, tokenizer=options.tokenizer)
    done = convert(sources, options.output, options.name, formats)
    for prefix, count in sorted(done.ignored.items()):
        print(f"ignored {count} entries of {prefix}")
    for name, file in done.bundle.manifest.files.items():
        print(f"{file.bytes / 1e6:10.1f} MB  {name}")
    reduced = options.onnx not in (None, "float32") or options.tokenizer != "float32"
    agrees = True
    for line in compare(done.bundle):
        print(f"{'equal ' if line.agrees else 'DIFFER'} {line.what}: {line.outcome}")
        agrees = agrees and line.agrees
    print(options.output)
    return 0 if agrees or reduced else 1


def _verify(options: argparse.Namespace) -> int:
    """Print a line a case; the exit code is 1 when one doesn't agree."""
    passed = count = 0
    for outcome in verify(options.bundle, options.cases, options.expected, options.runtime):
        print(outcome.line(), flush=True)
        passed, count = passed + outcome.passed, count + 1
    print(f"{passed} of {count} agree")
    return 0 if passed == count else 1


if __name__ == "__main__":
    sys.exit(main())
