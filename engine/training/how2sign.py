"""How2Sign on disk: `<root>/<split>/poses/<name>/<name>_<frame>_3D.pkl`, texts and frame rates in a CSV a split."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Final

from .annotations import Row

LANGUAGE: Final = "ASL"
FPS: Final = 0.0
"""The table has to say it: recordings differ."""
TEXTS: Final = (
    "how2sign_realigned_{split}_preprocessed_fps.csv",
    "{split}/how2sign_realigned_{split}_preprocessed_fps.csv",
    "{split}/re_aligned/how2sign_realigned_{split}_preprocessed_fps.csv",
)


def folder(root: Path, split: str, name: PurePosixPath) -> Path:
    """Of a recording's frames."""
    return root / split / "poses" / name


def frame_pattern(name: str) -> str:
    """Of its frames' file names."""
    return re.escape(PurePosixPath(name).name) + r"_(\d+)_3D\.pkl"


def frame_name(name: str, number: int) -> str:
    """File name of a frame, numbered from 0."""
    return f"{name}_{number}_3D.pkl"


def write_texts(root: Path, split: str, rows: Iterable[Row]) -> None:
    """Write the table of a split."""
    with open(root / TEXTS[0].format(split=split), "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("SENTENCE_NAME", "SENTENCE", "fps"))
        writer.writerows((row.name, row.text, row.fps) for row in rows)
