"""What a bundle's manifest says of its model, checked: every number is of its kind and within reach of a machine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, get_args

from ..bundle import Bundle, BundleError
from ..tokenizer.assembling import read_layout
from ..tokenizer.features import PARTS
from .decoding import Variant
from .prompt import Style

_TOKENIZER: Final = {"features": 4096, "codes": 65_536, "width": 8192, "code_width": 8192}
"""Largest number of each size."""
_TRANSFORMER: Final = {
    "vocabulary": 1_000_000, "width": 16_384, "encoder_layers": 128, "decoder_layers": 128, "heads": 256,
    "feed_forward": 65_536, "positions": 65_536,
}  # fmt: skip
_SETTINGS: Final = {
    "steps": 4096,
    "keywords": 1024,
    "keyword_steps": 1024,
    "longest_input": 65_536,
    "longest_hold": 4096,
}
_FLAGS: Final = ("scale_encoder", "scale_decoder")
_MOST_TAGS: Final = 1024


def check_model(bundle: Bundle) -> None:
    """Raises `BundleError` that names the setting which no model can have."""
    model = bundle.manifest.model
    try:
        _check_tokenizer(bundle, _fields(model, "tokenizer"))
        _number(model, "fps", 1, 1000, needed=False)
        if "generator" in model:
            _check_generator(_fields(model, "generator"), model["tokenizer"])
    except _Wrong as e:
        raise BundleError(f"The manifest of {bundle.folder.name} is wrong: {e}.") from e


class _Wrong(Exception):
    """What is wrong with a setting."""


def _check_tokenizer(bundle: Bundle, tokenizer: Mapping[str, Any]) -> None:
    layout = read_layout(bundle)
    for part in PARTS:
        sizes = _fields(tokenizer, part)
        _whole(sizes, _TOKENIZER)
        if sizes["features"] != len(layout.columns[part]):
            wanted = len(layout.columns[part])
            raise _Wrong(f"the {part} tokenizer has {sizes['features']} features, and the layout {wanted}")


def _check_generator(settings: Mapping[str, Any], tokenizer: Mapping[str, Any]) -> None:
    _whole(settings, _TRANSFORMER)
    _whole({name: settings[name] for name in _SETTINGS if name in settings}, _SETTINGS, needed=("steps",))
    if settings["width"] % settings["heads"]:
        raise _Wrong(f"a width of {settings['width']} can't be split into {settings['heads']} heads")
    for name in _FLAGS:
        if type(settings.get(name, True)) is not bool:
            raise _Wrong(f"{name} is neither true nor false")
    _number(settings, "fusion", 0.0, 0.5)
    _one_of(settings.get("prompt"), "prompt", get_args(Style))
    _one_of(settings.get("variant", "multihead"), "variant", get_args(Variant))
    _one_of(settings.get("mode", "free"), "mode", ("free", "exact"))
    sizes = _fields(settings, "sizes")
    for part in PARTS:
        there = tokenizer[part]["codes"]
        if sizes.get(part) != there:
            raise _Wrong(f"the generator has {sizes.get(part)!r} codes for {part}, the tokenizer {there}")
    _texts(settings.get("sign_tags", []), "sign_tags")
    _texts(settings.get("tasks", []), "tasks")
    tags = settings.get("source_tags", {})
    if not isinstance(tags, dict):
        raise _Wrong("source_tags holds no fields")
    _texts(list(tags.values()), "source_tags")


def _fields(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    if not isinstance(data.get(name), dict):
        raise _Wrong(f"{name} is missing or holds no fields")
    return data[name]


def _whole(data: Mapping[str, Any], largest: Mapping[str, int], needed: tuple[str, ...] | None = None) -> None:
    for name, most in largest.items():
        if name not in data and needed is not None and name not in needed:
            continue
        if type(data.get(name)) is not int or not 1 <= data[name] <= most:
            raise _Wrong(f"{name} is {data.get(name)!r}, no whole number from 1 to {most}")


def _number(data: Mapping[str, Any], name: str, least: float, most: float, *, needed: bool = True) -> None:
    if name not in data and not needed:
        return
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _Wrong(f"{name} is {value!r}, no number")
    if not least <= value <= most:
        raise _Wrong(f"{name} is {value!r}, not within {least} and {most}")


def _one_of(value: Any, name: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise _Wrong(f"{name} is {value!r}, none of {', '.join(known)}")


def _texts(values: Any, name: str) -> None:
    if not isinstance(values, list) or len(values) > _MOST_TAGS or not all(isinstance(x, str) for x in values):
        raise _Wrong(f"{name} is no list of up to {_MOST_TAGS} texts")
