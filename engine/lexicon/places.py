"""Places and directions that signs are written with: `locations.toml` and the direction words."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from .phonology import DIRECTIONS, LOCUS_DIRECTIONS
from .schemas import suggest, validate
from .toml_source import LexiconError, TomlSource

DATA = Path(__file__).parent / "data"
LOCUS_PLACES = frozenset(("source", "goal"))
"""Places of directional signs that the text fills."""
_OPPOSITE = (("up", "down"), ("forward", "back"), ("out", "in"))
_LOCATIONS = "locations.toml"


@functools.cache
def locations() -> dict[str, dict[str, dict[str, Any]]]:
    """The parsed `locations.toml`: tables `body`, `space` and `hand`."""
    source = TomlSource.read(DATA / _LOCATIONS)
    validate(source, "locations", depth=2)
    for group, places in source.data.items():
        for name, place in places.items():
            for key in ("start", "height"):
                if key in place and abs(sum(place[key].values()) - 1.0) > 1e-6:
                    line = source.line_of(f"{group}.{name}", (key,))
                    raise LexiconError(
                        f"The weights of {key} add up to {sum(place[key].values()):g}, not 1.", source.path, line
                    )
    return source.data


@functools.cache
def place_names() -> frozenset[str]:
    """All that a posture's `at` may name."""
    places = locations()
    return frozenset([*places["body"], *places["space"], *(f"other.{p}" for p in places["hand"])])


@functools.lru_cache(maxsize=4096)
def direction_vector(words: str) -> tuple[float, float, float]:
    """`up-up-in` to its unit (out, up, forward), `goal` and `source` as in the citation form.

    Raises `ValueError` that says what is wrong with the words.
    """
    parts = [LOCUS_DIRECTIONS.get(part, part) for part in words.split("-")]
    for part in parts:
        if part not in DIRECTIONS:
            raise ValueError(f"{part!r} is not a direction. {suggest(part, [*DIRECTIONS, *LOCUS_DIRECTIONS])}")
    for a, b in _OPPOSITE:
        if a in parts and b in parts:
            raise ValueError(f"{words!r} contradicts itself: {a} and {b} cancel each other.")
    x, y, z = (float(parts.count(plus) - parts.count(minus)) for plus, minus in (("out", "in"), *_OPPOSITE[:2]))
    length = (x * x + y * y + z * z) ** 0.5
    return x / length, y / length, z / length
