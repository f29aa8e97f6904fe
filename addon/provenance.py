"""What a take's settings say of the model that made it, in words. They may come from anybody's file. No bpy here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PARTS = {"body": "body and face", "left_hand": "left hand", "right_hand": "right hand"}


def model(settings: Mapping[str, Any]) -> str:
    """Name, licence and fingerprint of the model; empty when none made the take."""
    name = _text(settings, "bundle_name") or _text(settings, "bundle")
    if not name:
        return ""
    digest = _text(settings, "bundle_sha256")[:12]
    return ", ".join(filter(None, (name, _text(settings, "bundle_licence"), digest)))


def sampling(settings: Mapping[str, Any]) -> str:
    """How the model chose, how sure it was of it, and what it ran on."""
    options = settings.get("options")
    chosen = options if isinstance(options, Mapping) else {}
    if not _text(settings, "bundle"):
        return ""
    parts = [how_chosen(chosen)]
    parts += ["signs exactly as in the dictionary"] if chosen.get("mode") == "exact" else []
    score = settings.get("score")
    parts += [f"score {score:.2f}"] if isinstance(score, int | float) else []
    parts += [_text(settings, "runtime")]
    return ", ".join(filter(None, parts))


def how_chosen(options: Mapping[str, Any]) -> str:
    """Temperature and what limits it, or that the most likely was taken."""
    temperature = _number(options, "temperature", 0.0)
    if not temperature:
        beams = int(_number(options, "beams", 1))
        return f"most likely of {beams} beams" if beams > 1 else "most likely"
    parts = [f"temperature {temperature:g}"]
    parts += [f"top {top:g}"] if (top := _number(options, "top_k", 0)) else []
    parts += [f"top p {share:g}"] if (share := _number(options, "top_p", 1.0)) < 1.0 else []
    return ", ".join(parts)


def edits(settings: Mapping[str, Any]) -> list[str]:
    """One line for each time that a part was made anew."""
    made = settings.get("regenerated")
    return [_edit(one) for one in made if isinstance(one, Mapping)] if isinstance(made, list) else []


def _edit(one: Mapping[str, Any]) -> str:
    listed = one.get("parts")
    parts = [_PARTS.get(str(part), str(part)) for part in listed] if isinstance(listed, list) else []
    what = "all" if len(parts) == len(_PARTS) else ", ".join(parts)
    when = f"{_number(one, 'start', 0.0):.1f} to {_number(one, 'end', 0.0):.1f} s"
    how = f"seed {int(_number(one, 'seed', 0))}, {how_chosen(one)}"
    return ", ".join(filter(None, (f"Made anew {when}", what, how, model(one))))


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""


def _number(values: Mapping[str, Any], name: str, default: float) -> float:
    value = values.get(name)
    return float(value) if isinstance(value, int | float) else default
