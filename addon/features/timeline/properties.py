"""The lists of takes and segments, kept in the scene as `scene.signwright.timeline`."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ... import takes

LAYER_ITEMS = (
    ("body", "Body", "Spine, head, arms and legs, and where the signer stands", "ARMATURE_DATA", 1),
    ("left_hand", "Left Hand", "Fingers of the left hand", "VIEW_PAN", 2),
    ("right_hand", "Right Hand", "Fingers of the right hand", "VIEW_PAN", 4),
    ("face", "Face", "Jaw, eyes and facial expression", "USER", 8),
)
ALL_LAYERS = frozenset(item[0] for item in LAYER_ITEMS)


class SIGNWRIGHT_PG_segment(bpy.types.PropertyGroup):
    """One sign of a take; its `name` is the gloss."""

    start: FloatProperty(name="Start", unit="TIME_ABSOLUTE")  # pyright: ignore[reportInvalidTypeForm]
    end: FloatProperty(name="End", unit="TIME_ABSOLUTE")  # pyright: ignore[reportInvalidTypeForm]
    origin: StringProperty(name="Origin")  # pyright: ignore[reportInvalidTypeForm]
    words: StringProperty(name="Words", description="Part of the text that it stands for")  # pyright: ignore[reportInvalidTypeForm]
    source: StringProperty(name="Source")  # pyright: ignore[reportInvalidTypeForm]
    author: StringProperty(name="Author")  # pyright: ignore[reportInvalidTypeForm]
    licence: StringProperty(name="Licence")  # pyright: ignore[reportInvalidTypeForm]
    reviewed_by: StringProperty(name="Reviewed By")  # pyright: ignore[reportInvalidTypeForm]
    fit: FloatProperty(name="Fit", description="Percent of the palm; negative when it wasn't fitted", default=-1.0)  # pyright: ignore[reportInvalidTypeForm]


def _get_title(self: Any) -> str:
    return self.name


def _set_title(self: Any, title: str) -> None:
    """Keep names apart, as scripts and buttons call takes by name."""
    others = [t.name for t in self.id_data.signwright.timeline.takes if t != self]
    self.name = takes.unique_name(others, title.strip() or "Take")


class SIGNWRIGHT_PG_take(bpy.types.PropertyGroup):
    """One take by its `name`; its motion lies in the Text data-block `data`."""

    title: StringProperty(
        name="Name",
        description="Name of the take; double-click in the list to change it",
        get=_get_title,
        set=_set_title,
    )  # pyright: ignore[reportInvalidTypeForm]
    data: PointerProperty(type=bpy.types.Text)  # pyright: ignore[reportInvalidTypeForm]
    text: StringProperty(name="Text")  # pyright: ignore[reportInvalidTypeForm]
    language: StringProperty(name="Language")  # pyright: ignore[reportInvalidTypeForm]
    method: StringProperty(name="Method")  # pyright: ignore[reportInvalidTypeForm]
    seed: StringProperty(name="Seed")  # pyright: ignore[reportInvalidTypeForm]
    duration: FloatProperty(name="Duration", description="Seconds")  # pyright: ignore[reportInvalidTypeForm]
    fps: FloatProperty(name="Frame Rate")  # pyright: ignore[reportInvalidTypeForm]
    created: StringProperty(name="Made")  # pyright: ignore[reportInvalidTypeForm]
    engine_version: StringProperty(name="Engine")  # pyright: ignore[reportInvalidTypeForm]
    betas: StringProperty(
        name="Body Shape", description="Shape that it was made for, as a JSON list; empty when unknown"
    )  # pyright: ignore[reportInvalidTypeForm]
    warnings: StringProperty(name="Warnings", description="One a line")  # pyright: ignore[reportInvalidTypeForm]
    origins: StringProperty(name="Origins", description="How many signs came from where")  # pyright: ignore[reportInvalidTypeForm]
    reviewed: BoolProperty(name="Reviewed", description="Whether a fluent signer checked every sign")  # pyright: ignore[reportInvalidTypeForm]
    start_frame: IntProperty(name="Start Frame", description="Scene frame where it was last applied")  # pyright: ignore[reportInvalidTypeForm]
    action: StringProperty(name="Action", description="Action that it was last applied as; empty before")  # pyright: ignore[reportInvalidTypeForm]
    model: StringProperty(name="Model", description="Trained model that made it; empty for other methods")  # pyright: ignore[reportInvalidTypeForm]
    sampling: StringProperty(name="Sampling", description="How the model chose, and what it ran on")  # pyright: ignore[reportInvalidTypeForm]
    edits: StringProperty(name="Made Anew", description="What was made anew, one a line")  # pyright: ignore[reportInvalidTypeForm]
    seams: StringProperty(name="Seams", description="Joints where new and kept motion meet, as a JSON list")  # pyright: ignore[reportInvalidTypeForm]
    locked: IntProperty(name="Kept Poses", description="How many poses in the range were kept exactly")  # pyright: ignore[reportInvalidTypeForm]
    exact: StringProperty(
        name="Exact Keys", description="Frame -> joints that Apply keys in any case, as a JSON object"
    )  # pyright: ignore[reportInvalidTypeForm]
    caption: StringProperty(name="Caption", description="What a model reads in the motion")  # pyright: ignore[reportInvalidTypeForm]
    segments: CollectionProperty(type=SIGNWRIGHT_PG_segment)  # pyright: ignore[reportInvalidTypeForm]


class SIGNWRIGHT_PG_timeline(bpy.types.PropertyGroup):
    """Takes of the scene, and how they are applied."""

    takes: CollectionProperty(type=SIGNWRIGHT_PG_take)  # pyright: ignore[reportInvalidTypeForm]
    active_take: IntProperty(name="Take", description="Take that the panel shows; double-click to rename", min=0)  # pyright: ignore[reportInvalidTypeForm]
    active_segment: IntProperty(
        name="Segment", description="Sign of the take; the arrow jumps to its first frame", min=0
    )  # pyright: ignore[reportInvalidTypeForm]
    layers: EnumProperty(
        name="Layers",
        description="Parts that Apply writes; Shift-click for several. Keys of the other parts stay as they are",
        items=LAYER_ITEMS,
        options={"ENUM_FLAG"},
        default=set(ALL_LAYERS),
    )  # pyright: ignore[reportInvalidTypeForm]
    start_frame: IntProperty(
        name="Start Frame", description="Scene frame where Apply puts the beginning of the take", default=1
    )  # pyright: ignore[reportInvalidTypeForm]
    tolerance: FloatProperty(
        name="Key Tolerance (°)",
        description="How many degrees a curve may stray so that fewer keys do, which makes editing by hand easier; "
        "0 keys every frame",
        default=0.5,
        min=0.0,
        max=10.0,
        soft_max=3.0,
        precision=2,
        step=10,
    )  # pyright: ignore[reportInvalidTypeForm]
    extend_range: BoolProperty(
        name="Extend Scene End",
        description="Let the scene end no earlier than the take, so that playback and rendering show all of it",
        default=True,
    )  # pyright: ignore[reportInvalidTypeForm]


CLASSES = (SIGNWRIGHT_PG_segment, SIGNWRIGHT_PG_take, SIGNWRIGHT_PG_timeline)
