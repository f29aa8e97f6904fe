"""Drawing that several panels share: wrapped text, reports with their buttons."""

from __future__ import annotations

import textwrap

import blf  # pyright: ignore[reportMissingImports]
import bpy

from .. import pump
from ..reports import FIX_BUTTONS, Report

TAB = "Signwright"
_MARGIN_PX = 64
_ICON_PX = 24
_SEVERITY_ICONS = {"ERROR": "ERROR", "WARNING": "ERROR", "INFO": "INFO"}


class SidebarPanel:
    """Where the add-on's panels are."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = TAB


def draw_wrapped(layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str = "NONE") -> None:
    """A paragraph as labels, broken to the width of the sidebar (labels don't wrap by themselves)."""
    column = layout.column(align=True)
    column.scale_y = 0.75
    for i, line in enumerate(_lines(context, text, icon != "NONE")):
        column.label(text=line, icon=icon if i == 0 else "BLANK1" if icon != "NONE" else "NONE")


def draw_report(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The latest report with its fix, if there is one."""
    report = pump.current_report()
    if report is None:
        return
    box = layout.box()
    row = box.row()
    column = row.column()
    column.alert = report.severity == "ERROR"
    draw_wrapped(column, context, report.message, _SEVERITY_ICONS[report.severity])
    row.operator("signwright.dismiss_report", text="", icon="X", emboss=False)
    if report.hint:
        draw_wrapped(box, context, report.hint)
    _draw_fix(box, report)


def _draw_fix(layout: bpy.types.UILayout, report: Report) -> None:
    if report.fix:
        label, icon = FIX_BUTTONS[report.fix]
        layout.operator("signwright.fix", text=label, icon=icon).fix = report.fix


def _lines(context: bpy.types.Context, text: str, has_icon: bool) -> list[str]:
    """Split by measured width: letters differ in width, and the interface can be scaled."""
    scale = context.preferences.system.ui_scale
    taken = (_MARGIN_PX + _ICON_PX * has_icon) * scale
    room = max((context.region.width if context.region else 300) - taken, 80 * scale)
    blf.size(0, 11 * scale)
    sample = text[:200] or " "
    letter = max(blf.dimensions(0, sample)[0] / len(sample), 1.0)
    return textwrap.wrap(text, max(int(room / letter), 12))
