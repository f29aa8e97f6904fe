"""What the user chooses for methods that use a trained model. Kept in the scene as `scene.signwright.models`."""

from __future__ import annotations

from typing import Any

from bpy.props import BoolProperty, CollectionProperty, EnumProperty, FloatProperty, IntProperty, StringProperty
from bpy.types import PropertyGroup

from ..generate.choices import AUTOMATIC, Item, method_of, number_of
from . import choices


def _bundle_items(self: Any, _context: Any) -> list[Item]:
    chosen = self.id_data.signwright.generate
    return choices.bundles(self.bundle, chosen.language, method_of(chosen))


def _get_bundle(self: Any) -> int:
    meant = choices.chosen_for(self.bundle, method_of(self.id_data.signwright.generate))
    return number_of(_bundle_items(self, None), meant or AUTOMATIC)


def _set_bundle(self: Any, number: int) -> None:
    chosen = _bundle_items(self, None)[number][0]
    self.bundle = "" if chosen == AUTOMATIC else chosen


def _device_items(self: Any, _context: Any) -> list[Item]:
    return choices.devices(self.device)


def _get_device(self: Any) -> int:
    return number_of(_device_items(self, None), AUTOMATIC if self.device == "auto" else self.device)


def _set_device(self: Any, number: int) -> None:
    chosen = _device_items(self, None)[number][0]
    self.device = "auto" if chosen == AUTOMATIC else chosen


PRECISION_ITEMS = (
    ("auto", "Automatic", "What suits the device"),
    ("float32", "Full", "32 bits: the same motion on every device"),
    ("bf16", "bfloat16", "16 bits: faster on newer graphics cards; motion can differ a little"),
    ("fp16", "float16", "16 bits: faster on graphics cards; motion can differ a little"),
    ("int8", "8 Bits", "Least memory; motion differs"),
)
MODE_ITEMS = (
    ("auto", "Auto", "As the model is meant to be used: exact for the one that comes along, free for published ones"),
    ("free", "Free", "The model signs the text as it learned to, with the signs found as examples"),
    ("exact", "Exact Signs", "The signs found are kept as the dictionary has them; the model makes what is between"),
)


class SIGNWRIGHT_PG_keyword(PropertyGroup):
    """A sign that the model is given as an example; its `name` is the gloss."""

    index: IntProperty(name="Number")  # pyright: ignore[reportInvalidTypeForm]
    word: StringProperty(name="Word")  # pyright: ignore[reportInvalidTypeForm]
    entry: StringProperty(name="Entry", description="Sign of the dictionary")  # pyright: ignore[reportInvalidTypeForm]
    own: BoolProperty(name="Own", description="Whether it is a sign of the user's")  # pyright: ignore[reportInvalidTypeForm]
    group: IntProperty(name="Group", description="Letters of one word share it", default=-1)  # pyright: ignore[reportInvalidTypeForm]
    on: BoolProperty(name="On", default=True)  # pyright: ignore[reportInvalidTypeForm]


class SIGNWRIGHT_PG_models(PropertyGroup):
    """Model, device, sampling, and the signs found for the text."""

    bundle: StringProperty(name="Model", description="Id of the model; the engine chooses when empty")  # pyright: ignore[reportInvalidTypeForm]
    bundle_menu: EnumProperty(
        name="Model",
        description="Trained model that makes the motion",
        items=_bundle_items,
        get=_get_bundle,
        set=_set_bundle,
    )  # pyright: ignore[reportInvalidTypeForm]
    device: StringProperty(name="Device", description="auto, cpu or cuda", default="auto")  # pyright: ignore[reportInvalidTypeForm]
    device_menu: EnumProperty(
        name="Device", description="What the model computes on", items=_device_items, get=_get_device, set=_set_device
    )  # pyright: ignore[reportInvalidTypeForm]
    precision: EnumProperty(
        name="Precision", description="How exactly the model computes", items=PRECISION_ITEMS, default="auto"
    )  # pyright: ignore[reportInvalidTypeForm]
    mode: EnumProperty(
        name="Signs", description="How closely the dictionary is kept to", items=MODE_ITEMS, default="auto"
    )  # pyright: ignore[reportInvalidTypeForm]
    temperature: FloatProperty(
        name="Temperature",
        description="How freely the model chooses: 0 takes the most likely motion every time, 1 varies as its examples "
        "did",
        default=0.0,
        min=0.0,
        max=2.0,
        soft_max=1.2,
        step=5,
    )  # pyright: ignore[reportInvalidTypeForm]
    top_k: IntProperty(
        name="Top K",
        description="Choose only among so many of the likeliest at each step; 0 for no limit",
        default=0,
        min=0,
        max=500,
    )  # pyright: ignore[reportInvalidTypeForm]
    top_p: FloatProperty(
        name="Top P",
        description="Choose only among the likeliest that make up this share together; 1 for all",
        default=1.0,
        min=0.01,
        max=1.0,
        subtype="FACTOR",
    )  # pyright: ignore[reportInvalidTypeForm]
    beams: IntProperty(
        name="Beams",
        description="How many candidates are followed at once to find a likelier whole; slower by as much",
        default=1,
        min=1,
        max=8,
    )  # pyright: ignore[reportInvalidTypeForm]
    limit_keywords: BoolProperty(
        name="Own Limits",
        description="Say how many signs the model is given as examples, and how much of each. Else as it was trained",
        default=False,
    )  # pyright: ignore[reportInvalidTypeForm]
    keywords: IntProperty(
        name="Signs", description="Most signs that the model is given as examples", default=32, min=0, max=64
    )  # pyright: ignore[reportInvalidTypeForm]
    keyword_steps: IntProperty(
        name="Steps",
        description="Most steps of each sign, of four frames each; longer ones are thinned out",
        default=10,
        min=1,
        max=50,
    )  # pyright: ignore[reportInvalidTypeForm]
    length: FloatProperty(
        name="Length",
        description="How long the motion gets: 1 as the model would have it, 2 twice as long with as many signs",
        default=1.0,
        min=0.25,
        max=4.0,
        soft_min=0.5,
        soft_max=2.0,
        step=5,
    )  # pyright: ignore[reportInvalidTypeForm]
    found: CollectionProperty(
        type=SIGNWRIGHT_PG_keyword, name="Signs Found", description="Signs that the model is given as examples"
    )  # pyright: ignore[reportInvalidTypeForm]
    found_source: StringProperty(name="Source", description="Text and settings that the signs were found for")  # pyright: ignore[reportInvalidTypeForm]
    others: StringProperty(name="Other Words", description="Words without an example, one a line: word, then fate")  # pyright: ignore[reportInvalidTypeForm]


CLASSES = (SIGNWRIGHT_PG_keyword, SIGNWRIGHT_PG_models)
