"""The fake engine's imports and exports of pose files: a take a file, and a file that says what was asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from engine.skeleton import EXPRESSION_NAMES
from engine.take import PoseSequence, Segment, Take
from tests.addon.fake_dictionary import Refused
from tests.addon.fake_models import variations, write

Answer = dict[str, Any]


def takes_import(request: Answer) -> Answer:
    """Every file becomes a take of its name, but for those called `bad`; the request is in the takes' settings."""
    paths = [Path(path) for path in request["paths"]]
    skipped = [{"what": path.name, "why": "It holds no motion."} for path in paths if path.stem == "bad"]
    made = [_take(path, request) for path in paths if path.stem != "bad"]
    if not made:
        raise Refused("nothing_imported", "No take was imported. bad: It holds no motion.")
    listed = variations(made, Path(request["output"]))
    write(made, listed)
    return {"path": request["output"], "warnings": [], "variations": listed, "skipped": skipped}


def take_export(request: Answer) -> Answer:
    """Write the request, and how the left elbow moves in the take."""
    take = Take.load(request["take"])
    if Path(request["output"]).stem == "bad":
        raise Refused("folder_not_empty", "The folder bad holds files already.", "choose_folder")
    told = {**request, "elbow": take.sequence.poses[:, 3 * 18 + 2].tolist()}
    Path(request["output"]).write_text(json.dumps(told), "utf-8")
    frames = len(take.sequence)
    return {
        "path": request["output"],
        "files": 1,
        "frames": frames,
        "fps": request["fps"],
        "warnings": ["The face is not among the 50 joints."],
    }


def _take(path: Path, request: Answer) -> Take:
    fps = request["fps"]
    still = PoseSequence(np.zeros((9, 165)), np.zeros((9, 3)), np.zeros((9, len(EXPRESSION_NAMES))), fps)
    segment = Segment(
        path.stem.upper(), 0.0, still.duration, "imported", source=f"{path.name}, line 1", fit_residual=3.0
    )
    asked = {name: request[name] for name in ("paths", "lines", "counter")}
    return Take(path.stem, "", request["language"], "imported", still, (segment,), settings={"asked": asked})


HANDLERS = {f.__name__: f for f in (takes_import, take_export)}
