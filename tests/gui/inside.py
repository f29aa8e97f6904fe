"""Runs inside the Blender under test and answers questions about its state; it presses no button.

A question is a Python expression in `question.json`, the answer its value in `answer.json`, both in the folder given
after `--`. Looked at by a timer, so that Blender's own events go on between.
"""

from __future__ import annotations

import json
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

import bpy

FOLDER = Path(sys.argv[sys.argv.index("--") + 1])
INTERVAL_S = 0.02
_NOTHING = "nothing copied"

_answered = 0


def window() -> Any:
    return bpy.context.window_manager.windows[0]


def view3d() -> Any:
    """The largest 3D view."""
    areas = [a for a in window().screen.areas if a.type == "VIEW_3D"]
    return max(areas, key=lambda a: a.width * a.height)


def place(region: Any) -> dict[str, Any]:
    category = region.active_panel_category if region.type == "UI" and region.width > 1 else ""
    return {"x": region.x, "y": region.y, "width": region.width, "height": region.height, "category": category}


def region(kind: str) -> dict[str, Any]:
    return place(next(r for r in view3d().regions if r.type == kind))


def sidebar() -> dict[str, Any]:
    return region("UI")


def take_clipboard() -> str:
    """What was copied since the last time."""
    manager = bpy.context.window_manager
    copied, manager.clipboard = manager.clipboard, _NOTHING
    return copied


def scene() -> Any:
    return window().scene


def takes() -> list[str]:
    return [take.text for take in scene().signwright.timeline.takes]


def generating() -> bool:
    return import_module("bl_ext.user_default.signwright.addon.pump").generating() is not None


def report() -> str:
    """Code of the message that the panel shows."""
    shown = import_module("bl_ext.user_default.signwright.addon.pump").current_report()
    return shown.code if shown is not None else ""


def gloss_items() -> list[str]:
    return [item.name for item in scene().signwright.gloss.items]


def found() -> list[str]:
    """Glosses in the list of the Dictionary panel."""
    return list(bpy.context.window_manager.signwright.dictionary.signs.keys())


def preview() -> str:
    """Gloss of the sign that is previewed; empty when none is."""
    return import_module("bl_ext.user_default.signwright.addon.animation.preview").shown()


def playing() -> bool:
    return window().screen.is_animation_playing


def glosses() -> list[str]:
    """Those of the latest take."""
    return [s.name for s in scene().signwright.timeline.takes[-1].segments if s.origin != "pause"]


def rigs() -> list[Any]:
    return [o for o in scene().objects if o.type == "ARMATURE"]


def action() -> str:
    data = rigs()[0].animation_data if rigs() else None
    return data.action.name if data and data.action else ""


def bone_places(bone: str, frames: list[int]) -> list[list[float]]:
    """Evaluated places of a bone's head, in world space, metres."""
    with bpy.context.temp_override(window=window()):
        found = []
        for frame in frames:
            scene().frame_set(frame)
            rig = rigs()[0].evaluated_get(bpy.context.evaluated_depsgraph_get())
            found.append(list(rig.matrix_world @ rig.pose.bones[bone].head))
    return found


def _look() -> float:
    global _answered
    path = FOLDER / "question.json"
    question = json.loads(path.read_text("utf-8")) if path.is_file() else {"id": _answered}
    if question["id"] != _answered:
        _answered = question["id"]
        answer: dict[str, Any] = {"id": _answered}
        try:
            answer["value"] = eval(question["expression"], globals())
        except Exception:
            answer["error"] = traceback.format_exc()
        partial = FOLDER / "answer.part"
        partial.write_text(json.dumps(answer), "utf-8")
        partial.replace(FOLDER / "answer.json")
    return INTERVAL_S


bpy.app.timers.register(_look, persistent=True)
