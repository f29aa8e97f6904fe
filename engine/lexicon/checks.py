"""What a schema can't see of one sign's record: names that don't exist, orientations that contradict themselves."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..skeleton import EXPRESSION_NAMES
from .phonology import LOCUS_DIRECTIONS, Handshape
from .places import LOCUS_PLACES, direction_vector, locations, place_names
from .schemas import suggest
from .toml_source import LexiconError, TomlSource

Fail = Callable[..., None]

_DIRECTION_FIELDS = ("palm", "fingers", "bulge")


def check_sign(source: TomlSource, gloss: str, record: Mapping[str, Any], handshapes: Mapping[str, Handshape]) -> None:
    """What the schema can't see of one record."""

    def fail(keys: Sequence[str | int], message: str, hint: str = "") -> None:
        raise LexiconError(f"{gloss}: {message}", source.path, source.line_of(gloss, keys), hint)

    if "parts" in record:
        _check_compound(record, fail)
    else:
        _check_made_of_postures(record, handshapes, fail)
    _check_nonmanual(record.get("nonmanual", {}), fail)


def _check_made_of_postures(record: Mapping[str, Any], handshapes: Mapping[str, Handshape], fail: Fail) -> None:
    if missing := next((k for k in ("hands", "postures") if k not in record), None):
        fail((), f"{missing} is missing.", f"Add {missing} = ..., or parts = [ ... ] for a compound.")
    if record["hands"] == "base" and "base" not in record:
        fail(("hands",), 'hands = "base" needs the postures of the other hand.', "Add base = [ ... ].")
    if record["hands"] != "base" and "base" in record:
        fail(
            ("base",), f'the hands are "{record["hands"]}", so base has no meaning.', 'Set hands = "base" or remove it.'
        )
    if len(record.get("base", ())) not in (0, 1, len(record["postures"])):
        fail(
            ("base",),
            f"base has {len(record['base'])} postures and postures has {len(record['postures'])}.",
            "Give base one posture, or as many as postures.",
        )
    points = locations()["hand"]
    for part in ("postures", "base"):
        state: dict[str, Any] = {}
        for i, posture in enumerate(record.get(part, ())):
            known = {"shape": handshapes, "at": place_names(), "touch": points}
            for key, names in known.items():
                if key in posture and posture[key] not in names:
                    what = {"shape": "handshape", "at": "place", "touch": "point of the hand"}[key]
                    fail((part, i, key), f"there is no {what} {posture[key]!r}.", suggest(posture[key], names))
            _check_directions(posture, functools.partial(_fail_in, fail, (part, i)))
            state |= posture
            if i == 0 and (missing := [k for k in ("shape", "at", "palm", "fingers") if k not in state]):
                fail((part, 0), f"the first posture has no {missing[0]}.", "Only later postures may leave it out.")
            _check_orientation(state, posture, functools.partial(_fail_in, fail, (part, i)))
    _check_agreement(record, fail)


def _check_compound(record: Mapping[str, Any], fail: Fail) -> None:
    own = next((k for k in ("hands", "postures", "base", "repeat", "agreement") if k in record), None)
    if own:
        fail((own,), f"a compound is made of its parts, so {own} has no meaning.", f"Remove {own}.")


def _check_agreement(record: Mapping[str, Any], fail: Fail) -> None:
    """A directional sign goes to or from a locus, and no other sign does."""
    used = next(_loci(record), None)
    if used and not record.get("agreement"):
        fail(used[0], f"{used[1]!r} is for directional signs only.", 'Set agreement = "subject_object" or the like.')
    if record.get("agreement") and not used:
        fail(("agreement",), "no posture goes to or from a locus.", 'Use at = "goal" or "source", or palm = "goal".')


def _loci(record: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where a record names a locus, and by which word."""
    for part in ("postures", "base"):
        for i, posture in enumerate(record.get(part, ())):
            if posture.get("at") in LOCUS_PLACES:
                yield (part, i, "at"), posture["at"]
            for key in ("palm", "fingers"):
                yield from (((part, i, key), w) for w in posture.get(key, "").split("-") if w in LOCUS_DIRECTIONS)


def _fail_in(fail: Fail, prefix: tuple[str | int, ...], key: str, message: str, hint: str = "") -> None:
    fail((*prefix, key), message, hint)


def _check_directions(posture: Mapping[str, Any], fail: Fail) -> None:
    for key in _DIRECTION_FIELDS:
        if key not in posture:
            continue
        words = posture[key].split(" ")
        if len(words) > (2 if key == "bulge" and posture.get("path") == "circle" else 1):
            fail(key, f"{key} = {posture[key]!r} has more than one direction.", "Join direction words by hyphens.")
        for word in words:
            try:
                direction_vector(word)
            except ValueError as e:
                fail(key, str(e))


def _check_orientation(state: Mapping[str, Any], posture: Mapping[str, Any], fail: Fail) -> None:
    if "palm" not in posture and "fingers" not in posture:
        return
    palm, fingers = direction_vector(state["palm"]), direction_vector(state["fingers"])
    if abs(sum(a * b for a, b in zip(palm, fingers, strict=True))) > 0.8:
        fail(
            "palm" if "palm" in posture else "fingers",
            f"palm {state['palm']!r} and fingers {state['fingers']!r} lie along one line.",
            "The palm faces across the direction of the fingers.",
        )


def _check_nonmanual(record: Mapping[str, Any], fail: Fail) -> None:
    for unit in record.get("face", {}):
        if unit not in EXPRESSION_NAMES:
            fail(("nonmanual", "face", unit), f"there is no face unit {unit!r}.", suggest(unit, EXPRESSION_NAMES))
    if record.get("gaze"):
        try:
            direction_vector(record["gaze"])
        except ValueError as e:
            fail(("nonmanual", "gaze"), str(e))
