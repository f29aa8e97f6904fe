"""Whether a bundle says what the trained model says: the same glosses, frames within a tolerance, the same ends."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from engine.bundle import Bundle
from engine.signllm import free_running, gloss_decoding
from engine.signllm.model import PoseTransformer, free_run, gloss_session
from engine.signllm.onnx_runtime import OnnxTransformer
from engine.signllm.torch_files import Trained
from engine.signllm.vocabulary import END, SPECIALS

TOLERANCE: Final = 1e-4
_LONGEST: Final = 150
_GLOSSES: Final = 40
_TEXTS: Final = 3
_SEED: Final = 0


@dataclass(frozen=True)
class Line:
    """One comparison."""

    what: str
    outcome: str
    agrees: bool


def compare(trained: Trained, bundle: Bundle) -> Iterator[Line]:
    """Run both on random input; `trained` must have been rounded as the bundle's weights were."""
    rng = np.random.default_rng(_SEED)
    yield _frames(trained.pose, bundle, rng)
    if trained.gloss is not None and trained.glosses is not None:
        yield _glosses(trained, bundle, rng)


def _frames(model: PoseTransformer, bundle: Bundle, rng: np.random.Generator) -> Line:
    config = model.config
    texts = [_text(config.pieces, config.longest_text, rng) for _ in range(_TEXTS)]
    lengths = torch.tensor([len(text) for text in texts])
    tokens = torch.nn.utils.rnn.pad_sequence([torch.tensor(text) for text in texts], batch_first=True)
    longest = min(_LONGEST, config.longest_frames)
    theirs = free_run(model, tokens, lengths, longest)
    session = OnnxTransformer(bundle, "pose").frames(texts)
    ours = free_running.run(session, len(texts), config.frame, longest)
    ends, wanted = [len(x) for x in ours], [len(x) for x in theirs]
    gap = max(
        float(np.abs(a[:n] - b[:n].numpy()).max())
        for a, b in zip(ours, theirs, strict=True)
        if (n := min(len(a), len(b)))
    )
    agrees = ends == wanted and gap <= TOLERANCE
    return Line(f"frames of {_TEXTS} texts", f"{ends} frames, torch {wanted}; max error {gap:.1e}", agrees)


def _glosses(trained: Trained, bundle: Bundle, rng: np.random.Generator) -> Line:
    assert trained.gloss is not None and trained.glosses is not None
    config = trained.gloss.config
    text = _text(config.pieces, config.longest_text, rng)
    longest = min(_GLOSSES, config.longest_gloss - 1)
    allowed = range(SPECIALS, config.glosses)
    session = gloss_session(trained.gloss, torch.tensor([text]), torch.tensor([len(text)]))
    theirs = gloss_decoding.decode(session, allowed, longest)
    ours = gloss_decoding.decode(OnnxTransformer(bundle, "gloss").glosses(text), allowed, longest)
    gap = abs(ours.score - theirs.score)
    return Line("glosses", f"{len(ours.rows)} tokens; score differs by {gap:.1e}", ours.rows == theirs.rows)


def _text(pieces: int, longest: int, rng: np.random.Generator) -> list[int]:
    count = int(rng.integers(2, max(min(longest, 20), 3)))
    return [*rng.integers(SPECIALS, pieces, count - 1).tolist(), END]
