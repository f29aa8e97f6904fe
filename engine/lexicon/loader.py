"""Loading a language's signs from its TOML files, and checking every record on the way.

Checks: the JSON schemas in `schema/`, then what a schema can't see (`checks.py`) and glosses given twice.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .checks import check_sign
from .handshapes import limit_violations, parse_handshapes
from .phonology import Handshape, NonManual, Posture, Sign
from .places import DATA
from .recorded import Entry
from .recorded_index import RECORDED, read_recorded
from .schemas import suggest, validate
from .toml_source import LexiconError, TomlSource

_HANDSHAPES = "handshapes.toml"
_ALPHABET, _NUMBERS = "_alphabet.toml", "_numbers.toml"


@dataclass(frozen=True)
class Lexicon:
    """All that is known of one signed language."""

    language: str
    handshapes: Mapping[str, Handshape]
    signs: Mapping[str, Entry]
    """By gloss."""
    letters: Mapping[str, Sign] = field(default_factory=dict)
    """By letter; their glosses are `fs-A` and so on."""
    numbers: Mapping[str, Sign] = field(default_factory=dict)
    """By digits: `"7"`, `"12"`."""
    problems: tuple[LexiconError, ...] = ()
    """Mistakes in the user's own files, whose signs are missing here."""

    @property
    def authored(self) -> dict[str, Sign]:
        """The signs that are written, not recorded, by gloss."""
        return {gloss: sign for gloss, sign in self.signs.items() if isinstance(sign, Sign)}

    def by_key(self, key: str) -> Entry:
        """The sign with a key like `asl/HELLO`. Raises `KeyError`."""
        language, _, gloss = key.partition("/")
        if language != self.language.lower():
            raise KeyError(key)
        return self.signs[gloss]


def available_languages(extra_folders: Iterable[Path] = ()) -> tuple[str, ...]:
    """Upper-case codes of the languages that have sign files."""
    roots = (DATA, *map(Path, extra_folders))
    folders = [f for root in roots if root.is_dir() for f in root.iterdir() if f.is_dir()]
    return tuple(sorted({f.name.upper() for f in folders if any(f.glob("*.toml")) or (f / RECORDED).is_file()}))


def load_language(code: str, extra_folders: Iterable[Path] = ()) -> Lexicon:
    """Read and check all signs of a language.

    extra_folders: folders of the user laid out like the embedded `data`, with recorded signs beside the written ones;
    an entry there replaces the embedded one of that gloss, a later folder's an earlier one's. Raises `LexiconError`
    for the first mistake in the embedded data; a mistake in a user's file leaves that file out and is told in
    `problems`.
    """
    reader = _Reader(code.upper())
    reader.folder(DATA)
    for folder in extra_folders:
        reader.user_folder(Path(folder))
    if not reader.found and not reader.problems:
        known = ", ".join(available_languages(extra_folders))
        raise LexiconError(
            f"There are no signs for the language {code}.", DATA / code.lower(), hint=f"There are: {known}."
        )
    return reader.lexicon()


class _Reader:
    """Collects one language from several folders."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.found = False
        self.problems: list[LexiconError] = []
        self._handshapes: dict[str, Handshape] = {}
        self._embedded: dict[str, Any] = {}
        self._tables: dict[str, dict[str, Any]] = {"signs": {}, _ALPHABET: {}, _NUMBERS: {}}

    def folder(self, root: Path) -> None:
        """Read a folder of which every file must be right. Raises `LexiconError`."""
        if (root / _HANDSHAPES).is_file():
            self._handshapes |= _read_handshapes(root / _HANDSHAPES, self._handshapes)
        here: dict[str, Any] = {}
        for path in self._files(root):
            self._file(path, here)
        self._tables["signs"] |= here
        self._embedded |= here

    def user_folder(self, root: Path) -> None:
        """Read a folder of the user's, in which a file with a mistake is left out."""
        here: dict[str, Any] = {}
        if (root / _HANDSHAPES).is_file():
            with self._forgiving():
                self._handshapes |= _read_handshapes(root / _HANDSHAPES, self._handshapes)
        for path in self._files(root):
            with self._forgiving():
                self._file(path, here)
        if (root / self.language.lower() / RECORDED).is_file():
            self.found = True
            with self._forgiving():
                here |= read_recorded(root / self.language.lower() / RECORDED, self.language)
        self._tables["signs"] |= here

    def lexicon(self) -> Lexicon:
        """What was read, compounds put together from their parts."""
        signs = self._tables["signs"]
        for gloss in [g for g, sign in signs.items() if isinstance(sign, _Compound)]:
            try:
                signs[gloss] = signs[gloss].joined(signs, self._embedded)
            except LexiconError as e:
                if not signs[gloss].of_user:
                    raise
                self.problems.append(e)
                del signs[gloss]
        self._check_first_persons(signs)
        return Lexicon(
            self.language,
            self._handshapes,
            signs,
            self._tables[_ALPHABET],
            self._tables[_NUMBERS],
            tuple(self.problems),
        )

    def _check_first_persons(self, signs: Mapping[str, Entry]) -> None:
        """Raises `LexiconError` when the sign that stands for another one at the signer isn't there."""
        for sign in signs.values():
            if isinstance(sign, Sign) and sign.to_signer and sign.to_signer not in signs:
                message = f"{sign.gloss}: there is no sign {sign.to_signer!r} to make at the signer."
                raise LexiconError(message, sign.file, sign.line, suggest(sign.to_signer, signs))

    def _files(self, root: Path) -> list[Path]:
        paths = sorted((root / self.language.lower()).glob("*.toml"))
        self.found = self.found or bool(paths)
        return paths

    def _file(self, path: Path, here: dict[str, Any]) -> None:
        read = _read_signs(path, self.language, self._handshapes, here)
        self._tables.get(path.name, here).update(read)

    @contextlib.contextmanager
    def _forgiving(self) -> Iterator[None]:
        try:
            yield
        except LexiconError as e:
            self.problems.append(e)


@dataclass(frozen=True)
class _Compound:
    """A compound whose parts may stand in files that are not read yet."""

    sign: Sign
    glosses: tuple[str, ...]

    @property
    def file(self) -> str:
        return self.sign.file

    @property
    def line(self) -> int:
        return self.sign.line

    @property
    def of_user(self) -> bool:
        return DATA not in Path(self.sign.file).parents

    def joined(self, signs: Mapping[str, Any], embedded: Mapping[str, Any]) -> Sign:
        """The compound with its parts; a part that the user has recorded anew stays the embedded one.

        Raises `LexiconError` when one is missing or no plain written sign.
        """
        parts = []
        for gloss in self.glosses:
            part = signs.get(gloss)
            if gloss in embedded and (not isinstance(part, Sign) or part.parts):
                part = embedded[gloss]
            if not isinstance(part, Sign) or part.parts:
                plain = [g for g, s in signs.items() if isinstance(s, Sign) and not s.parts]
                what = "is no sign" if part is None else "is not a plain written sign"
                raise LexiconError(
                    f"{self.sign.gloss}: its part {gloss!r} {what}.", self.file, self.line, suggest(gloss, plain)
                )
            parts.append(part)
        return dataclasses.replace(self.sign, parts=tuple(parts))


def _read_handshapes(path: Path, known: Mapping[str, Handshape]) -> dict[str, Handshape]:
    source = TomlSource.read(path)
    validate(source, "handshapes", depth=1)
    for name, record in source.data.items():
        base = record.get("like")
        if base is not None and base not in source.data and base not in known:
            hint = suggest(base, [*source.data, *known])
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
    path: Path, language: str, handshapes: Mapping[str, Handshape], before: Mapping[str, Any]
) -> dict[str, Any]:
    source = TomlSource.read(path)
    validate(source, "sign", depth=1)
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
        check_sign(source, gloss, record, handshapes)
        parts = tuple(record.get("parts", ()))
        sign = _sign(prefix + gloss, language, record, str(path), lines[gloss])
        signs[gloss] = _Compound(sign, parts) if parts else sign
    return signs


def _sign(gloss: str, language: str, record: Mapping[str, Any], file: str, line: int) -> Sign:
    values: dict[str, Any] = {
        k: tuple(v) if k in ("words", "context") else v for k, v in record.items() if k != "parts"
    }
    for key in ("postures", "base"):
        values[key] = tuple(_posture(p) for p in values.get(key, ()))
    values["nonmanual"] = NonManual(**values.get("nonmanual", {}))
    return Sign(gloss=gloss, language=language, file=file, line=line, **values)


def _posture(record: Mapping[str, Any]) -> Posture:
    if "offset" in record:
        x, y, z = record["offset"]
        return Posture(**{**record, "offset": (float(x), float(y), float(z))})
    return Posture(**record)
