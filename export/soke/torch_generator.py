"""The generator of a bundle by torch, in float32: what the other ways of running it are compared with."""

# pyright: reportMissingImports=false
from __future__ import annotations

from dataclasses import fields

import torch
from safetensors.torch import load_file

from engine.bundle import Bundle, BundleError
from engine.bundles import TORCH_GENERATOR
from engine.soke.torch_runtime import TorchRuntime
from engine.soke.transformer import Transformer, TransformerConfig
from engine.soke.vocabulary import Vocabulary


def load_generator(bundle: Bundle, vocabulary: Vocabulary) -> TorchRuntime:
    """Read the weights of a bundle. Raises `BundleError`."""
    settings = bundle.manifest.model["generator"]
    config = TransformerConfig(**{f.name: settings[f.name] for f in fields(TransformerConfig) if f.name in settings})
    with torch.device("meta"):
        model = Transformer(config)
    try:
        model.load_state_dict(load_file(bundle.file(TORCH_GENERATOR)), assign=True)
    except RuntimeError as e:
        raise BundleError(f"{TORCH_GENERATOR} in {bundle.folder.name} doesn't fit its manifest: {e}") from e
    return TorchRuntime(model, vocabulary, settings["fusion"])
