"""What is made anew, and how. Kept in the scene as `scene.signwright.editing`."""

from __future__ import annotations

from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty
from bpy.types import PropertyGroup

PART_ITEMS = (
    ("body", "Body and Face", "Spine, head, arms, face", "ARMATURE_DATA", 1),
    ("left_hand", "Left Hand", "Fingers of the left hand", "VIEW_PAN", 2),
    ("right_hand", "Right Hand", "Fingers of the right hand", "VIEW_PAN", 4),
)
ALL_PARTS = frozenset(item[0] for item in PART_ITEMS)
RANGE_ITEMS = (
    ("SEGMENT", "Segment", "The sign that is marked in the list of segments"),
    ("PREVIEW", "Preview Range", "The frames of the scene's preview range"),
    ("FRAMES", "Frames", "From one frame of the scene to another"),
    ("ALL", "Whole Take", "All of it"),
)


class SIGNWRIGHT_PG_editing(PropertyGroup):
    """Range, parts and settings of what is made anew."""

    range: EnumProperty(name="Range", description="Which frames are made anew", items=RANGE_ITEMS, default="SEGMENT")  # pyright: ignore[reportInvalidTypeForm]
    frame_start: IntProperty(name="Start", description="First frame of the scene that is made anew", default=1)  # pyright: ignore[reportInvalidTypeForm]
    frame_end: IntProperty(name="End", description="Last frame of the scene that is made anew", default=24)  # pyright: ignore[reportInvalidTypeForm]
    parts: EnumProperty(
        name="Parts",
        description="What is made anew; Shift-click for several. The rest stays as it is",
        items=PART_ITEMS,
        options={"ENUM_FLAG"},
        default=set(ALL_PARTS),
    )  # pyright: ignore[reportInvalidTypeForm]
    text: StringProperty(name="Text", description="What the range shall sign instead; the take's own text when empty")  # pyright: ignore[reportInvalidTypeForm]
    keep_selected: BoolProperty(
        name="Keep Selected Keys",
        description="Keys that are selected stay exactly as they are, as those on locked curves always do",
        default=True,
    )  # pyright: ignore[reportInvalidTypeForm]
    temperature: FloatProperty(
        name="Temperature",
        description="How freely the model chooses: 0 takes the most likely motion, 1 varies as its examples did",
        default=0.8,
        min=0.0,
        max=2.0,
        soft_max=1.2,
        step=5,
    )  # pyright: ignore[reportInvalidTypeForm]
    length: FloatProperty(
        name="Length",
        description="How long the range gets: 1 as it was, 2 twice as long. What follows is moved",
        default=1.0,
        min=0.25,
        max=4.0,
        soft_min=0.5,
        soft_max=2.0,
        step=5,
    )  # pyright: ignore[reportInvalidTypeForm]
    blend: FloatProperty(
        name="Blend",
        description="Seconds within which the new motion is bent to run on from the kept one",
        default=0.15,
        min=0.0,
        max=5.0,
        soft_max=0.5,
        step=1,
        precision=2,
    )  # pyright: ignore[reportInvalidTypeForm]
    seed: IntProperty(
        name="Seed", description="Start of the random choices. The same seed gives the same motion", default=0, min=0
    )  # pyright: ignore[reportInvalidTypeForm]
    variations: IntProperty(
        name="Variations",
        description="How many takes are made, each from the next seed. All are listed, the first one is applied",
        default=1,
        min=1,
        max=8,
    )  # pyright: ignore[reportInvalidTypeForm]


CLASSES = (SIGNWRIGHT_PG_editing,)
