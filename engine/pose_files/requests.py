"""The requests of the protocol about pose files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
from numpy.typing import NDArray

from ..dictionary import fields
from ..formats.body50 import Camera
from ..formats.seen_body import Projection, View
from ..formats.skels import SCALES, SkelsFormat
from ..generators.base import EngineError, Report
from ..generators.dictionary import body_model
from ..outputs import check_output, read_take
from ..protocol import Message
from ..requests import written
from . import FORMATS
from .exporting import ExportChoices, export_take
from .importing import import_takes
from .lines import Lines
from .sources import Counter, ImportChoices

Array = NDArray[np.floating]
_LARGEST: Final = 16384
"""Pixels of a picture's side."""


def takes_import(message: Message, report: Report) -> Message:
    """Answer `takes_import`: write the takes of pose files, and tell what was left out."""
    output = check_output(message.get("output"))
    paths = [Path(path) for path in fields.paths(message, "paths")]
    given = fields.text(message, "counter", "detect")
    counter: Counter | None = next((c for c in get_args(Counter) if c == given), None)
    if counter is None:
        raise EngineError("bad_request", f"counter must be one of {', '.join(get_args(Counter))}.")
    choices = ImportChoices(fields.language(message), _fps(message), Lines.of(fields.text(message, "lines")), counter)
    takes, skipped = import_takes(paths, choices, report)
    report("Writing", 0.98)
    return {**written(takes, output), "skipped": [{"what": s.what, "why": s.why} for s in skipped]}


def take_export(message: Message, report: Report) -> Message:
    """Answer `take_export`: write a take as a pose file of another tool."""
    format = fields.text(message, "format")
    if format not in FORMATS:
        raise EngineError("bad_request", f"format must be one of {', '.join(FORMATS)}.")
    output = Path(fields.text(message, "output"))
    if format.startswith("openpose"):
        _require_folder(output)
    else:
        check_output(str(output))
    scale = fields.number(message, "scale", SCALES["prompt2sign"])
    if not scale or scale <= 0.0:
        raise EngineError("bad_request", "scale must be above 0.")
    report("Reading the take", 0.0)
    take = read_take(message.get("take"))
    body = body_model(fields.text(message, "body_model"))
    choices = ExportChoices(
        format,
        output,
        _fps(message),
        _betas(message),
        SkelsFormat(scale, fields.flag(message, "counter", True)),
        _camera(message.get("camera"), body.joints(_betas(message) or None)[0]),
    )
    made = export_take(take, body, choices, report)
    return {
        "path": str(output),
        "files": len(made.files),
        "frames": made.frames,
        "fps": made.fps,
        "warnings": list(made.notes),
    }


def _fps(message: Message) -> float | None:
    fps = fields.number(message, "fps")
    if fps is not None and not 1.0 <= fps <= 240.0:
        raise EngineError("bad_request", f"fps must be from 1 to 240, not {fps:g}.")
    return fps


def _betas(message: Message) -> tuple[float, ...]:
    betas = message.get("betas") or []
    if not isinstance(betas, list) or not all(type(b) in (int, float) and abs(b) < 100 for b in betas):
        raise EngineError("bad_request", "betas must be a list of numbers.")
    return tuple(betas)


def _camera(given: Any, pelvis: Array) -> View:
    """The camera of a request, or the usual one in front of the signer. A request's looks at the signer from where its
    resting pelvis is the origin: programs know that place of a body, and not where its file has the origin."""
    if given is None:
        return Camera()
    try:
        matrix = np.array(given["matrix"], dtype=np.float64)
        width, height = int(given["width"]), int(given["height"])
    except (KeyError, TypeError, ValueError) as e:
        raise EngineError("bad_request", f"camera needs matrix, width and height: {e}") from e
    sound = matrix.shape == (4, 4) and np.isfinite(matrix).all()
    if not sound or not (0 < width <= _LARGEST and 0 < height <= _LARGEST):
        raise EngineError("bad_request", "camera must have a matrix of 4 x 4 numbers and a picture of some pixels.")
    matrix[:, 3] -= matrix[:, :3] @ pelvis
    return Projection(matrix, width, height)


def _require_folder(output: Path) -> None:
    if not output.name or not output.parent.is_dir():
        raise EngineError(
            "output_folder_missing",
            f"The folder {output.parent} doesn't exist.",
            "Choose another one.",
            "choose_folder",
        )
