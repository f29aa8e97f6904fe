"""How well SignLLM's models sign clips held out: distances of joints along the warping path, and what is read of it.

Texts are back-translated by our own model (`signllm_reader`) and scored by BLEU and ROUGE, as SignLLM's paper does it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .. import languages
from ..formats.skeleton50 import HANDS, JOINT_COUNT, NECK
from ..formats.skels import VALUES
from ..metrics.dtw import dtw_jpe
from ..metrics.text import TextScores, text_scores
from .evaluate import progress
from .signllm_config import SkelsConfig
from .signllm_producers import Asked, Produced, Producer
from .signllm_reader import Reader, gloss_error
from .signllm_training import Files

Array = NDArray[np.floating]

FIGURES: Final = ("DTW", "DTW hands", "DTW sum", "MPJPE", "length", "ended")
"""DTW: mean distance of the 50 joints along the warping path, aligned at the neck; of a hand's 21 joints, aligned at
its wrist, the mean of both; the sum along the path. MPJPE: mean distance frame by frame, the produced motion stretched
to the recording's length. In the files' unit, times a thousand. length: in the recording's. ended: a share."""


@dataclass(frozen=True)
class Settings:
    """What is looked at. split: `train`, `val` or `test`. samples: most clips of a language, 0 for all."""

    split: str = "test"
    languages: tuple[str, ...] = ()
    samples: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Scored:
    """One clip of one method. said: its back-translation. recognised: the LangGloss that the reader sees in it."""

    clip: Asked
    figures: Mapping[str, float]
    glosses: tuple[str, ...] | None = None
    said: str | None = None
    recognised: tuple[str, ...] | None = None


@dataclass
class Result:
    """All that a method produced. about: how it was trained. seconds: a clip, on average."""

    name: str
    about: Mapping[str, Any]
    scored: list[Scored] = field(default_factory=list)
    seconds: float = 0.0

    def of(self, code: str) -> list[Scored]:
        """Those of a language, or of `all`."""
        return [s for s in self.scored if code in ("all", s.clip.clip.language)]

    def mean(self, code: str, figure: str) -> tuple[float, float]:
        """The mean of a figure and its standard error."""
        values = np.array([s.figures[figure] for s in self.of(code)])
        error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
        return float(values.mean()), float(error)

    def texts(self, code: str) -> TextScores | None:
        """Scores of the back-translation of a language; `None` without one."""
        rows = [s for s in self.of(code) if s.said is not None]
        if not rows:
            return None
        return text_scores([str(s.said) for s in rows], [s.clip.clip.text for s in rows], languages.get(code).spoken)

    def gloss_error(self, code: str) -> float | None:
        """Error rate of the glosses that the reader recognises, against the clips' own; `None` without a reader."""
        rows = [s for s in self.of(code) if s.recognised is not None]
        found = [" ".join(s.recognised or ()) for s in rows]
        return gloss_error(found, [" ".join(s.clip.glosses) for s in rows]) if rows else None

    def planned_error(self, code: str) -> float | None:
        """Error rate of the glosses of Prompt2LangGloss's first step; `None` for methods without one."""
        rows = [s for s in self.of(code) if s.glosses is not None]
        found = [" ".join(s.glosses or ()) for s in rows]
        return gloss_error(found, [" ".join(s.clip.glosses) for s in rows]) if rows else None


def asked_clips(path: Path, settings: Settings, fps: float, known: Sequence[str]) -> tuple[dict[str, list[Asked]], str]:
    """By language the clips that are looked at, at a frame rate that the files' is a multiple of; and the unit.

    Raises `ValueError` when there are none, or at a frame rate that can't be made.
    """
    plain = Files.read(path, SkelsConfig(languages=settings.languages), ())
    every = round(plain.folder.fps / fps)
    if every < 1 or abs(plain.folder.fps / every - fps) > 1e-3 * fps:
        raise ValueError(f"The files have {plain.folder.fps:g} frames a second, the models {fps:g}, which don't fit.")
    files = Files(plain.folder, SkelsConfig(every=every), (), {})
    rng, result = np.random.default_rng(settings.seed), {}
    for code in plain.folder.chosen(settings.languages):
        if code in known and plain.folder.has(code, settings.split):
            own = plain.folder.split(code, settings.split)
            count = min(settings.samples or len(own), len(own))
            chosen = [own.clips[i] for i in sorted(rng.choice(len(own), count, replace=False))]
            result[code] = [Asked(c, own.points(c, every), tuple(files.lang_gloss(c))) for c in chosen if c.text]
    if not any(result.values()):
        raise ValueError(f"{path} has no clips of the split {settings.split} in a language that all models have.")
    return {code: own for code, own in result.items() if own}, plain.folder.unit


def evaluated(
    producers: Sequence[Producer], asked: Mapping[str, Sequence[Asked]], fps: float, reader: Reader | None
) -> list[Result]:
    """Let each method sign each clip. fps: of the clips and of what is produced."""
    return [_evaluated(producer, asked, fps, reader) for producer in producers]


def _evaluated(producer: Producer, asked: Mapping[str, Sequence[Asked]], fps: float, reader: Reader | None) -> Result:
    result, spent = Result(producer.name, producer.about), 0.0
    for code, clips in progress(list(asked.items()), producer.name):
        began = time.perf_counter()
        made = producer.produce(clips, code)
        spent += time.perf_counter() - began
        if not made:
            continue
        read: list[Any] = [(None, None)] * len(made)
        if reader is not None and code in reader.languages:
            at_rate = [stretched(one.points, round(len(one.points) * reader.fps / fps)) for one in made]
            read = reader.read(at_rate, code)
        for clip, one, (said, seen) in zip(clips, made, read, strict=True):
            recognised = None if seen is None else tuple(seen)
            result.scored.append(Scored(clip, figures_of(one, clip.points), one.glosses, said, recognised))
    result.seconds = spent / max(len(result.scored), 1)
    return result


def figures_of(made: Produced, truth: Array) -> dict[str, float]:
    """`FIGURES` of produced motion against (T, 150) of a recording."""
    ours, theirs = (np.asarray(x, np.float64).reshape(-1, JOINT_COUNT, 3) for x in (made.points, truth))
    total, steps = dtw_jpe(ours, theirs, NECK)
    hands = [dtw_jpe(ours[:, hand], theirs[:, hand], 0) for hand in HANDS.values()]
    same = stretched(ours.reshape(-1, VALUES), len(theirs)).reshape(theirs.shape)
    gap = (same - same[:, NECK : NECK + 1]) - (theirs - theirs[:, NECK : NECK + 1])
    values = (
        1000.0 * total / steps, 1000.0 * float(np.mean([hand / n for hand, n in hands])), 1000.0 * total,
        1000.0 * float(np.linalg.norm(gap, axis=-1).mean()), len(ours) / len(theirs), float(made.ended),
    )  # fmt: skip
    return dict(zip(FIGURES, values, strict=True))


def stretched(points: Array, count: int) -> Array:
    """(T, N) numbers at so many frames evenly over the same time, between frames on the straight line."""
    count = max(count, 1)
    at = np.linspace(0.0, len(points) - 1, count)
    low = np.minimum(at.astype(int), max(len(points) - 2, 0))
    high = np.minimum(low + 1, len(points) - 1)
    return points[low] + (points[high] - points[low]) * (at - low)[:, None]
