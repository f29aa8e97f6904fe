"""A trained model as a folder of safe files: what training writes, and evaluation and export read."""

# pyright: reportMissingImports=false
from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ..npz import Npz, NpzError
from ..soke.vocabulary_files import open_pieces
from .config import GlossTransformerConfig, Mode, PoseTransformerConfig, from_settings
from .model import GlossTransformer, PoseTransformer
from .model_files import ABOUT, GLOSS_WEIGHTS, MAX_STATISTICS_BYTES, PIECES, POSE_WEIGHTS, STATISTICS, VOCABULARY
from .vocabulary import GlossVocabulary, TextVocabulary


class ModelUnfit(ValueError):
    """A folder that holds no trained model; the message says which file is wrong and how."""


@dataclass
class Trained:
    """One group of MLSF, or the whole of Prompt2LangGloss, which has `gloss` and `glosses`.

    mean, std: (values,) of a frame's values. pieces: the sentencepiece file. durations: (tokens of LangGloss,) frames
    that each takes. about: how it was made; see `model_files`.
    """

    mode: Mode
    fps: float
    text: TextVocabulary
    pieces: Path
    pose: PoseTransformer
    mean: NDArray[np.float32]
    std: NDArray[np.float32]
    gloss: GlossTransformer | None = None
    glosses: GlossVocabulary | None = None
    durations: NDArray[np.float32] | None = None
    about: Mapping[str, Any] = field(default_factory=dict)


def save(trained: Trained, folder: Path) -> None:
    """Write the folder's files, over those of before."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary: dict[str, Any] = {"text": trained.text.settings}
    about = {**trained.about, "mode": trained.mode, "fps": trained.fps, "languages": list(trained.text.codes)}
    about["pose"] = asdict(trained.pose.config)
    save_file(_weights(trained.pose), folder / POSE_WEIGHTS)
    if trained.gloss is not None and trained.glosses is not None:
        save_file(_weights(trained.gloss), folder / GLOSS_WEIGHTS)
        vocabulary["glosses"] = trained.glosses.settings
        about["gloss"] = asdict(trained.gloss.config)
    if not (folder / PIECES).exists() or not (folder / PIECES).samefile(trained.pieces):
        shutil.copyfile(trained.pieces, folder / PIECES)
    (folder / VOCABULARY).write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    write_statistics(trained, folder / STATISTICS)
    (folder / ABOUT).write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_statistics(trained: Trained, path: Path) -> None:
    """Write its `STATISTICS` file."""
    arrays: dict[str, Any] = {"mean": trained.mean, "std": trained.std}
    if trained.durations is not None:
        arrays["durations"] = trained.durations
    np.savez(path, **arrays)


def load(folder: Path) -> Trained:
    """The model of a folder, in evaluation mode. Raises `ModelUnfit`."""
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        vocabulary = json.loads((folder / VOCABULARY).read_text(encoding="utf-8"))
        with Npz(folder / STATISTICS, MAX_STATISTICS_BYTES) as file:
            mean, std = file.read("mean"), file.read("std")
            durations = file.read("durations") if about["mode"] == "prompt2langgloss" else None
        text = TextVocabulary.from_settings(open_pieces(folder / PIECES), vocabulary["text"])
        pose = PoseTransformer(from_settings(PoseTransformerConfig, about["pose"]))
        pose.load_state_dict(load_file(folder / POSE_WEIGHTS))
        made = Trained(about["mode"], float(about["fps"]), text, folder / PIECES, pose.eval(), mean, std, about=about)
        if made.mode == "prompt2langgloss":
            made.glosses = GlossVocabulary.from_settings(vocabulary["glosses"])
            gloss = GlossTransformer(from_settings(GlossTransformerConfig, about["gloss"]))
            gloss.load_state_dict(load_file(folder / GLOSS_WEIGHTS))
            made.gloss, made.durations = gloss.eval(), durations
    except (OSError, NpzError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as e:
        raise ModelUnfit(f"{folder} holds no trained model of SignLLM: {e}") from e
    return made


def _weights(model: PoseTransformer | GlossTransformer) -> dict[str, Any]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
