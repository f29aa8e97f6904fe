"""Runs once in the profile of the GUI tests: no splash screen, quick drawing by software, and all of it kept."""

import bpy

view = bpy.context.preferences.view
view.show_splash = False
view.use_save_prompt = False
bpy.context.preferences.system.viewport_aa = "OFF"
bpy.context.preferences.use_preferences_save = False
if "bl_ext.user_default.signwright" not in bpy.context.preferences.addons:
    raise RuntimeError("the extension is not enabled after its installation")
bpy.ops.wm.save_userpref()
