"""The index of a user's recorded signs: one JSON file a language beside the motion files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .phonology import NonManual
from .recorded import RecordedSign
from .schemas import validate_data
from .toml_source import LexiconError

RECORDED = "recorded.json"
MAX_INDEX_BYTES = 64 << 20


def read_recorded(path: Path, language: str) -> dict[str, RecordedSign]:
    """The recorded signs of an index by gloss; motion is read later, when it is needed.

    Raises `LexiconError` when the file can't be read, breaks its schema, or names motion outside its own folder.
    """
    try:
        if path.stat().st_size > MAX_INDEX_BYTES:
            raise LexiconError(f"The file is larger than {MAX_INDEX_BYTES >> 20} MB.", path)
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as e:
        if isinstance(e, LexiconError):
            raise
        raise LexiconError(f"The index of recorded signs can't be read: {e}.", path) from e
    validate_data(data, "recorded", path)
    return {gloss: _sign(gloss, language, record, path.parent) for gloss, record in data["signs"].items()}


def _sign(gloss: str, language: str, record: dict[str, Any], folder: Path) -> RecordedSign:
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in record.items()}
    values["motion"] = folder / record["motion"]
    values["nonmanual"] = NonManual(**record.get("nonmanual", {}))
    return RecordedSign(gloss=gloss, language=language, **values)
