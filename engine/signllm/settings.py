"""What a bundle's manifest says of a model of SignLLM, checked before anything is built of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from ..bundle import Bundle, BundleError
from ..formats.skels import VALUES
from .config import GlossTransformerConfig, Mode, PoseTransformerConfig, from_settings
from .model_files import DECODER, ENCODER, PIECES, STATISTICS, VOCABULARY, Part

KIND: Final = "signllm"
"""Of bundles."""


def pose_config(model: Mapping[str, Any]) -> PoseTransformerConfig:
    """Sizes of the model from tokens to frames. Raises `ValueError`."""
    return from_settings(PoseTransformerConfig, model.get("pose"))


def gloss_config(model: Mapping[str, Any]) -> GlossTransformerConfig:
    """Sizes of the model from prompts to LangGloss. Raises `ValueError`."""
    return from_settings(GlossTransformerConfig, model.get("gloss"))


def check_model(bundle: Bundle) -> None:
    """Raises `BundleError` that names the setting which no model can have, or the file that is missing."""
    model, folder = bundle.manifest.model, bundle.folder.name
    try:
        mode, fps = model.get("mode"), model.get("fps")
        if mode not in get_args(Mode):
            raise ValueError(f"mode is {mode!r}, none of {', '.join(get_args(Mode))}")
        if isinstance(fps, bool) or not isinstance(fps, int | float) or not 1 <= fps <= 1000:
            raise ValueError(f"fps is {fps!r}, no number from 1 to 1000")
        values = pose_config(model).values
        if values != VALUES:
            raise ValueError(f"a frame has {values} values; 50 joints are {VALUES}")
        parts: list[Part] = ["pose"]
        if mode == "prompt2langgloss":
            gloss_config(model)
            parts.append("gloss")
    except ValueError as e:
        raise BundleError(f"The manifest of {folder} is wrong: {e}.") from e
    for name in (*(files[part] for part in parts for files in (ENCODER, DECODER)), PIECES, VOCABULARY, STATISTICS):
        bundle.file(name)
