"""A corpus as training files of Prompt2Sign: `LANGUAGE/train.skels`, `dev.skels`, `test.skels` and those beside.

Joints are those of `engine.formats.body50` in metres, in the picture's axes; glosses stand as in gloss lines, one blank
between. An isolated sign's text is its main word. `skels.json` comes last and says what the files don't: the frame
rate, the unit, the scale and where they are from.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..body import EMBEDDED_AVATAR, BodyModel
from ..formats.body50 import TO_PICTURE, joints50
from ..formats.skels import SkelsFormat, SkelsWriter
from ..take import PoseSequence
from .cache import Clip, ClipCache

Array = NDArray[np.floating]

ABOUT: Final = "skels.json"
SPLITS: Final = {"train": "train", "val": "dev", "test": "test"}
"""Our name of a split: the file's name, as Prompt2Sign and Progressive Transformers have it."""
UNIT: Final = "metres"


class SkelsError(ValueError):
    """Files that can't be written or used; the message says why."""


def write_skels(cache: ClipCache, folder: Path, fps: float = 0.0, processes: int = 1) -> Counter[str]:
    """Write all clips; an interrupted writing goes on where it was. fps: of the files, 0 for that of the clips.

    How many clips each language has. Raises `SkelsError` when the folder holds whole files already, or when clips of
    several frame rates shall keep theirs.
    """
    if (folder / ABOUT).exists():
        raise SkelsError(f"{folder} holds training files already. Choose another folder, or remove it.")
    rates = {fps} if fps else {clip.fps for clip in cache.clips}
    if len(rates) != 1:
        raise SkelsError("The clips have several frame rates, and the files have one. Say which, with --fps.")
    rate = rates.pop()
    groups: dict[tuple[str, str], list[Clip]] = defaultdict(list)
    for clip in cache.clips:
        groups[clip.language, SPLITS[clip.split]].append(clip)
    with _mapped(processes) as mapped:
        for (language, split), clips in sorted(groups.items()):
            with SkelsWriter(folder / language / f"{split}.skels", gloss=True, resume=True) as writer:
                left = clips[writer.written :]
                tasks = ((np.array(cache.features(c)), cache.layout, c.fps, rate) for c in left)
                for clip, points in zip(_progress(left, f"{language} {split}"), mapped(_points, tasks), strict=True):
                    writer.write(points, text_of(clip), clip.name, " ".join(clip.glosses))
    counts = Counter(clip.language for clip in cache.clips)
    _write_about(folder, {"fps": rate, "unit": UNIT, "scale": SkelsFormat().scale, "corpus": cache.folder.name}, counts)
    return counts


def text_of(clip: Clip) -> str:
    """A clip's text: of an isolated sign its main word."""
    return clip.text or next(iter(clip.extra.get("words", ())), "")


def _points(task: tuple[Array, Any, float, float]) -> Array:
    """Features of a clip to (T, 50, 3) joints at the files' frame rate."""
    features, layout, fps, rate = task
    poses, expression = layout.poses(features)
    motion = PoseSequence(poses, np.zeros((len(poses), 3), np.float32), expression, fps, layout.expression)
    return joints50(_body(), motion.resampled(rate).poses) * TO_PICTURE


@lru_cache(maxsize=1)
def _body() -> BodyModel:
    return BodyModel.load(EMBEDDED_AVATAR)


@contextmanager
def _mapped(processes: int) -> Iterator[Any]:
    """A `map` over so many processes, in order; the tasks are drawn a few at a time, so that memory is bounded."""
    if processes <= 1:
        yield map
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with multiprocessing.get_context("spawn").Pool(processes) as pool:

        def mapped(work: Any, tasks: Iterator[Any]) -> Iterator[Any]:
            while some := list(islice(tasks, 16 * processes)):
                yield from pool.imap(work, some)

        yield mapped


def _progress(items: Sequence[Any], what: str) -> Any:
    from tqdm import tqdm

    return tqdm(items, what, unit="clip", disable=None)


def _write_about(folder: Path, about: dict[str, Any], counts: Counter[str]) -> None:
    partial = folder / f"{ABOUT}.part"
    partial.write_text(json.dumps({**about, "clips": dict(counts)}, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, folder / ABOUT)
