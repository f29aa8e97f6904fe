"""Checking the lexicon's files against their JSON schemas, with errors that name line and nearest right word."""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .toml_source import LexiconError, TomlSource

SCHEMAS = Path(__file__).parent / "schema"


def suggest(name: str, known: Iterable[str]) -> str:
    """The nearest known name as a question, or what is known."""
    known = sorted(known)
    near = difflib.get_close_matches(name.lower(), known, 1, 0.5) or difflib.get_close_matches(name, known, 1, 0.5)
    if near:
        return f"Did you mean {near[0]!r}?"
    return f"Known: {', '.join(known[:60])}."


@functools.cache
def _validator(name: str) -> Callable[[Any], Any]:
    import fastjsonschema  # here because importing it takes longer than reading the files

    return fastjsonschema.compile(json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8")))


def validate(source: TomlSource, schema: str, depth: int) -> None:
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


def validate_data(data: Any, schema: str, path: Path) -> None:
    """Check parsed JSON against a schema. Raises `LexiconError`."""
    from fastjsonschema import JsonSchemaValueException

    try:
        _validator(schema)(data)
    except JsonSchemaValueException as e:
        message, hint, _ = _explain(e)
        raise LexiconError(f"{'.'.join(map(str, e.path[1:]))}: {message}", path, hint=hint) from e


def _explain(e: Any) -> tuple[str, str, str]:
    """A schema exception as what is wrong, how to mend it, and the key inside of its value that is to blame."""
    name, rule, value, wanted = e.path[-1], e.rule, e.value, e.rule_definition
    known = list(e.definition.get("properties", ()))
    wrong = next((k for k in value if k not in known), None) if isinstance(value, dict) and known else None
    if wrong is not None and rule in ("additionalProperties", "required"):  # a misspelt field is also a missing one
        return f"there is no field {wrong!r}.", suggest(wrong, known), wrong
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
