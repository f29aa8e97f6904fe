"""Operators on files that are chosen in Blender's file browser or dropped onto the 3D view."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.props import CollectionProperty, StringProperty

from ..paths import absolute
from ..reports import UserError

_SHOWN_NAMES = 12
_Operator = bpy.types.Operator if TYPE_CHECKING else object
"""What the mixin is used with; Blender wants operators to inherit from it once."""


class ChosenFiles(_Operator):
    """Mixin of operators that read files or folders."""

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})  # pyright: ignore[reportInvalidTypeForm]
    directory: StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE"})  # pyright: ignore[reportInvalidTypeForm]
    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE"})  # pyright: ignore[reportInvalidTypeForm]

    def ask_for_files(self, context: bpy.types.Context, title: str) -> set[str]:
        """Open the file browser; a dialog with the operator's choices where files were dropped."""
        if self.filepath or len(self.files):
            return context.window_manager.invoke_props_dialog(self, width=420, title=title, confirm_text="Import")
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def draw_dropped(self, context: bpy.types.Context) -> None:
        """Name the dropped files; the file browser shows its own."""
        for path in self.paths()[:_SHOWN_NAMES] if not self.in_browser(context) else ():
            self.layout.label(text=path.name, icon="FILE")

    @staticmethod
    def in_browser(context: bpy.types.Context) -> bool:
        """Whether the file browser is asking."""
        return context.area is not None and context.area.type == "FILE_BROWSER"

    def paths(self) -> list[Path]:
        """The chosen files; the folder when none of it is chosen."""
        names = [element.name for element in self.files if element.name]
        if names:
            return [absolute(self.directory) / name for name in names]
        chosen = self.filepath or self.directory
        return [absolute(chosen)] if chosen else []

    def existing_paths(self, hint: str) -> list[Path]:
        """The same. Raises `UserError` with the hint when nothing was chosen or something of it is gone."""
        paths = self.paths()
        missing = [path for path in paths if not path.exists()]
        if not paths or missing:
            what = f"{missing[0]} is not there." if missing else "No file was chosen."
            raise UserError(what, hint, code="no_file")
        return paths


def drop_on_view(context: bpy.types.Context) -> bool:
    """Whether something is dropped onto the 3D view or its sidebar."""
    return context.area is not None and context.area.type == "VIEW_3D"
