"""Which files a model of SignLLM has, in a training's folder and in a bundle, and what its `about` says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

Part = Literal["pose", "gloss"]
"""The model from tokens to frames, and the one from prompts to LangGloss."""
ENCODER: Final[dict[Part, str]] = {"pose": "pose_encoder.onnx", "gloss": "gloss_encoder.onnx"}
DECODER: Final[dict[Part, str]] = {"pose": "pose_decoder.onnx", "gloss": "gloss_decoder.onnx"}
"""Files of a bundle; what goes in and out is told in `export/signllm/onnx_models.py`."""
POSE_WEIGHTS: Final = "pose.safetensors"
"""Weights of the model from tokens to frames (in a training's folder)."""
GLOSS_WEIGHTS: Final = "gloss.safetensors"
"""Weights of the model from prompts to LangGloss, in mode `prompt2langgloss`."""
PIECES: Final = "sentencepiece.model"
VOCABULARY: Final = "vocabulary.json"
"""`text`: settings of the text vocabulary; `glosses`: the LangGloss tokens, in mode `prompt2langgloss`."""
STATISTICS: Final = "statistics.npz"
"""`mean` and `std` of a frame's values; `durations` in frames of the LangGloss tokens, in mode `prompt2langgloss`."""
ABOUT: Final = "signllm.json"
"""`mode`, `pose` and `gloss` (sizes), `fps`, `languages`, and how it was made: `command`, `seed`, `steps`, `seconds`,
`machine`, `clips` and the like."""

MAX_VOCABULARY_BYTES: Final = 64 << 20
MAX_STATISTICS_BYTES: Final = 1 << 20


def provenance(about: Mapping[str, Any]) -> str:
    """How a model was made, in words for the user."""
    return (
        f"Trained by Signwright's own code on motion synthesised from written signs ({about['clips']} clips); no "
        f"signer was recorded. Command: {about['command']}. Seed {about['seed']}, {about['steps']} steps, "
        f"{about['seconds'] / 60:.0f} minutes on {about['machine']}."
    )
