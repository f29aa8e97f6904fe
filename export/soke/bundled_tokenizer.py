"""`python -m export tokenizer`: the tokenizer of a bundle as a training takes it, whether the bundle has weights for
torch or ONNX files only."""

# pyright: reportMissingImports=false
from __future__ import annotations

import argparse
import errno
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.bundle import Bundle, BundleError
from engine.bundles import KIND
from engine.tokenizer.assembling import read_layout, read_statistics
from engine.tokenizer.features import PARTS
from engine.tokenizer.vqvae import VqVae, VqVaeConfig
from engine.training.statistics import Statistics
from engine.training.tokenizer_training import MODEL, STATISTICS

from .model_files import opened
from .torch_tokenizer import WEIGHTS

_OWN: Final = "vae."
"""Before the names in a decoder's graph, which is one of the whole VQ-VAE without its encoder."""


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
    mean, std = read_statistics(bundle, layout)
    states = weights(bundle)
    if (folder / WEIGHTS).exists():
        raise FileExistsError(errno.EEXIST, "there is a tokenizer already", str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    model = bundle.manifest.model
    about = {"features": layout.to_json(), "fps": model["fps"], "tokenizer": model["tokenizer"]}
    (folder / MODEL).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    Statistics(mean, std).save(folder / STATISTICS)
    save_file({f"{part}.{name}": tensor for part in PARTS for name, tensor in states[part].items()}, folder / WEIGHTS)


def weights(bundle: Bundle) -> dict[str, dict[str, Tensor]]:
    """The weights of each part's VQ-VAE, float32. Raises `BundleError` when one is missing or has another shape."""
    stored = load_file(bundle.file(WEIGHTS)) if bundle.has(WEIGHTS) else dict(_from_graphs(bundle))
    states = {}
    for part in PARTS:
        vae = VqVae(VqVaeConfig(**bundle.manifest.model["tokenizer"][part]))
        state = {name: stored[f"{part}.{name}"] for name in vae.state_dict() if f"{part}.{name}" in stored}
        try:
            vae.load_state_dict(state)
        except RuntimeError as e:
            raise BundleError(f"{bundle.folder.name} lacks weights of its tokenizer: {e}") from e
        states[part] = {name: tensor.contiguous() for name, tensor in vae.state_dict().items()}
    return states


def _from_graphs(bundle: Bundle) -> Iterator[tuple[str, Tensor]]:
    """The weights in the ONNX files, which have the names of the VQ-VAE's."""
    for part in PARTS:
        for side in ("encoder", "decoder"):
            graph = onnx.load(str(bundle.file(f"{side}_{part}.onnx")), load_external_data=False).graph
            for tensor in graph.initializer:
                values = np.array(numpy_helper.to_array(tensor), dtype=np.float32)
                yield f"{part}.{tensor.name.removeprefix(_OWN)}", torch.from_numpy(values)
