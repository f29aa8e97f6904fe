"""Small models of SignLLM with random weights, for tests: what they sign makes no sense, but all of it works.

Needs torch, onnx, onnxruntime, safetensors and sentencepiece.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.formats.body50 import TO_PICTURE, joints50
from engine.formats.skels import VALUES
from engine.signllm.config import GlossTransformerConfig, PoseTransformerConfig
from engine.signllm.model import GlossTransformer, PoseTransformer
from engine.signllm.torch_files import Trained
from engine.signllm.vocabulary import END, GlossVocabulary, TextVocabulary, known_words, normalised
from engine.soke.vocabulary_files import open_pieces
from engine.training.pieces import train_pieces

TEXTS = (
    "Hello, my name is Anna.",
    "I like tea.",
    "You like tea.",
    "How are you?",
    "Hallo, wie geht es dir?",
    "Ich mag Tee.",
)
GLOSSES = ("HELLO", "IX-1", "IX-2", "LIKE", "TEA", "NAME", "HOW", "HALLO", "TEE")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ABOUT: dict[str, Any] = {
    "command": "python -m tests", "seed": 0, "steps": 0, "seconds": 0.0, "machine": "a test", "clips": 0,
}  # fmt: skip
_SIZES: dict[str, Any] = {"width": 32, "heads": 2, "encoder_layers": 1, "decoder_layers": 2, "feed_forward": 64}
FRAMES = 20


def mlsf(folder: Path, code: str, seed: int = 0) -> Trained:
    """A group of one language. folder: where its sentencepiece model is written."""
    pieces, text = _text(folder, [code])
    torch.manual_seed(seed)
    pose = PoseTransformer(PoseTransformerConfig(len(text), **_SIZES, longest_text=48, longest_frames=60))
    mean, std = _statistics()
    return Trained("mlsf", 12.0, text, pieces, _counting(pose), mean, std, about=ABOUT)


def prompt2langgloss(folder: Path, codes: tuple[str, ...] = ("ASL", "DGS"), seed: int = 0) -> Trained:
    """One model for several languages."""
    pieces, text = _text(folder, list(codes))
    lines = [f"<{code}_{gloss}>" for code in codes for gloss in GLOSSES]
    glosses = GlossVocabulary.of_lines(lines, dict.fromkeys(codes, ALPHABET))
    torch.manual_seed(seed)
    pose = PoseTransformer(PoseTransformerConfig(len(glosses), **_SIZES, longest_text=24, longest_frames=60))
    gloss = GlossTransformer(
        GlossTransformerConfig(len(text), len(glosses), **_SIZES, longest_text=48, longest_gloss=12)
    )
    with torch.no_grad():  # ends are rare by chance among so many tokens
        gloss.gloss_out.bias[END] += 0.5
    mean, std = _statistics()
    return Trained(
        "prompt2langgloss", 12.0, text, pieces, _counting(pose), mean, std, gloss.eval(), glosses,
        np.linspace(2.0, 20.0, len(glosses), dtype=np.float32), ABOUT,
    )  # fmt: skip


def _text(folder: Path, codes: list[str]) -> tuple[Path, TextVocabulary]:
    path = folder / "sentencepiece.model"
    train_pieces(TEXTS, 330, path, normalise=False)
    return path, TextVocabulary(open_pieces(path), known_words(map(normalised, TEXTS), 2), tuple(codes))


@torch.no_grad()
def _counting(model: PoseTransformer) -> PoseTransformer:
    """The model with a counter that ends after about `FRAMES` frames, fitted to its states for random tokens."""
    count, longest = 24, FRAMES + 6
    model.eval().frame_in.weight[:, -1] = 0.0
    tokens = torch.randint(4, model.config.pieces, (count, 9))
    lengths = torch.randint(2, 10, (count,))
    cache = model.start(model.encode(tokens, lengths), lengths, longest)
    states: list[torch.Tensor] = []
    hook = model.decoder.norm.register_forward_hook(lambda module, given, made: states.append(made[:, 0]))
    frame = torch.zeros(count, model.config.frame)
    for _ in range(longest):
        frame = model.step(frame, cache)
    hook.remove()
    given = torch.nn.functional.pad(torch.stack(states).flatten(0, 1), (0, 1), value=1.0)
    wanted = torch.arange(1, longest + 1).repeat_interleave(count)[:, None] / FRAMES
    fit = torch.linalg.lstsq(given, wanted, driver="gelsd").solution[:, 0]
    model.frame_out.weight[model.config.frame - 1] = fit[:-1]
    model.frame_out.bias[model.config.frame - 1] = fit[-1]
    return model


def _statistics() -> tuple[np.ndarray, np.ndarray]:
    """Of a body at rest that moves a little."""
    joints = joints50(BodyModel.load(EMBEDDED_AVATAR), np.zeros((1, 165)))[0] * TO_PICTURE
    return joints.reshape(VALUES).astype(np.float32), np.full(VALUES, 0.02, np.float32)
