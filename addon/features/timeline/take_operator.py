"""What operators on a take share."""

from __future__ import annotations

from bpy.props import StringProperty


class TakeOperator:
    """Mixin of operators that act on one take."""

    take: StringProperty(name="Take", description="Name of the take; the active one when empty", options={"SKIP_SAVE"})  # pyright: ignore[reportInvalidTypeForm]
