"""What a user can see of the add-on, for the feature tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy
import pytest
from signwright.addon import pump
from signwright.addon.reports import Report


def timeline() -> Any:
    return bpy.context.scene.signwright.timeline


def takes() -> list[str]:
    """Names in the Takes list."""
    return [item.name for item in timeline().takes]


def message() -> Report:
    """What the panel tells."""
    report = pump.current_report()
    assert report is not None, "the panel shows no message"
    return report


def refused(call: Callable[[], Any]) -> str:
    """What an operator's `RuntimeError` says; it must be what the panel shows."""
    with pytest.raises(RuntimeError) as raised:
        call()
    text = str(raised.value)
    assert message().text in text
    return text


def scene_data() -> dict[str, list[str]]:
    """Names of everything that the user could have made."""
    kinds = ("objects", "actions", "texts", "meshes", "armatures", "cameras", "scenes")
    return {kind: sorted(x.name for x in getattr(bpy.data, kind)) for kind in kinds}


def generate(text: str, **arguments: Any) -> set[str]:
    """Generate without applying, unless told otherwise."""
    return bpy.ops.signwright.generate(text=text, **{"apply": False, **arguments})
