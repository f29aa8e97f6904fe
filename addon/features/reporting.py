"""How operators fail: the panel shows the report, scripts get a `RuntimeError` with the same words."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import bpy

from .. import pump
from ..reports import Report, UserError


def fail(operator: bpy.types.Operator, report: Report) -> set[str]:
    """Show the report in the panel and give it to Blender; for scripts that is a `RuntimeError` when it's an error.

    For people who pressed a button the panel is enough: an error would pop up over the very button that mends it.
    An operator's attribute `place` says which panel, when it isn't that of the text.
    """
    pump.show(report, getattr(operator, "place", pump.TEXT))
    pressed = operator.options.is_invoke and not bpy.app.background
    operator.report({"WARNING"} if pressed else {report.severity}, report.message if pressed else report.text)
    return {"CANCELLED"}


def operator_fails_with_report(method: Callable[..., set[str]]) -> Callable[..., set[str]]:
    """Decorate `execute`, `invoke` or `modal`: a `UserError` becomes a report."""

    def call(self: Any, *args: Any) -> set[str]:
        try:
            return method(self, *args)
        except UserError as e:
            return fail(self, e.report)

    # Blender counts the arguments of the function it is given
    @functools.wraps(method)
    def with_context(self: Any, context: bpy.types.Context) -> set[str]:
        return call(self, context)

    @functools.wraps(method)
    def with_event(self: Any, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return call(self, context, event)

    return with_context if method.__code__.co_argcount == 2 else with_event
