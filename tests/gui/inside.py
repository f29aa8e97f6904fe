"""Runs inside the Blender under test and answers questions about its state; it presses no button.

A question is a Python expression in `question.json`, the answer its value in `answer.json`, both in the folder given
after `--`. Looked at by a timer, so that Blender's own events go on between; and answered some looks later, when all
that was pressed before the question has been worked off.
"""

from __future__ import annotations

import functools
import json
import sys
import traceback
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).parent))
from dna import Dna, Struct

FOLDER = Path(sys.argv[sys.argv.index("--") + 1])
INTERVAL_S = 0.01
LOOKS = 3
"""Before an answer. Blender runs timers, then events, then draws; and events may come in after the first look."""
NOTE_KEY = "PAUSE"
"""Blender has no use for it."""
_CLOSED = _ACTIVE = 1 << 2
"""A bit of `Panel.flag`, and one of `Panel.runtime_flag` (DNA_screen_types.h)."""
_PREFIX = "SIGNWRIGHT_PT_"

_looked = 0
_answered = 0
_noted: list[str] = []


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


@functools.cache
def _dna() -> Dna:
    path = FOLDER / "structures.blend"
    bpy.data.libraries.write(str(path), set(), compress=False)
    return Dna(path)


def panels() -> dict[str, dict[str, Any]]:
    """The tab's panels by their names without the prefix, where they are drawn now, in the window's coordinates.

    parent: name of the panel around it. open. x, width: of all of it. header: middle of its header. bottom, top: of
    what is under the header. moving: Blender draws opening and closing as a movement.
    """
    region = next(r for r in view3d().regions if r.type == "UI")
    if region.width <= 1:
        return {}
    return dict(_places(region, Struct(_dna(), "ARegion", region.as_pointer()).items("panels", "Panel"), ""))


def _places(region: Any, found: Iterator[Struct], parent: str) -> Iterator[tuple[str, dict[str, Any]]]:
    header = 12 * bpy.context.preferences.system.ui_scale
    for panel in found:
        if not panel.panelname.startswith(_PREFIX) or not panel.runtime_flag & _ACTIVE:
            continue
        name = panel.panelname.removeprefix(_PREFIX)
        x, bottom = region.view2d.view_to_region(panel.ofsx, panel.ofsy, clip=False)
        _, top = region.view2d.view_to_region(panel.ofsx, panel.ofsy + panel.sizey, clip=False)
        is_open = not panel.flag & _CLOSED
        yield (
            name,
            {
                "parent": parent,
                "open": is_open,
                "x": region.x + x,
                "width": panel.sizex,
                "header": region.y + top + header,
                "top": region.y + top,
                "bottom": region.y + bottom,
                "moving": panel.activedata is not None,
            },
        )
        if is_open:
            yield from _places(region, panel.items("children", "Panel"), name)


def popups() -> int:
    """How many dialogs and menus are open; a tooltip, shown or about to be, is none."""
    screen = Struct(_dna(), "bScreen", window().screen.as_pointer())
    return sum(1 for _ in screen.items("regionbase", "ARegion")) - (screen.tool_tip is not None)


def engine_ready() -> bool:
    return import_module("bl_ext.user_default.signwright.addon.pump").session().ready


class TEST_OT_note(bpy.types.Operator):
    """Note what has been copied, and where the mouse was"""

    bl_idname = "test.note"
    bl_label = "Note"
    bl_options = {"INTERNAL"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        _noted.append(context.window_manager.clipboard)
        context.window_manager.clipboard = ""
        return {"FINISHED"}


def take_notes() -> list[str]:
    """What was copied before each press of the note key since the last time."""
    notes = list(_noted)
    _noted.clear()
    return notes


def _listen_to_the_note_key() -> None:
    bpy.utils.register_class(TEST_OT_note)
    keymap = bpy.context.window_manager.keyconfigs.addon.keymaps.new("Window", space_type="EMPTY")
    keymap.keymap_items.new(TEST_OT_note.bl_idname, NOTE_KEY, "PRESS")


def scene() -> Any:
    return window().scene


def put(group: str, name: str, value: Any) -> None:
    """Set a property of the scene, and have the sidebar drawn anew, as Blender does for one that a user sets."""
    setattr(getattr(scene().signwright, group), name, value)
    next(r for r in view3d().regions if r.type == "UI").tag_redraw()


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


def models() -> list[str]:
    """Ids of the trained models that can generate."""
    choices = import_module("bl_ext.user_default.signwright.addon.features.models.choices")
    entries = import_module("bl_ext.user_default.signwright.addon.features.generate.choices").entries("bundles")
    return [entry["id"] for entry in entries if choices.usable(entry)]


def signs_found() -> list[list[Any]]:
    """Gloss of each sign that the model is given as an example, and whether it is."""
    return [[item.name, item.on] for item in scene().signwright.models.found]


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


def drop(*paths: str) -> None:
    """Drop files onto the 3D view: what Blender itself calls when the window system says so."""
    files = [{"name": Path(path).name} for path in paths]
    region = next(r for r in view3d().regions if r.type == "WINDOW")
    with bpy.context.temp_override(window=window(), area=view3d(), region=region):
        bpy.ops.wm.drop_import_file("INVOKE_DEFAULT", directory=f"{Path(paths[0]).parent}/", files=files)


def browser() -> dict[str, Any]:
    """The file browser's window, in the coordinates of Blender's; empty when there is none."""
    windows = bpy.context.window_manager.windows
    found = next((w for w in windows if w.screen.areas[0].type == "FILE_BROWSER"), None)
    if found is None:
        return {}
    space = found.screen.areas[0].spaces.active
    return {
        "x": found.x - window().x,
        "y": found.y - window().y,
        "width": found.width,
        "height": found.height,
        "path": str(Path(space.params.directory.decode()) / space.params.filename) if space.params else "",
    }


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
    global _answered, _looked
    path = FOLDER / "question.json"
    question: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {"id": _answered}
    _looked = _looked + 1 if question["id"] != _answered else 0
    if _looked >= LOOKS:
        _answered, _looked = question["id"], 0
        answer: dict[str, Any] = {"id": _answered}
        try:
            answer["value"] = eval(question["expression"], globals())
        except Exception:
            answer["error"] = traceback.format_exc()
        partial = FOLDER / "answer.part"
        partial.write_text(json.dumps(answer), "utf-8")
        partial.replace(FOLDER / "answer.json")
    return INTERVAL_S


_listen_to_the_note_key()
bpy.app.timers.register(_look, persistent=True)
