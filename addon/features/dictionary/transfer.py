"""Signs in and out: files and folders of several kinds, a report of what became of them, a zip to hand on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ... import pump
from ...paths import absolute, preferences
from ...reports import Report
from ..chosen_files import ChosenFiles, drop_on_view
from ..licences import licence_suggestions
from ..reporting import operator_fails_with_report
from ..requests import ask, dictionary, make_dictionary
from . import search

_REPORT_ROWS = 30
_FILTER = "*.npz;*.pose;*.skels;*.sigml;*.xml;*.hns;*.txt;*.csv;*.zip"
_CHOOSE = "Choose files or a folder with signs."


class ImportChoices(ChosenFiles):
    """Mixin of operators that bring signs in: the files, and what goes for all of them."""

    place = pump.DICTIONARY

    duplicates: EnumProperty(
        name="Signs You Have",
        description="What to do with a sign whose gloss is in your dictionary already",
        items=(
            ("skip", "Skip", "Keep what you have"),
            ("replace", "Replace", "Take the new one instead"),
            ("rename", "Keep Both", "Give the new one a number"),
        ),
    )  # pyright: ignore[reportInvalidTypeForm]
    author: StringProperty(name="Author", description="For signs that don't say who made them")  # pyright: ignore[reportInvalidTypeForm]
    licence: StringProperty(
        name="Licence", description="For signs that don't say their licence", search=licence_suggestions
    )  # pyright: ignore[reportInvalidTypeForm]
    mirror: BoolProperty(name="Left-Handed Signer", description="The recordings show a left-handed signer")  # pyright: ignore[reportInvalidTypeForm]
    trim: BoolProperty(name="Cut to the Sign", description="Leave out raising and lowering of the hands", default=True)  # pyright: ignore[reportInvalidTypeForm]

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if pump.working(cls.place) is not None:
            cls.poll_message_set("The dictionary is being changed. Wait or cancel that first")
            return False
        return True

    def draw_choices(self, layout: bpy.types.UILayout) -> None:
        """Draw what can be chosen besides the files."""
        for name in ("duplicates", "author", "licence", "mirror", "trim"):
            layout.prop(self, name)

    def choices(self) -> dict[str, Any]:
        """What was chosen, as fields of the request."""
        names = ("duplicates", "author", "licence", "mirror", "trim")
        return {name: getattr(self, name) for name in names}

    @operator_fails_with_report
    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if not self.properties.is_property_set("author"):
            self.author = preferences().author
        if not self.properties.is_property_set("licence"):
            self.licence = preferences().licence
        return self.ask_for_files(context, f"Add to Your Dictionary ({search.language(context)})")

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        self.draw_dropped(context)
        layout.label(text=f"Into your {search.language(context)} dictionary", icon="USER")
        self.draw_choices(layout)
        if self.in_browser(context):
            layout.label(text="Choose no file for all of the folder", icon="INFO")

    def chosen_paths(self) -> list[Path]:
        """The chosen files or the folder. Raises `UserError`."""
        return self.existing_paths(_CHOOSE)


class SIGNWRIGHT_OT_import_signs(ImportChoices, bpy.types.Operator):
    """Add signs to your dictionary from files or a folder: .npz, .pose, SiGML, HamNoSys text, exported .zip"""

    bl_idname = "signwright.import_signs"
    bl_label = "Import Signs"

    filter_glob: StringProperty(default=_FILTER, options={"HIDDEN"})  # pyright: ignore[reportInvalidTypeForm]

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        return ask(
            self,
            "signs_import",
            take_import,
            language=search.language(context),
            dictionary=make_dictionary(),
            paths=[str(path) for path in self.chosen_paths()],
            **self.choices(),
        )


def take_import(answer: Mapping[str, Any]) -> Report:
    """Keep the report of an import, show its sum and the new signs."""
    shown = search.panel(bpy.context)
    lines = [f"Added: {gloss}" for gloss in answer["added"]]
    lines += [f"Replaced: {gloss}" for gloss in answer["replaced"]]
    lines += [f"Left out: {entry['what']}: {entry['why']}" for entry in answer["skipped"]]
    lines += [f"Note: {warning}" for warning in answer["warnings"]]
    shown.import_report = "\n".join(lines)
    search.renew(bpy.context)
    counts = {"added": len(answer["added"]), "replaced": len(answer["replaced"]), "left out": len(answer["skipped"])}
    parts = [f"{count} {name}" for name, count in counts.items() if count or name == "added"]
    clean = not (answer["skipped"] or answer["warnings"])
    hint = "" if clean else "The import report below tells why."
    return Report(f"Signs: {', '.join(parts)}.", hint, code="imported", severity="INFO" if clean else "WARNING")


class SIGNWRIGHT_OT_import_report(bpy.types.Operator):
    """Show what became of each file of the latest import"""

    bl_idname = "signwright.import_report"
    bl_label = "Import Report"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(search.panel(context).import_report)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_popup(self, width=640)

    def draw(self, context: bpy.types.Context) -> None:
        lines = search.panel(context).import_report.split("\n")
        lines.sort(key=lambda line: not line.startswith(("Left out", "Note")))
        column = self.layout.column(align=True)
        for line in lines[:_REPORT_ROWS]:
            column.label(text=line, icon="ERROR" if line.startswith(("Left out", "Note")) else "CHECKMARK")
        if len(lines) > _REPORT_ROWS:
            column.label(text=f"… and {len(lines) - _REPORT_ROWS} more in the copied report")
        self.layout.operator("signwright.copy_import_report", icon="COPYDOWN")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        return {"FINISHED"}


class SIGNWRIGHT_OT_copy_import_report(bpy.types.Operator):
    """Copy the whole report of the latest import"""

    bl_idname = "signwright.copy_import_report"
    bl_label = "Copy Report"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(search.panel(context).import_report)

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.clipboard = search.panel(context).import_report
        self.report({"INFO"}, "The import report is on the clipboard")
        return {"FINISHED"}


class SIGNWRIGHT_OT_export_signs(bpy.types.Operator):
    """Save signs of your own with authors and licences as one .zip, which others can import"""

    bl_idname = "signwright.export_signs"
    bl_label = "Export Own Signs"
    place = pump.DICTIONARY

    filepath: StringProperty(subtype="FILE_PATH")  # pyright: ignore[reportInvalidTypeForm]
    filter_glob: StringProperty(default="*.zip", options={"HIDDEN"})  # pyright: ignore[reportInvalidTypeForm]
    glosses: StringProperty(name="Glosses", description="Signs to save, commas between them; all of yours when empty")  # pyright: ignore[reportInvalidTypeForm]

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        self.filepath = f"signs-{search.language(context).lower()}.zip"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        path = absolute(bpy.path.ensure_ext(self.filepath, ".zip"))

        def done(answer: Mapping[str, Any]) -> Report:
            count = answer["count"]
            return Report(f"{count} sign{'s' if count != 1 else ''} saved as {path}.", code="exported", severity="INFO")

        glosses = [gloss.strip() for gloss in self.glosses.split(",") if gloss.strip()]
        request = {"language": search.language(context), "dictionary": dictionary(), "glosses": glosses}
        return ask(self, "signs_export", done, **request, output=str(path))


class SIGNWRIGHT_FH_signs(bpy.types.FileHandler):
    """Signs that are dropped onto the 3D view or its sidebar"""

    bl_idname = "SIGNWRIGHT_FH_signs"
    bl_label = "Add to the Signwright Dictionary"
    bl_import_operator = "signwright.import_signs"
    bl_file_extensions = ".pose;.npz;.skels;.sigml;.zip"

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return drop_on_view(context)


CLASSES = (
    SIGNWRIGHT_OT_import_signs,
    SIGNWRIGHT_OT_import_report,
    SIGNWRIGHT_OT_copy_import_report,
    SIGNWRIGHT_OT_export_signs,
    SIGNWRIGHT_FH_signs,
)
