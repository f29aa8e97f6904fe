"""Reading a language's signs, embedded and own, and finding one among them."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..lexicon.loader import Lexicon, load_language
from ..lexicon.places import DATA
from ..lexicon.recorded import Entry, RecordedSign
from ..lexicon.recorded_index import RECORDED
from ..npz import Npz, NpzError, number
from ..take import MAX_FILE_BYTES

Stamp = tuple[tuple[str, int, int], ...]
_loading = threading.Lock()


def load(language: str, dictionary: str | Path = "") -> Lexicon:
    """The language's lexicon with the user's own signs; kept until a file of it changes.

    A language without any sign gives an empty lexicon. Raises `LexiconError` for a mistake in the embedded data.
    """
    code = language.upper()
    with _loading:
        return _load(code, str(dictionary), _stamp(code, dictionary))


def embedded(language: str) -> Lexicon:
    """The language's lexicon without the user's signs."""
    return load(language)


def is_own(entry: Entry, dictionary: str | Path) -> bool:
    """Whether an entry comes from the user's dictionary."""
    file = entry.motion if isinstance(entry, RecordedSign) else Path(entry.file)
    return bool(str(dictionary)) and Path(dictionary) in file.parents


def find(lexicon: Lexicon, query: str) -> list[Entry]:
    """Signs whose gloss, words, sense or description hold the query, best match first; all by gloss without one."""
    wanted = " ".join(query.casefold().split())
    ranked = []
    for entry in lexicon.signs.values():
        rank = _rank(entry, wanted)
        if rank is not None:
            ranked.append((rank, entry.gloss, entry))
    return [entry for _, _, entry in sorted(ranked, key=lambda item: item[:2])]


def describe(entries: list[Entry], lexicon: Lexicon, dictionary: str | Path) -> list[dict[str, Any]]:
    """The entries as the protocol's `signs` has them."""
    by_word = _by_word(lexicon)
    built_in = embedded(lexicon.language).signs
    return [_described(entry, by_word, built_in, dictionary) for entry in entries]


def _described(
    entry: Entry, by_word: Mapping[str, list[str]], built_in: Mapping[str, Entry], dictionary: str | Path
) -> dict[str, Any]:
    own = is_own(entry, dictionary)
    same = {gloss for word in entry.words for gloss in by_word[word.casefold()]} - {entry.gloss}
    recorded = isinstance(entry, RecordedSign)
    return {
        "key": entry.key,
        "gloss": entry.gloss,
        "words": list(entry.words),
        "pos": entry.pos,
        "sense": entry.sense,
        "context": list(entry.context),
        "description": entry.description,
        "author": entry.author,
        "licence": entry.licence,
        "reviewed_by": entry.reviewed_by,
        "kind": "recorded" if recorded else "written",
        "own": own,
        "replaces": own and entry.gloss in built_in,
        "origin": entry.origin if recorded else "",
        "seconds": motion_seconds(entry.motion) if recorded else 0.0,
        "fit_residual": entry.fit_residual if recorded else None,
        "duplicates": sorted(same),
    }


def motion_seconds(path: Path) -> float:
    """Length of a motion file, from its header alone; 0 when the file is damaged or gone."""
    try:
        with Npz(path, MAX_FILE_BYTES) as file:
            frames, rate = file.shape("poses")[0], number(file.read("mocap_frame_rate"))
    except (NpzError, IndexError):
        return 0.0
    return round(max(frames - 1, 0) / rate, 3) if rate > 0 else 0.0


@lru_cache(maxsize=8)
def _load(code: str, dictionary: str, stamp: Stamp) -> Lexicon:
    """stamp: names, times and sizes of the user's files, so that a change is read."""
    folders = [Path(dictionary)] if dictionary else []
    if not (DATA / code.lower()).is_dir() and not stamp:
        return Lexicon(code, {}, {})
    return load_language(code, folders)


def _stamp(code: str, dictionary: str | Path) -> Stamp:
    if not str(dictionary):
        return ()
    folder = Path(dictionary) / code.lower()
    paths = [*sorted(folder.glob("*.toml")), folder / RECORDED]
    found = [(p.name, s.st_mtime_ns, s.st_size) for p in paths if (s := _stat(p))]
    shapes = _stat(Path(dictionary) / "handshapes.toml")
    return (*found, *([("", shapes.st_mtime_ns, shapes.st_size)] if shapes else ()))


def _stat(path: Path) -> Any:
    try:
        return path.stat()
    except (OSError, ValueError):
        return None


def _rank(entry: Entry, wanted: str) -> int | None:
    if not wanted:
        return 0
    names = [entry.gloss.casefold(), entry.gloss.replace("-", " ").casefold(), *(w.casefold() for w in entry.words)]
    tests = (
        lambda: wanted in names,
        lambda: any(n.startswith(wanted) for n in names),
        lambda: any(wanted in n for n in names),
        lambda: wanted in entry.sense.casefold(),
        lambda: all(part in entry.description.casefold() for part in wanted.split()),
    )
    return next((rank for rank, test in enumerate(tests) if test()), None)


def _by_word(lexicon: Lexicon) -> Mapping[str, list[str]]:
    by_word: dict[str, list[str]] = defaultdict(list)
    for entry in lexicon.signs.values():
        for word in {w.casefold() for w in entry.words}:
            by_word[word].append(entry.gloss)
    return by_word
