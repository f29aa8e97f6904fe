"""The steps of the Prompt2Sign pipeline, each from files to files: it can be interrupted, resumed and looked into.

`json_to_h5`: folders of OpenPose frames to one HDF5. `h5_to_txt`: the five stages of lifting, a folder a clip.
`txt_to_skels`: training files. A step leaves out what an earlier run has done; a clip that can't be used is reported
and stops nothing. Needs h5py and torch.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from ..formats.cleaning50 import ClipError, Flat, initialised, interpolated, normalised, pruned
from ..formats.openpose import clip_folders, read_openpose
from ..formats.skels import SkelsFormat, SkelsWriter
from ..generators.base import EngineError
from .files import (
    STAGES,
    ClipFile,
    ClipReport,
    append_report,
    read_stage,
    stage_path,
    staged_clips,
    write_stage,
)
from .lifting import LiftSettings, lift

REPORT = "report.csv"
_BATCH_FRAMES = 4096
"""Frames, padding included, that are lifted together."""


def json_to_h5(root: Path, target: Path) -> list[ClipReport]:
    """Every folder of frames below `root` into an HDF5, its key the folder's path with `__` between. Raises
    `EngineError` when there is none."""
    if not root.is_dir():
        raise EngineError(
            "no_such_folder", f"There is no folder {root}.", "Give the folder that holds the clips' folders."
        )
    folders = list(clip_folders(root))
    if not folders:
        raise EngineError("bad_motion", f"No folder at or below {root.name} holds OpenPose frames (.json).")
    reports = []
    target.parent.mkdir(parents=True, exist_ok=True)
    with ClipFile(target, "a") as file:
        done = set(file.names())
        for folder in tqdm(folders, "clips", unit="clip"):
            name = "__".join(folder.relative_to(root).parts) or root.name
            if name in done:
                continue
            try:
                clip = read_openpose(folder)
            except EngineError as e:
                reports.append(ClipReport(name, problem=e.message))
                continue
            file.write(name, clip)
            reports.append(ClipReport(name, len(clip), len(clip), notes=" ".join(clip.notes)))
    return reports


@dataclass(frozen=True)
class _Ready:
    """A clip after stage 3."""

    name: str
    frames: int
    flat: Flat
    notes: str


def h5_to_txt(
    source: Path, folder: Path, settings: LiftSettings | None = None, *, device: str = "cpu"
) -> list[ClipReport]:
    """The five stages of every clip, `<clip>/demo1.txt` to `demo5.txt`, and lines in `report.csv`."""
    chosen = settings or LiftSettings()
    reports: list[ClipReport] = []
    left_out: list[ClipReport] = []
    with ClipFile(source) as file:
        names = [name for name in file.names() if not stage_path(folder, name, STAGES).is_file()]
        with tqdm(total=len(names), desc="clips", unit="clip") as bar:
            for batch in _batches(_prepared(file, names, folder, left_out, bar)):
                found = _lifted(batch, folder, chosen, device)
                bar.update(len(batch))
                reports += found
                append_report(folder / REPORT, found)
    append_report(folder / REPORT, left_out)
    return [*reports, *left_out]


def txt_to_skels(
    folder: Path,
    target: Path,
    texts: Mapping[str, tuple[str, str]],
    format: SkelsFormat | None = None,
    *,
    stage: int = STAGES,
) -> tuple[int, list[str]]:
    """Training files of the clips that have a text; how many are in them, and the clips that have none.

    texts: text and gloss by clip (see `read_texts`). The `.gloss` is written when there are glosses.
    """
    clips = list(staged_clips(folder, stage))
    if not clips:
        raise EngineError("bad_motion", f"{folder.name} holds no clips with a demo{stage}.txt.")
    gloss = any(g for _, g in texts.values())
    named = [(name, path) for name, path in clips if name in texts]
    with SkelsWriter(target, format, gloss=gloss, resume=True) as writer:
        for name, path in tqdm(named[writer.written :], "clips", unit="clip"):
            writer.write(read_stage(path), texts[name][0], name, texts[name][1])
            writer.flush()
        return writer.written, [name for name, _ in clips if name not in texts]


def read_texts(path: Path) -> dict[str, tuple[str, str]]:
    """Text and gloss by clip, of a CSV or TSV with the columns `name`, `text` and, where there are any, `gloss`.

    How2Sign's `SENTENCE_NAME` and `SENTENCE` are understood, too. Raises `EngineError`.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            head = file.readline()
            file.seek(0)
            rows = list(csv.DictReader(file, delimiter="\t" if "\t" in head else ","))
    except (OSError, UnicodeDecodeError, csv.Error) as e:
        raise EngineError("bad_motion", f"{path.name} can't be read: {e}") from e
    result = {}
    for row in rows:
        known = {str(k).lower(): v or "" for k, v in row.items()}
        name = known.get("name") or known.get("sentence_name")
        text = known.get("text") or known.get("sentence")
        if name and text is not None:
            result[name] = (text, known.get("gloss", ""))
    if not result:
        columns = ", ".join(map(str, rows[0])) if rows else "none"
        raise EngineError(
            "bad_motion",
            f"{path.name} names no clips; its columns are: {columns}.",
            "It needs the columns name and text.",
        )
    return result


def _prepared(
    file: ClipFile, names: Iterable[str], folder: Path, left_out: list[ClipReport], bar: Any
) -> Iterator[_Ready]:
    """Clips after stages 1 to 3, which are written; what can't be used is reported."""
    for name in names:
        try:
            clip = file.read(name)
            stages = [flat := normalised(clip), flat := pruned(flat), interpolated(flat)]
        except (ClipError, EngineError) as e:
            left_out.append(ClipReport(name, problem=str(e)))
            bar.update(1)
            continue
        for number, stage in enumerate(stages, 1):
            values = np.concatenate([stage.points, stage.confidence[..., None]], axis=-1)
            write_stage(stage_path(folder, name, number), values)
        yield _Ready(name, len(clip), stages[-1], " ".join(clip.notes))


def _batches(clips: Iterable[_Ready]) -> Iterator[list[_Ready]]:
    batch: list[_Ready] = []
    for clip in clips:
        longest = max(len(c.flat.points) for c in (*batch, clip))
        if batch and longest * (len(batch) + 1) > _BATCH_FRAMES:
            yield batch
            batch = []
        batch.append(clip)
    if batch:
        yield batch


def _lifted(batch: list[_Ready], folder: Path, settings: LiftSettings, device: str) -> list[ClipReport]:
    starts = [initialised(c.flat, settings.variant, settings.length_quantile) for c in batch]
    found = lift([c.flat for c in batch], settings, starts=starts, device=device)
    reports = []
    for clip, start, lifted in zip(batch, starts, found, strict=True):
        problem = "" if np.isfinite(lifted.points).all() else "its refinement did not stay finite"
        if not problem:
            write_stage(stage_path(folder, clip.name, 4), start)
            write_stage(stage_path(folder, clip.name, STAGES), lifted.points)
        kept = len(clip.flat.points)
        reports.append(ClipReport(clip.name, clip.frames, kept, round(lifted.error, 5), clip.notes, problem))
    return reports
