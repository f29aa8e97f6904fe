"""What several panels share: their place, wrapped text, the latest report."""

from __future__ import annotations

import textwrap

import blf  # pyright: ignore[reportMissingImports]
import bpy

from .. import pump
from ..reports import FIX_BUTTONS

TAB = "Signwright"
_MARGIN_PX = 64
_ICON_PX = 24
_CROSS_PX = 50
_BOX_PX = 16


class SidebarPanel:
    """Where the add-on's panels are."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = TAB


def draw_wrapped(
    layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str = "NONE", inset: int = 0
) -> None:
    """A paragraph as labels, broken to the width of the sidebar (labels don't wrap by themselves).

    inset: pixels of that width that are taken by something else.
    """
    column = layout.column(align=True)
    column.scale_y = 0.75
    if icon != "NONE":
        inset += _ICON_PX
    for i, line in enumerate(_lines(context, text, inset)):
        column.label(text=line, icon=icon if i == 0 else "BLANK1" if icon != "NONE" else "NONE")


def _lines(context: bpy.types.Context, text: str, inset: int) -> list[str]:
    """Split by measured width: letters differ in width, and the interface can be scaled."""
    scale = context.preferences.system.ui_scale
    room = max((context.region.width if context.region else 300) - (_MARGIN_PX + inset) * scale, 80 * scale)
    blf.size(0, 11 * scale)
    sample = text[:200] or " "
    letter = max(blf.dimensions(0, sample)[0] / len(sample), 1.0)
    return textwrap.wrap(text, max(int(room / letter), 12))


def draw_report(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The latest report with the button that mends it, if there is one."""
    report = pump.current_report()
    if report is None:
        return
    box = layout.box()
    row = box.row()
    column = row.column()
    column.alert = report.severity == "ERROR"
    draw_wrapped(column, context, report.message, "INFO" if report.severity == "INFO" else "ERROR", _CROSS_PX)
    row.operator("signwright.dismiss_report", text="", icon="X", emboss=False)
    if report.hint:
        draw_wrapped(box, context, report.hint, inset=_BOX_PX)
    if report.fix:
        label, icon = FIX_BUTTONS[report.fix]
        box.operator("signwright.fix", text=label, icon=icon).fix = report.fix
