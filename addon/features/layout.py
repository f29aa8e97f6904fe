"""What several panels share: their place, wrapped text, the latest report."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

import blf  # pyright: ignore[reportMissingImports]
import bpy

from .. import pump
from ..engine_session import Job
from ..reports import FIX_BUTTONS

TAB = "Signwright"
_MARGIN_PX = 64
_ICON_PX = 24
_CROSS_PX = 50
_BOX_PX = 16
_BUTTON_PX = 22


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


def flowing_rows(context: bpy.types.Context, labels: Sequence[tuple[str, bool]]) -> Iterator[list[int]]:
    """Numbers of the buttons that fit into each row of the sidebar. labels: text, and whether it has an icon."""
    scale = context.preferences.system.ui_scale
    room = _room(context, 0)
    blf.size(0, 11 * scale)
    row: list[int] = []
    used = 0.0
    for i, (text, has_icon) in enumerate(labels):
        width = blf.dimensions(0, text)[0] + (_BUTTON_PX + (_ICON_PX if has_icon else 0)) * scale
        if row and used + width > room:
            yield row
            row, used = [], 0.0
        row.append(i)
        used += width
    if row:
        yield row


def _room(context: bpy.types.Context, inset: int) -> float:
    """Pixels of the sidebar's width that are left for text."""
    scale = context.preferences.system.ui_scale
    return max((context.region.width if context.region else 300) - (_MARGIN_PX + inset) * scale, 80 * scale)


def _lines(context: bpy.types.Context, text: str, inset: int) -> list[str]:
    """Split by measured width: letters differ in width, and the interface can be scaled."""
    room = _room(context, inset)
    blf.size(0, 11 * context.preferences.system.ui_scale)
    sample = text[:200] or " "
    letter = max(blf.dimensions(0, sample)[0] / len(sample), 1.0)
    return textwrap.wrap(text, max(int(room / letter), 12))


def draw_progress(layout: bpy.types.UILayout, job: Job, place: str, height: float = 1.6) -> None:
    """A request's progress, and the button that gives it up."""
    row = layout.row(align=True)
    row.scale_y = height
    row.progress(factor=job.fraction, text=_progress_text(job))
    row.operator("signwright.cancel", text="", icon="CANCEL").place = place


def _progress_text(job: Job) -> str:
    """Stage and time to go, in a few words."""
    if job.cancelled_at:
        return "Cancelling …"
    stage = (job.stage or "starting").capitalize()
    eta = job.eta
    return stage if eta is None else f"{stage}, {max(eta, 1.0):.0f} s left"


def draw_report(layout: bpy.types.UILayout, context: bpy.types.Context, place: str) -> None:
    """The latest report of this panel with the button that mends it, if there is one."""
    report = pump.current_report(place)
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
