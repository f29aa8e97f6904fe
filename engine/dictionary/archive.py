"""Own signs as a zip that others can read, know the licence of, and import.

The zip is laid out as the dictionary itself: `<code>/recorded.json`, `<code>/motion/*.npz`, `<code>/signs.toml`,
`handshapes.toml`; and a `README.md` that names every author and licence.
"""

from __future__ import annotations

import io
import json
import re
import tomllib
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from .. import __version__, languages
from ..generators.base import EngineError, Report
from ..lexicon.handshapes import limit_violations, parse_handshapes
from ..lexicon.phonology import Handshape
from ..lexicon.recorded_index import RECORDED
from ..lexicon.schemas import validate, validate_data
from ..lexicon.toml_source import LexiconError, TomlSource
from ..take import Take, TakeError
from . import library
from .containers import Container
from .incoming import Incoming, Skipped
from .store import HANDSHAPES, UserDictionary, damaged, write_beside
from .toml_writer import handshape_text, shapes_of, sign_text

_SIGNS = "signs.toml"
_MEMBER = re.compile(r"(?:[^/]+/)?(?P<code>[a-z]{2,5}(?:-[a-z]{2})?)/(?P<file>recorded\.json|[^/_][^/]*\.toml)\Z")


def export(dictionary: UserDictionary, glosses: list[str], output: Path, report: Report) -> int:
    """Write a zip of own signs, all of the language when no gloss is given; how many.

    Raises `EngineError` when one is missing, has no author or licence, or the zip can't be written.
    """
    recorded, files = dictionary.recorded(), dictionary.written()
    wanted = sorted(set(glosses)) or sorted({*recorded, *files})
    if not wanted:
        raise EngineError("no_such_sign", "You have no signs of your own in this language yet.")
    if missing := [g for g in wanted if g not in recorded and g not in files]:
        raise EngineError(
            "not_own_sign",
            f"{', '.join(missing[:5])} {'is' if len(missing) == 1 else 'are'} not among your own signs.",
            "Only signs of your own can be exported.",
        )
    chosen = {g: recorded[g] for g in wanted if g in recorded}
    written = {g: _source(files[g]).data[g] for g in wanted if g in files and g not in chosen}
    _require_licences({**chosen, **written})
    members = _members(dictionary, chosen, written, report)
    write_beside(output, members)
    return len(wanted)


def read_archive(container: Container) -> Iterator[Incoming | Skipped]:
    """Signs of an exported zip, or of somebody's dictionary folder."""
    found = [(m["code"], m["file"], name) for name in sorted(container.names()) if (m := _MEMBER.fullmatch(name))]
    if not found:
        yield Skipped(container.name, "It holds no dictionary: there is neither recorded.json nor a file of signs.")
        return
    for code, file, name in found:
        if code.upper() not in {x.code for x in languages.LANGUAGES}:
            yield Skipped(f"{container.name}: {name}", f"There is no signed language called {code!r} here.")
            continue
        try:
            if file == RECORDED:
                yield from _recorded(container, code, name)
            else:
                yield from _written(container, code, name)
        except (LexiconError, EngineError) as e:
            yield Skipped(f"{container.name}: {name}", e.message)


def _members(
    dictionary: UserDictionary, recorded: Mapping[str, Any], written: Mapping[str, Any], report: Report
) -> bytes:
    code = dictionary.language.lower()
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for i, record in enumerate(recorded.values()):
            report("Packing", i / max(len(recorded), 1))
            motion = dictionary.folder / record["motion"]
            try:
                archive.writestr(zipfile.ZipInfo(f"{code}/{record['motion']}"), motion.read_bytes())
            except OSError as e:
                raise damaged(motion, e) from e
        if recorded:
            content = json.dumps({"format": 1, "signs": recorded}, ensure_ascii=False, indent=1)
            archive.writestr(f"{code}/{RECORDED}", content)
        if written:
            archive.writestr(f"{code}/{_SIGNS}", "\n".join(sign_text(g, r) for g, r in written.items()))
        if shapes := _own_handshapes(dictionary, written):
            archive.writestr(HANDSHAPES, "\n".join(map(handshape_text, shapes)))
        archive.writestr("README.md", _readme(dictionary.language, {**recorded, **written}))
    return memory.getvalue()


def _own_handshapes(dictionary: UserDictionary, written: Mapping[str, Any]) -> list[Handshape]:
    """Handshapes that the signs use and the embedded table lacks or has otherwise."""
    used = {
        p["shape"] for r in written.values() for part in ("postures", "base") for p in r.get(part, ()) if "shape" in p
    }
    own = library.load(dictionary.language, dictionary.root).handshapes
    known = library.embedded(dictionary.language).handshapes
    return [own[name] for name in sorted(used) if name in own and own[name] != known.get(name)]


def _require_licences(records: Mapping[str, Mapping[str, Any]]) -> None:
    lacking = [g for g, r in records.items() if any(r.get(k, "") in ("", "unknown") for k in ("author", "licence"))]
    if lacking:
        more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
        raise EngineError(
            "licence_missing",
            f"Nobody may use signs without knowing whose they are: {', '.join(lacking[:5])}{more} "
            f"{'has' if len(lacking) == 1 else 'have'} no author or no licence.",
            "Fill in author and licence (like CC0-1.0 or CC-BY-4.0), then export again.",
            "open_dictionary",
        )


def _readme(language: str, records: Mapping[str, Mapping[str, Any]]) -> str:
    by_licence: dict[tuple[str, str], list[str]] = defaultdict(list)
    for gloss, record in records.items():
        by_licence[record["licence"], record["author"]].append(gloss)
    rows = [f"| {licence} | {author} | {', '.join(sorted(g))} |" for (licence, author), g in sorted(by_licence.items())]
    return "\n".join(
        (
            f"# Signs of {languages.get(language).name} for Signwright",
            "",
            f"{len(records)} signs, exported by Signwright {__version__}. In Blender: Signwright's *Dictionary* tab, "
            "*Import*, and choose this zip.",
            "",
            "| Licence | Author | Signs |",
            "|---|---|---|",
            *rows,
            "",
            f"`{language.lower()}/{RECORDED}` lists recorded signs; their motion (`motion/*.npz`) is SMPL-X in AMASS's "
            "layout, y up, that other tools read too.",
            "",
        )
    )


def _recorded(container: Container, code: str, name: str) -> Iterator[Incoming | Skipped]:
    path = Path(name)
    try:
        data = json.loads(container.read(name))
    except (ValueError, RecursionError) as e:
        raise LexiconError(f"It is not JSON: {e}.", path) from e
    validate_data(data, "recorded", path)
    for gloss, record in data["signs"].items():
        what = f"{container.name}: {gloss}"
        try:
            motion = (PurePosixPath(name).parent / record["motion"]).as_posix()
            sequence = Take.from_bytes(container.read(motion), motion).sequence
        except (TakeError, EngineError) as e:
            yield Skipped(what, str(e))
            continue
        kept = {k: v for k, v in _unreviewed(record, container.name).items() if k != "motion"}
        yield Incoming(what, gloss, kept, code.upper(), sequence, ready=True)


def _written(container: Container, code: str, name: str) -> Iterator[Incoming | Skipped]:
    source = _source_of(container.read(name), Path(name))
    validate(source, "sign", depth=1)
    shapes = _handshapes(container, name, code)
    for gloss, record in source.data.items():
        own = {n: s for n, s in shapes.items() if n in shapes_of(record)}
        kept = _unreviewed(record, container.name)
        yield Incoming(f"{container.name}: {gloss}", gloss, kept, code.upper(), handshapes=own)


def _unreviewed(record: Mapping[str, Any], file: str) -> dict[str, Any]:
    """The record without its reviewer, whom anybody can write into a file; the description tells the name."""
    reviewer = record.get("reviewed_by", "")
    if not reviewer:
        return dict(record)
    description = f"{record.get('description', '')} (Reviewed by {reviewer} according to {file}.)".strip()
    return {**record, "reviewed_by": "", "description": description}


def _handshapes(container: Container, name: str, code: str) -> dict[str, Handshape]:
    path = (PurePosixPath(name).parent.parent / HANDSHAPES).as_posix()
    if path not in container.names():
        return {}
    source = _source_of(container.read(path), Path(path))
    validate(source, "handshapes", depth=1)
    try:
        shapes = parse_handshapes(source.data, library.embedded(code).handshapes)
    except (KeyError, ValueError) as e:
        raise LexiconError(f"A handshape is like one that is missing or like itself: {e}.", path) from e
    for shape in shapes.values():
        if problems := limit_violations(shape):
            raise LexiconError(f"{shape.name}: {problems[0]}.", path)
    return shapes


def _source(path: Path) -> TomlSource:
    try:
        return TomlSource.read(path)
    except LexiconError as e:
        raise damaged(path, e) from e


def _source_of(data: bytes, path: Path) -> TomlSource:
    try:
        text = data.decode("utf-8")
        return TomlSource(path, text, tomllib.loads(text))
    except (ValueError, RecursionError) as e:
        raise LexiconError(f"It is not valid TOML: {e}.", path) from e
