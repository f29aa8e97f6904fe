"""`python -m export signllm`: bundles of models that `python -m engine train signllm` made."""

# pyright: reportMissingImports=false
from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, get_args

from ..soke.onnx_graph import Precision
from .convert import LICENCE, About, convert_all
from .parity import compare


def add(commands: Any) -> None:
    """Add the command to the command line."""
    about = "bundle models of SignLLM that were trained here"
    parser: argparse.ArgumentParser = commands.add_parser("signllm", help=about, description=signllm.__doc__)
    parser.add_argument(
        "trained", type=Path, metavar="DIR", help="what `train signllm` wrote: a model, or one a language"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="MODELS", help="folder to write bundles into"
    )
    parser.add_argument("--licence", default=LICENCE, help=f"of the weights, as the panel shows it ({LICENCE})")
    parser.add_argument("--note", default="", help="what else the bundles say of where they come from")
    parser.add_argument("--onnx", choices=get_args(Precision), default="float32", help="of the ONNX files (float32)")
    parser.set_defaults(run=signllm)


def signllm(options: argparse.Namespace) -> int:
    """Make a bundle of each trained model, MODELS/mlsf-LANGUAGE or MODELS/prompt2langgloss, and compare it with torch.

    Weights are stored as float16, with --onnx int8-stored as bytes, and computed with in float32, unless another
    precision is asked for.
    """
    agrees = True
    for trained, bundle in convert_all(
        options.trained, options.output, About(options.licence, options.note), options.onnx
    ):
        size = sum(file.bytes for file in bundle.manifest.files.values())
        print(f"{size / 1e6:10.1f} MB  {bundle.folder}  ({', '.join(bundle.manifest.languages)})")
        for line in compare(trained, bundle):
            print(f"{'equal ' if line.agrees else 'DIFFER'} {line.what}: {line.outcome}")
            agrees = agrees and line.agrees
    return 0 if agrees or options.onnx not in ("float32", "int8-stored") else 1
