"""The preferences' box about the runtime: what is in use and why, and the packs."""

from __future__ import annotations

from typing import Any

import bpy

from ... import pump
from ...paths import packs_path
from ..layout import draw_wrapped
from . import packs, state
from .installation import Installation


def draw_runtime(box: bpy.types.UILayout, context: bpy.types.Context, settings: Any) -> None:
    """What the engine computes with, and what else it could have."""
    box.label(text="Runtime", icon="SYSTEM")
    _draw_in_use(box, context)
    here = packs.installed(packs_path())
    if here:
        box.prop(settings, "runtime")
    installation = state.current()
    if installation is not None:
        _draw_progress(box, installation)
    else:
        for pack in here:
            row = box.row()
            row.label(text=f"{pack.label}, {packs.shown_size(pack.size)}", icon="PACKAGE")
            row.operator("signwright.remove_pack", text="Remove", icon="TRASH").pack = pack.folder.name
        _draw_offers(box, settings, {pack.folder.name for pack in here})
    _draw_report(box, context)


def _draw_in_use(box: bpy.types.UILayout, context: bpy.types.Context) -> None:
    hello = pump.session().hello or {}
    runtime = hello.get("runtime")
    if not runtime:
        box.label(text="Known when the engine runs: press Test Engine", icon="INFO")
        return
    box.label(text=runtime["label"], icon="CHECKMARK" if runtime["name"] != "none" else "ERROR")
    if runtime["note"]:
        draw_wrapped(box, context, runtime["note"], "ERROR")
    for device in hello.get("devices", ()):
        memory = f", {device['memory_gb']:.0f} GB" if device.get("memory_gb") else ""
        box.label(text=f"{device['name']}{memory}", icon="BLANK1")


def _draw_offers(box: bpy.types.UILayout, settings: Any, there: set[str]) -> None:
    offered = packs.offered()
    for pack in offered:
        row = box.row(align=True)
        row.label(
            text=f"{pack.label}: download {packs.shown_size(pack.download)}, disk {packs.shown_size(pack.installed)}"
        )
        again = "Install Again" if pack.name in there else "Install"
        online = row.operator("signwright.install_pack", text=again, icon="IMPORT")
        online.pack, online.offline = pack.name, False
        if settings.wheels_folder:
            local = row.operator("signwright.install_pack", text="From Wheels", icon="FILE_FOLDER")
            local.pack, local.offline = pack.name, True
    if offered:
        box.prop(settings, "wheels_folder")


def _draw_progress(box: bpy.types.UILayout, installation: Installation) -> None:
    row = box.row(align=True)
    waiting = "Waiting for the engine's work to end"
    stage = "Cancelling" if installation.cancelling else waiting if installation.ready else installation.stage
    row.progress(factor=installation.fraction, text=f"{installation.name}: {stage}")
    row.operator("signwright.cancel_pack", text="", icon="CANCEL")


def _draw_report(box: bpy.types.UILayout, context: bpy.types.Context) -> None:
    report = state.last_report()
    if report is None:
        return
    row = box.row()
    column = row.column()
    column.alert = report.severity == "ERROR"
    draw_wrapped(column, context, report.text, "INFO" if report.severity == "INFO" else "ERROR")
    row.operator("signwright.dismiss_pack_report", text="", icon="X", emboss=False)
