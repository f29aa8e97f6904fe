"""`python -m export tokenizer`: the tokenizer of a bundle as a training takes it, whether the bundle has weights for
torch or ONNX files only."""

# pyright: reportMissingImports=false
from __future__ import annotations

import argparse
import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from safetensors.torch import load_file
from torch import Tensor

from engine.bundle import Bundle, BundleError
from engine.bundles import KIND
from engine.tokenizer.assembling import read_layout, read_statistics
from engine.tokenizer.features import PARTS
from engine.tokenizer.vqvae import VqVae, read_parts
from engine.training.statistics import Statistics
from engine.training.tokenizer_training import write_tokenizer

from .model_files import opened
from .torch_tokenizer import WEIGHTS

_OWN: Final = "vae."
"""Before the names in a decoder's graph, which is one of the whole VQ-VAE without its encoder."""
_MODULES: Final = ("encoder.", "decoder.", "quantizer.")


def add(commands: Any) -> None:
    """Add the command to the command line."""
    about = "the tokenizer of a bundle, for trainings"
    parser: argparse.ArgumentParser = commands.add_parser("tokenizer", help=about, description=_run.__doc__)
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="folder of a bundle of SOKE's kind")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder to write")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    """Write the tokenizer of a bundle as `train tokenizer` would have: for `tokenize`, `train tokenizer --begin-with`
    and `export trained`."""
    write_training_folder(opened(options.bundle, KIND), options.output)
    print(options.output)
    return 0


def write_training_folder(bundle: Bundle, folder: Path) -> None:
    """Write `tokenizer.safetensors`, `model.json` and `statistics.npz`. Raises `BundleError` when weights are missing,
    and `FileExistsError` when the folder has a tokenizer already."""
    layout = read_layout(bundle)
    statistics = Statistics(*read_statistics(bundle, layout))
    parts = vaes(bundle)
    if (folder / WEIGHTS).exists():
        raise FileExistsError(errno.EEXIST, "there is a tokenizer already", str(folder))
    write_tokenizer(folder, parts, layout, bundle.manifest.model["fps"], statistics)


def vaes(bundle: Bundle) -> dict[str, VqVae]:
    """The VQ-VAE of each part, float32. Raises `BundleError` when weights are missing or have another shape."""
    stored = load_file(bundle.file(WEIGHTS)) if bundle.has(WEIGHTS) else dict(_from_graphs(bundle))
    sizes = bundle.manifest.model["tokenizer"]
    try:
        return read_parts({part: sizes[part] for part in PARTS}, stored)
    except RuntimeError as e:
        raise BundleError(f"{bundle.folder.name} lacks weights of its tokenizer: {e}") from e


def _from_graphs(bundle: Bundle) -> Iterator[tuple[str, Tensor]]:
    """The weights in the ONNX files, which have the names of the VQ-VAE's; what was worked out from them has others."""
    for part in PARTS:
        for side in ("encoder", "decoder"):
            graph = onnx.load(str(bundle.file(f"{side}_{part}.onnx")), load_external_data=False).graph
            for tensor in graph.initializer:
                name = tensor.name.removeprefix(_OWN)
                if name.startswith(_MODULES):
                    values = np.array(numpy_helper.to_array(tensor), dtype=np.float32)
                    yield f"{part}.{name}", torch.from_numpy(values)
