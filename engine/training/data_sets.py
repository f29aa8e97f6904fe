"""The data sets by name: which recordings there are, and a corpus of ours written as one of them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from ..tokenizer.features import SOKE
from . import csl_daily, how2sign, phoenix
from .annotations import AnnotationError, Row, inside, read_annotations
from .cache import ClipCache
from .config import ConfigError
from .isolated import cut_out, with_retrieved
from .loading import Limits, Recording, SourceConfig, Summary, import_recordings
from .stored import stored_of, write_frame

FORMATS: Final[dict[str, ModuleType]] = {"how2sign": how2sign, "csl": csl_daily, "phoenix": phoenix}
_OTHER_NAMES: Final = {"val": ("val", "dev")}


@dataclass(frozen=True)
class DataConfig:
    """Data sets that become one corpus. workers: processes that read frames."""

    source: tuple[SourceConfig, ...]
    limits: Limits = field(default_factory=Limits)
    workers: int = 1

    def with_roots(self, roots: dict[str, str]) -> DataConfig:
        """With folders by format; data sets without one are left out. Raises `ConfigError` when none is left."""
        unknown = sorted(set(roots) - {source.format for source in self.source})
        if unknown:
            raise ConfigError(f"No data set of the settings is called {', '.join(unknown)}.")
        placed = [dataclasses.replace(s, root=roots.get(s.format, s.root)) for s in self.source]
        kept = tuple(source for source in placed if source.root)
        if not kept:
            raise ConfigError("No folder of a data set is given, like how2sign=FOLDER.")
        return dataclasses.replace(self, source=kept)


def import_corpus(config: DataConfig, folder: Path) -> Summary:
    """Read all data sets of the settings into one cache.

    Raises `AnnotationError` for a table that can't be used and `CacheError` for the cache; recordings that can't be
    used are told in the summary.
    """
    recordings = with_retrieved([recording for source in config.source for recording in find(source)])
    twice = [name for name, count in Counter(recording.name for recording in recordings).items() if count > 1]
    if twice:
        raise AnnotationError(f"{twice[0]} is the name of more than one recording; names have to differ.")
    asked: dict[str, Any] = dataclasses.asdict(config)
    del asked["workers"]
    return import_recordings(recordings, folder, config.limits, asked, config.workers)


def find(source: SourceConfig) -> Iterator[Recording]:
    """The recordings that a data set's tables name. Raises `AnnotationError`."""
    root = Path(source.root)
    if not root.is_dir():
        raise AnnotationError(f"There is no folder {root}.")
    whole = (recording for split in source.splits for recording in _of_split(source, root, split))
    if not source.slices:
        yield from whole
        return
    yield from cut_out(whole, root / inside(source.slices))


def _of_split(source: SourceConfig, root: Path, split: str) -> Iterator[Recording]:
    data_set = FORMATS[source.format]
    path, own_table = _table(root, (source.texts,) if source.texts else data_set.TEXTS, split)
    rows = read_annotations(path)
    if not own_table:
        if not all(row.split for row in rows):
            raise AnnotationError(f"{path.name} doesn't say the split of each recording; give texts a {{split}}.")
        rows = [row for row in rows if row.split == split]
    for row in rows:
        yield Recording(
            name=row.name,
            folder=data_set.folder(root, split, inside(row.name)),
            frame_name=data_set.frame_pattern(row.name),
            fps=row.fps or source.fps or data_set.FPS,
            language=data_set.LANGUAGE,
            source=source.format,
            split=split,
            text=row.text,
            gloss=row.gloss,
        )


def _table(root: Path, patterns: Sequence[str], split: str) -> tuple[Path, bool]:
    """The first table that is there, and whether it is of this split alone."""
    for pattern in patterns:
        for name in _OTHER_NAMES.get(split, (split,)):
            path = root / inside(pattern.replace("{split}", name))
            if path.is_file():
                return path, "{split}" in pattern
    tried = ", ".join(pattern.replace("{split}", split) for pattern in patterns)
    raise AnnotationError(f"{root} has no table of the texts of {split}; looked for: {tried}.")


def export_corpus(cache: ClipCache, name: str, root: Path) -> int:
    """Write the sentences of a cache as the data set `name` stores them, how many clips they were.

    Face values other than SMPL-X's components have no place there and are left out; the jaw moves. Raises `ValueError`
    when there are none in its language.
    """
    data_set = FORMATS[name]
    clips = [clip for clip in cache.clips if clip.language == data_set.LANGUAGE and not clip.key]
    if not clips:
        raise ValueError(f"{cache.folder} has no sentences of {data_set.LANGUAGE}, the language of {name}.")
    root.mkdir(parents=True, exist_ok=True)
    for split in sorted({clip.split for clip in clips}):
        rows = []
        for clip in (clip for clip in clips if clip.split == split):
            poses, expression = cache.layout.poses(cache.features(clip))
            folder = data_set.folder(root, split, inside(clip.name))
            folder.mkdir(parents=True, exist_ok=True)
            same_face = cache.layout.expression == SOKE.expression
            for number, values in enumerate(stored_of(poses, expression if same_face else None)):
                write_frame(folder / data_set.frame_name(folder.name, number), values)
            rows.append(Row(clip.name, clip.text, " ".join(clip.glosses), clip.fps))
        data_set.write_texts(root, split, rows)
    return len(clips)
