"""Which avatar the panel acts on. Kept in the scene as `scene.signwright.setup`."""

from __future__ import annotations

import bpy
from bpy.props import PointerProperty

from ...avatar.rig import rig_problems


class SIGNWRIGHT_PG_setup(bpy.types.PropertyGroup):
    """The avatar of the scene."""

    avatar: PointerProperty(
        name="Avatar",
        description="Signer that takes are put on; when empty, the one that is selected",
        type=bpy.types.Object,
        poll=lambda _self, obj: obj.type == "ARMATURE" and not rig_problems(obj),
    )  # pyright: ignore[reportInvalidTypeForm]


CLASSES = (SIGNWRIGHT_PG_setup,)
