"""The add-on as Blender sees it: complete, documented, and gone without a trace when it is switched off."""

from __future__ import annotations

import importlib
import pkgutil

import bpy
import pytest
from panel import generate
from signwright.addon import pump

OPERATORS = (
    "add_avatar",
    "load_body",
    "use_armature",
    "generate",
    "cancel",
    "apply_take",
    "remove_take",
    "jump_to_segment",
    "toggle_layer",
    "build_studio",
    "frame_camera",
    "render",
    "contact_sheet",
    "export_take",
    "export_pose_file",
    "import_takes",
    "test_engine",
    "open_log",
    "restart_engine",
    "read_text",
    "search_signs",
    "preview_sign",
    "stop_preview",
    "insert_sign",
    "edit_sign",
    "remove_sign",
    "save_sign",
    "import_signs",
    "import_animation_sign",
    "export_signs",
    "open_dictionary",
    "find_keywords",
    "refresh_models",
    "open_models",
    "regenerate",
    "caption",
)
_GROUPS = ("setup", "generate", "gloss", "timeline", "models", "editing", "render")
BLENDER_TYPES = (
    bpy.types.Operator,
    bpy.types.Panel,
    bpy.types.Menu,
    bpy.types.UIList,
    bpy.types.PropertyGroup,
    bpy.types.AddonPreferences,
    bpy.types.FileHandler,
)
HANDLERS = (
    "load_pre",
    "load_post",
    "save_pre",
    "frame_change_pre",
    "frame_change_post",
    "depsgraph_update_post",
    "undo_post",
    "redo_post",
)


def _defined_classes(package) -> set[type]:
    """Every class of Blender's kinds that a module of the add-on defines under a name of its own."""
    found = set()
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(info.name)
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, BLENDER_TYPES) and value.__module__ == module.__name__:
                found.add(value)
    return {cls for cls in found if not cls.__name__.startswith("_")}


def test_every_class_is_in_the_list(addon):
    assert _defined_classes(addon) == set(addon.CLASSES)
    assert len(addon.CLASSES) == len(set(addon.CLASSES))


@pytest.mark.parametrize("name", OPERATORS)
def test_the_operators_that_scripts_rely_on_are_there(addon, name):
    assert getattr(bpy.ops.signwright, name).get_rna_type().identifier == f"SIGNWRIGHT_OT_{name}"


def test_everything_that_can_be_pressed_or_set_has_a_tooltip(addon):
    names = [cls.bl_idname.partition(".")[2] for cls in addon.CLASSES if issubclass(cls, bpy.types.Operator)]
    bare = [name for name in names if not getattr(bpy.ops.signwright, name).get_rna_type().description]
    groups = [getattr(bpy.context.scene.signwright, n) for n in _GROUPS]
    for group in (*groups, bpy.context.window_manager.signwright.dictionary, addon.paths.preferences()):
        hidden = {"takes", *bpy.types.PropertyGroup.bl_rna.properties.keys(), "bl_idname"}
        for prop in group.bl_rna.properties:
            if prop.identifier not in hidden and not prop.description:
                bare.append(f"{group.bl_rna.identifier}.{prop.identifier}")
    assert bare == []


def test_switching_off_leaves_nothing_behind_and_on_again_works(addon):
    before = {name: len(getattr(bpy.app.handlers, name)) for name in HANDLERS}
    generate("Hello")
    session = pump.session()
    assert session.running
    addon.unregister()
    assert not session.running
    assert not hasattr(bpy.types.Scene, "signwright")
    assert not hasattr(bpy.types.WindowManager, "signwright")
    assert not hasattr(bpy.types, "SIGNWRIGHT_PT_setup")
    assert not bpy.app.timers.is_registered(pump._tick)
    remaining = {name: getattr(bpy.app.handlers, name) for name in HANDLERS}
    assert [f for functions in remaining.values() for f in functions if f.__module__.startswith("signwright")] == []
    addon.register()
    assert {name: len(getattr(bpy.app.handlers, name)) for name in HANDLERS} == before
    assert generate("Hello") == {"FINISHED"}


def test_takes_are_there_again_after_switching_off_and_on(addon):
    generate("Hello")
    addon.unregister()
    addon.register()
    assert [t.name for t in bpy.context.scene.signwright.timeline.takes] == ["Hello"]


def test_every_fix_of_the_protocol_has_a_button(addon):
    from signwright.addon.reports import FIX_BUTTONS
    from signwright.engine.protocol import FIXES

    assert {fix for fix in FIXES if fix} <= set(FIX_BUTTONS)


def test_the_report_for_a_bug_tells_versions_and_the_last_message(addon):
    from signwright.addon.features.setup.engine_operators import system_report

    with pytest.raises(RuntimeError):
        generate("full")
    text = system_report()
    assert bpy.app.version_string in text
    assert "The disk is full" in text
