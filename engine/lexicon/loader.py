"""Loading a language's signs from its TOML files, and checking every record on the way.

Checks: the JSON schemas in `schema/`, then what a schema can't see: handshapes, places, points,
directions and face units that don't exist, orientations that contradict themselves, glosses given twice.
"""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..skeleton import EXPRESSION_NAMES
from .handshapes import limit_violations, parse_handshapes
from .phonology import DIRECTIONS, Handshape, NonManual, Posture, Sign
from .toml_source import LexiconError, TomlSource

__all__ = ["Lexicon", "LexiconError", "available_languages", "direction_vector", "load_language", "locations"]

DATA = Path(__file__).parent / "data"
SCHEMAS = Path(__file__).parent / "schema"
_OPPOSITE = (("up", "down"), ("forward", "back"), ("out", "in"))
_DIRECTION_FIELDS = ("palm", "fingers", "bulge")
_HANDSHAPES, _LOCATIONS = "handshapes.toml", "locations.toml"
_ALPHABET, _NUMBERS = "_alphabet.toml", "_numbers.toml"


@dataclass(frozen=True)
class Lexicon:
    """All that is known of one signed language."""

    language: str
    handshapes: Mapping[str, Handshape]
    signs: Mapping[str, Sign]
    """By gloss."""
    letters: Mapping[str, Sign] = field(default_factory=dict)
    """By letter; their glosses are `fs-A` and so on."""
    numbers: Mapping[str, Sign] = field(default_factory=dict)
    """By digits: `"7"`, `"12"`."""

    def by_key(self, key: str) -> Sign:
        """The sign with a key like `asl/HELLO`. Raises `KeyError`."""
        language, _, gloss = key.partition("/")
        if language != self.language.lower():
            raise KeyError(key)
        return self.signs[gloss]


def available_languages(extra_folders: Iterable[Path] = ()) -> tuple[str, ...]:
    """Upper-case codes of the languages that have sign files."""
    roots = (DATA, *map(Path, extra_folders))
    found = {f.name.upper() for root in roots if root.is_dir() for f in root.iterdir() if any(f.glob("*.toml"))}
    return tuple(sorted(found))


def load_language(code: str, extra_folders: Iterable[Path] = ()) -> Lexicon:
    """Read and check all signs of a language.

    extra_folders: folders laid out like the embedded `data`; an entry there replaces the embedded one of that gloss,
    a later folder's an earlier one's. Raises `LexiconError` for the first mistake found.
    """
    handshapes: dict[str, Handshape] = {}
    tables: dict[str, dict[str, Sign]] = {"signs": {}, _ALPHABET: {}, _NUMBERS: {}}
    found = False
    for root in (DATA, *map(Path, extra_folders)):
        if (root / _HANDSHAPES).is_file():
            handshapes |= _read_handshapes(root / _HANDSHAPES, handshapes)
        here: dict[str, Sign] = {}
        for path in sorted((root / code.lower()).glob("*.toml")):
            found = True
            table = tables.get(path.name, here)
            table |= _read_signs(path, code.upper(), handshapes, here)
        tables["signs"] |= here
    if not found:
        known = ", ".join(available_languages(extra_folders))
        raise LexiconError(
            f"There are no signs for the language {code}.", DATA / code.lower(), hint=f"There are: {known}."
        )
    return Lexicon(code.upper(), handshapes, tables["signs"], tables[_ALPHABET], tables[_NUMBERS])


@functools.cache
def locations() -> dict[str, dict[str, dict[str, Any]]]:
    """The parsed `locations.toml`: tables `body`, `space` and `hand`."""
    source = TomlSource.read(DATA / _LOCATIONS)
    _validate(source, "locations", depth=2)
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
    """`up-up-in` to its unit (out, up, forward). Raises `ValueError` that says what is wrong with the words."""
    parts = words.split("-")
    for part in parts:
        if part not in DIRECTIONS:
            raise ValueError(f"{part!r} is not a direction. {_suggest(part, DIRECTIONS)}")
    for a, b in _OPPOSITE:
        if a in parts and b in parts:
            raise ValueError(f"{words!r} contradicts itself: {a} and {b} cancel each other.")
    x, y, z = (float(parts.count(plus) - parts.count(minus)) for plus, minus in (("out", "in"), *_OPPOSITE[:2]))
    length = (x * x + y * y + z * z) ** 0.5
    return x / length, y / length, z / length


def _suggest(name: str, known: Iterable[str]) -> str:
    known = sorted(known)
    near = difflib.get_close_matches(name.lower(), known, 1, 0.5) or difflib.get_close_matches(name, known, 1, 0.5)
    if near:
        return f"Did you mean {near[0]!r}?"
    return f"Known: {', '.join(known[:60])}."


def _read_handshapes(path: Path, known: Mapping[str, Handshape]) -> dict[str, Handshape]:
    source = TomlSource.read(path)
    _validate(source, "handshapes", depth=1)
    for name, record in source.data.items():
        base = record.get("like")
        if base is not None and base not in source.data and base not in known:
            hint = _suggest(base, [*source.data, *known])
            raise LexiconError(f"{name}: there is no handshape {base!r}.", path, source.line_of(name, ("like",)), hint)
    try:
        shapes = parse_handshapes(source.data, known)
    except ValueError as e:
        raise LexiconError(f"{e} is like itself.", path, source.line_of(str(e), ("like",))) from e
    for name, shape in shapes.items():
        for problem in limit_violations(shape):
            finger = problem.split(".")[0]
            raise LexiconError(f"{name}: {problem}.", path, source.line_of(name, (finger,)))
    return shapes


def _read_signs(
    path: Path, language: str, handshapes: Mapping[str, Handshape], before: Mapping[str, Sign]
) -> dict[str, Sign]:
    source = TomlSource.read(path)
    _validate(source, "sign", depth=1)
    lines = source.header_lines()
    prefix = "fs-" if path.name == _ALPHABET else ""
    signs = {}
    for gloss, record in source.data.items():
        if gloss in before and not path.name.startswith("_"):
            first = before[gloss]
            raise LexiconError(
                f"{gloss} is given a second time; the first is in {first.file}, line {first.line}.",
                path,
                lines[gloss],
                "Remove one, or give one of them another gloss, like " + f"{gloss}-2.",
            )
        _check_sign(source, gloss, record, handshapes)
        signs[gloss] = _sign(prefix + gloss, language, record, str(path), lines[gloss])
    return signs


def _sign(gloss: str, language: str, record: Mapping[str, Any], file: str, line: int) -> Sign:
    values = dict(record)
    values["words"] = tuple(values["words"])
    for key in ("postures", "base"):
        values[key] = tuple(_posture(p) for p in values.get(key, ()))
    values["nonmanual"] = NonManual(**values.get("nonmanual", {}))
    return Sign(gloss=gloss, language=language, file=file, line=line, **values)


def _posture(record: Mapping[str, Any]) -> Posture:
    if "offset" in record:
        x, y, z = record["offset"]
        return Posture(**{**record, "offset": (float(x), float(y), float(z))})
    return Posture(**record)


def _check_sign(source: TomlSource, gloss: str, record: Mapping[str, Any], handshapes: Mapping[str, Handshape]) -> None:
    """What the schema can't see of one record."""

    def fail(keys: Sequence[str | int], message: str, hint: str = "") -> None:
        raise LexiconError(f"{gloss}: {message}", source.path, source.line_of(gloss, keys), hint)

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
                    fail((part, i, key), f"there is no {what} {posture[key]!r}.", _suggest(posture[key], names))
            _check_directions(posture, functools.partial(_fail_in, fail, (part, i)))
            state |= posture
            if i == 0 and (missing := [k for k in ("shape", "at", "palm", "fingers") if k not in state]):
                fail((part, 0), f"the first posture has no {missing[0]}.", "Only later postures may leave it out.")
            _check_orientation(state, posture, functools.partial(_fail_in, fail, (part, i)))
    _check_nonmanual(record.get("nonmanual", {}), fail)


Fail = Callable[..., None]


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
            fail(("nonmanual", "face", unit), f"there is no face unit {unit!r}.", _suggest(unit, EXPRESSION_NAMES))
    if record.get("gaze"):
        try:
            direction_vector(record["gaze"])
        except ValueError as e:
            fail(("nonmanual", "gaze"), str(e))


@functools.cache
def _validator(name: str) -> Callable[[Any], Any]:
    import fastjsonschema  # here because importing it takes longer than reading the files

    return fastjsonschema.compile(json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8")))


def _validate(source: TomlSource, schema: str, depth: int) -> None:
    """Check a file against its schema; `depth` is how many keys make up a table's header."""
    from fastjsonschema import JsonSchemaValueException

    try:
        _validator(schema)(source.data)
    except JsonSchemaValueException as e:
        keys = [int(k) if k.isdigit() and i >= depth else k for i, k in enumerate(e.path[1:])]
        table = ".".join(map(str, keys[:depth]))
        message, hint, culprit = _explain(e)
        line = source.line_of(table or culprit, [*keys[depth:], *([culprit] if culprit and keys[depth - 1 :] else [])])
        raise LexiconError(f"{': '.join([*([table] if table else []), message])}", source.path, line, hint) from e


def _explain(e: Any) -> tuple[str, str, str]:
    """A schema exception as what is wrong, how to mend it, and the key inside of its value that is to blame."""
    name, rule, value, wanted = e.path[-1], e.rule, e.value, e.rule_definition
    known = list(e.definition.get("properties", ()))
    wrong = next((k for k in value if k not in known), None) if isinstance(value, dict) and known else None
    if wrong is not None and rule in ("additionalProperties", "required"):  # a misspelt field is also a missing one
        return f"there is no field {wrong!r}.", _suggest(wrong, known), wrong
    if rule == "required":
        missing = next(k for k in wanted if k not in value)
        return f"{missing} is missing.", f"Add {missing} = ...", ""
    if rule == "enum":
        return f"{name} can't be {value!r}.", f"It is one of: {', '.join(repr(w) for w in wanted if w)}.", ""
    if rule == "propertyNames":
        wrong = next((k for k in value if k != k.upper() or " " in k), next(iter(value)))
        return (
            f"{wrong!r} is no good name.",
            "A gloss has capitals, digits and hyphens; a handshape letters, digits and _.",
            wrong,
        )
    return f"{e.message.removeprefix('data.')}, but it is {value!r}.", "", ""
