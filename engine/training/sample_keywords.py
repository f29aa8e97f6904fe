"""Keywords that were picked for the samples of a data set beforehand: SOKE's `name2kws_{train,val,test}.json`.

Layout, from SOKE's published data: {name of the sample: [word, ...]}. They stand for what our retrieval finds live, so
that official checkpoints can be measured with the very keywords that they were published with.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from .cache import Clip

KEY: Final = "keywords"
"""In `Clip.extra`: the words, for dictionaries of words."""
_MAX_BYTES: Final = 256 << 20


def read_sample_keywords(paths: Sequence[Path]) -> dict[str, tuple[str, ...]]:
    """The words of each sample in all files. Raises `ValueError` for a file of another kind, `OSError`."""
    result: dict[str, tuple[str, ...]] = {}
    for path in paths:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError(f"{path.name} is larger than {_MAX_BYTES >> 20} MB.")
        try:
            data = json.loads(path.read_text("utf-8"))
        except (ValueError, RecursionError) as e:
            raise ValueError(f"{path.name} can't be read: {e}") from e
        if not isinstance(data, dict):
            raise ValueError(f"{path.name} has no names of samples with their keywords.")
        for name, words in data.items():
            if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                raise ValueError(f"{path.name} has no list of words for {name!r}.")
            result[name] = tuple(words)
    return result


def with_keywords(clips: Sequence[Clip], keywords: Mapping[str, Sequence[str]]) -> list[Clip]:
    """The clips with the words of their samples, none for those that aren't there; `ValueError` when no clip is."""
    if not any(clip.name in keywords for clip in clips):
        some = ", ".join(repr(name) for name in list(keywords)[:2]) or "none"
        raise ValueError(
            f"None of the clips is in the files of keywords: a clip is called {clips[0].name!r}, their samples {some}. "
            "Do they belong to another data set or split?"
        )
    return [dataclasses.replace(c, extra={**c.extra, KEY: list(keywords.get(c.name, ()))}) for c in clips]
