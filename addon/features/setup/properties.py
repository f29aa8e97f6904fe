"""Which avatar the panel acts on. Kept in the scene as `scene.signwright.setup`."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import PointerProperty

from ...avatar.rig import rig_problems


def _can_be_signer(_self: Any, obj: bpy.types.Object) -> bool:
    return obj.type == "ARMATURE" and not rig_problems(obj)


class SIGNWRIGHT_PG_setup(bpy.types.PropertyGroup):
    """The avatar of the scene."""

    avatar: PointerProperty(
        name="Avatar",
        description="Signer that takes are put on; when empty, the one that is selected",
        type=bpy.types.Object,
        poll=_can_be_signer,
    )  # pyright: ignore[reportInvalidTypeForm]


CLASSES = (SIGNWRIGHT_PG_setup,)
