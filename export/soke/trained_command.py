"""`python -m export trained`: a bundle of models that `python -m engine train` made."""

# pyright: reportMissingImports=false
from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, get_args

from .model_files import Formats
from .onnx_files import TokenizerPrecision
from .onnx_graph import Precision
from .parity import compare
from .trained import LICENCE, TrainedSources, convert_trained


def add(commands: Any) -> None:
    """Add the command to the command line."""
    about = "bundle models that were trained here"
    parser: argparse.ArgumentParser = commands.add_parser("trained", help=about, description=trained.__doc__)
    parser.add_argument("--tokenizer", type=Path, required=True, metavar="DIR", help="what `train tokenizer` wrote")
    parser.add_argument("--generator", type=Path, metavar="DIR", help="what `train generator` wrote; else codes only")
    parser.add_argument("--dictionary", type=Path, metavar="JSON", help="dictionary.json that `tokenize` wrote")
    parser.add_argument("--name", default="Signwright", help="what the panel calls it")
    parser.add_argument("--licence", default=LICENCE, help=f"of the weights, as the panel shows it ({LICENCE})")
    parser.add_argument("--note", default="", help="what else the bundle says of where it comes from")
    parser.add_argument(
        "--mode", choices=("free", "exact"), default="free", help="how it is meant to be used: exact keeps the signs"
    )
    parser.add_argument("--no-weights", action="store_true", help="ONNX files only: smaller, but torch can't run it")
    parser.add_argument("--onnx", choices=get_args(Precision), default="float32", help="of the generator (float32)")
    parser.add_argument(
        "--tokenizer-precision", choices=get_args(TokenizerPrecision), default="float32", help="of its files (float32)"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="BUNDLE", help="folder to write")
    parser.set_defaults(run=trained)


def trained(options: argparse.Namespace) -> int:
    """Make a bundle of a tokenizer and a generator that were trained here, and compare what runs it."""
    sources = TrainedSources(
        options.tokenizer, options.generator, options.dictionary, options.licence, options.note, options.mode
    )
    formats = Formats(not options.no_weights, options.onnx, options.tokenizer_precision)
    bundle = convert_trained(sources, options.output, options.name, formats)
    for name, file in bundle.manifest.files.items():
        print(f"{file.bytes / 1e6:10.1f} MB  {name}")
    lines = list(compare(bundle))
    for line in lines:
        print(f"{'equal ' if line.agrees else 'DIFFER'} {line.what}: {line.outcome}")
    print(options.output)
    exact = options.onnx == "float32" and options.tokenizer_precision == "float32"
    return 0 if all(line.agrees for line in lines) or not exact else 1
