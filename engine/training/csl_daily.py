"""CSL-Daily on disk: `<root>/poses/<name>/<frame>.pkl`, texts in a table of which `annotations.py` tells the kinds."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Final

from .annotations import Row

LANGUAGE: Final = "CSL"
FPS: Final = 30.0
TEXTS: Final = ("csl_clean.{split}", "csl_clean.{split}.csv", "csl_daily_{split}.csv", "csl_daily.csv")


def folder(root: Path, split: str, name: PurePosixPath) -> Path:
    """Of a recording's frames."""
    return root / "poses" / name


def frame_pattern(name: str) -> str:
    """Of its frames' file names: whatever ends with the number."""
    return r"(?:.*\D)?(\d+)\.pkl"


def frame_name(name: str, number: int) -> str:
    """File name of a frame, numbered from 0."""
    return f"{number:06d}.pkl"


def write_texts(root: Path, split: str, rows: Iterable[Row]) -> None:
    """Write the table of a split."""
    with open(root / f"csl_daily_{split}.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("name", "text", "gloss", "fps"))
        writer.writerows((row.name, row.text, row.gloss, row.fps) for row in rows)
