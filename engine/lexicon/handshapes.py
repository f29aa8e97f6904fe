"""The handshape table: reading it, and the ranges that a hand's joints can take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .phonology import FingerPose, Handshape, ThumbPose

FINGERS: Final = ("index", "middle", "ring", "pinky")

JOINT_LIMITS: Final[dict[str, tuple[float, float]]] = {
    "thumb.oppose": (-10.0, 130.0),
    "thumb.abduct": (-5.0, 75.0),
    "thumb.mcp": (-20.0, 75.0),
    "thumb.ip": (-25.0, 90.0),
    "thumb.roll": (-40.0, 90.0),
    "mcp": (-25.0, 95.0),
    "pip": (0.0, 115.0),
    "dip": (-5.0, 90.0),
    "spread": (-22.0, 28.0),
}
"""Degrees that a living hand reaches. Source: the active ranges of motion in the American Academy of
Orthopaedic Surgeons' tables, widened by 5 degrees; the thumb's spherical angles measured on the table here."""


def parse_handshapes(
    table: Mapping[str, Mapping[str, Any]], known: Mapping[str, Handshape] | None = None
) -> dict[str, Handshape]:
    """Records of a handshape file, schema-checked before, to `Handshape`s; `like` may name one in `known` too.

    Raises `KeyError` with the missing name, or `ValueError` with the name of a record that refers to itself.
    """
    done: dict[str, Handshape] = {}

    def resolve(name: str, trail: tuple[str, ...]) -> Handshape:
        if name in done:
            return done[name]
        if name not in table:
            return (known or {})[name]
        if name in trail:
            raise ValueError(name)
        record = table[name]
        parent = resolve(record["like"], (*trail, name)) if "like" in record else None
        done[name] = _handshape(name, record, parent)
        return done[name]

    for name in table:
        resolve(name, ())
    return done


def _handshape(name: str, record: Mapping[str, Any], parent: Handshape | None) -> Handshape:
    fingers = {f: _finger(record[f]) if f in record else getattr(parent, f, FingerPose()) for f in FINGERS}
    thumb = _thumb(record["thumb"]) if "thumb" in record else getattr(parent, "thumb", ThumbPose())
    return Handshape(name=name, description=record["description"], thumb=thumb, **fingers)


def _finger(value: list[float] | dict[str, float]) -> FingerPose:
    return FingerPose(**value) if isinstance(value, dict) else FingerPose(*map(float, value))


def _thumb(value: list[float] | dict[str, float]) -> ThumbPose:
    return ThumbPose(**value) if isinstance(value, dict) else ThumbPose(*map(float, value))


def limit_violations(shape: Handshape) -> list[str]:
    """What in a handshape no hand can do, one sentence each; empty when all is within `JOINT_LIMITS`."""
    angles = {f"thumb.{k}": getattr(shape.thumb, k) for k in ("oppose", "abduct", "mcp", "ip", "roll")}
    for finger in FINGERS:
        angles |= {f"{finger}.{k}": getattr(getattr(shape, finger), k) for k in ("mcp", "pip", "dip", "spread")}
    found = []
    for name, angle in angles.items():
        low, high = JOINT_LIMITS.get(name) or JOINT_LIMITS[name.split(".")[1]]
        if not low <= angle <= high:
            found.append(f"{name} is {angle:g} degrees; it can be {low:g} to {high:g}")
    return found
