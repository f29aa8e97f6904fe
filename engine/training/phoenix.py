"""Phoenix-2014T on disk: `<root>/<name>/<frame>.pkl`, texts in the corpus's own tables with bars between columns."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Final

from .annotations import AnnotationError, Row

LANGUAGE: Final = "DGS"
FPS: Final = 25.0
TEXTS: Final = (
    "PHOENIX-2014-T.{split}.corpus.csv",
    "annotations/manual/PHOENIX-2014-T.{split}.corpus.csv",
    "phoenix14t.{split}",
)
_SPLITS: Final = {"val": "dev"}
"""What the corpus calls a split."""
_HEADER: Final = "name|video|start|end|speaker|orth|translation"


def folder(root: Path, split: str, name: PurePosixPath) -> Path:
    """Of a recording's frames."""
    return root / name


def frame_pattern(name: str) -> str:
    """Of its frames' file names: whatever ends with the number."""
    return r"(?:.*\D)?(\d+)\.pkl"


def frame_name(name: str, number: int) -> str:
    """File name of a frame, numbered from 1 as the corpus's pictures are."""
    return f"images{number + 1:04d}.pkl"


def write_texts(root: Path, split: str, rows: Iterable[Row]) -> None:
    """Write the table of a split. Raises `AnnotationError` for a text that it can't hold."""
    rows = list(rows)
    unfit = next((row for row in rows for text in (row.name, row.gloss, row.text) if "|" in text or "\n" in text), None)
    if unfit is not None:
        raise AnnotationError(f"{unfit.name} has a bar or a line break in its text, which Phoenix's table can't hold.")
    lines = [f"{row.name}|{row.name}/1/*.png|-1|-1|Signer01|{row.gloss}|{row.text}" for row in rows]
    path = root / TEXTS[0].format(split=_SPLITS.get(split, split))
    path.write_text("\n".join([_HEADER, *lines]) + "\n", encoding="utf-8")
