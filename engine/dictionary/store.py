"""Writing to the user's dictionary: every change is complete or not made at all.

A change is collected in a `Draft`. All files are written beside first and then renamed: new motion under new names,
files that written signs are added to, the index, files that written signs are removed from; motion that nothing names
any more goes last. When one can't be renamed, those before it get their old content back. A crash between leaves at
worst a sign that is written and recorded, of which the recorded one counts, or a motion file that nothing names.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tomllib
import unicodedata
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..generators.base import EngineError
from ..lexicon.checks import check_sign
from ..lexicon.phonology import Handshape
from ..lexicon.recorded_index import MAX_INDEX_BYTES, RECORDED
from ..lexicon.schemas import validate, validate_data
from ..lexicon.toml_source import LexiconError, TomlSource
from ..outputs import readable_error
from ..take import Take
from . import lock
from .toml_writer import handshape_text, sign_text, with_record, without_record

WRITTEN = "own.toml"
"""Where written signs go that no file of the user's has yet."""
HANDSHAPES = "handshapes.toml"
_GLOSS = re.compile(r"[^\W_a-zà-öø-ÿ](?:[^\W_a-zà-öø-ÿ]|-)*\Z")
_MAX_GLOSS = 80


def good_gloss(name: str) -> str:
    """The name as a gloss: capitals of any script, digits, hyphens. Raises `EngineError` when nothing of it is left."""
    text = unicodedata.normalize("NFC", name).upper()
    text = re.sub(r"[\s_\-–—/+&]+", "-", text)
    text = re.sub(r"[^\w-]|_", "", text, flags=re.UNICODE).strip("-")[:_MAX_GLOSS].strip("-")
    if not _GLOSS.match(text):
        raise EngineError(
            "bad_gloss",
            f"{name[:60]!r} can't be the name of a sign.",
            "A sign's name has capitals, digits and hyphens, like THANK-YOU.",
        )
    return text


class UserDictionary:
    """The user's signs of one language."""

    def __init__(self, folder: str | Path, language: str) -> None:
        """folder: the dictionary's; it is made with the first sign."""
        if not str(folder).strip() or "\0" in str(folder):
            raise EngineError("bad_request", "The request doesn't say where your dictionary is.")
        self.root, self.language = Path(folder), language.upper()
        self.folder = self.root / language.lower()

    def recorded(self) -> dict[str, dict[str, Any]]:
        """Records of the index by gloss. Raises `EngineError` when the index is damaged."""
        path = self.folder / RECORDED
        if not path.is_file():
            return {}
        try:
            if path.stat().st_size > MAX_INDEX_BYTES:
                raise LexiconError(f"The file is larger than {MAX_INDEX_BYTES >> 20} MB.", path)
            data = json.loads(path.read_text(encoding="utf-8"))
            validate_data(data, "recorded", path)
        except (OSError, ValueError, RecursionError) as e:
            raise damaged(path, e) from e
        return data["signs"]

    def written(self) -> dict[str, Path]:
        """The file of every written sign by its gloss; files that can't be read are passed over, loading tells them."""
        found: dict[str, Path] = {}
        for path in sorted(self.folder.glob("*.toml")):
            if path.name.startswith("_"):
                continue
            with contextlib.suppress(LexiconError):
                found |= dict.fromkeys(TomlSource.read(path).data, path)
        return found

    @contextlib.contextmanager
    def change(self) -> Iterator[Draft]:
        """Collect changes, and make them when the block ends well. Raises `EngineError`."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with lock.writing(self.root):
                draft = Draft(self)
                try:
                    yield draft
                    draft.commit()
                finally:
                    draft.tidy()
        except OSError as e:
            raise readable_error(e, self.folder / RECORDED) from e


class Draft:
    """Changes to a user's dictionary that are made together; for use inside `UserDictionary.change` only."""

    def __init__(self, dictionary: UserDictionary) -> None:
        self._of = dictionary
        self.recorded = dictionary.recorded()
        self.written = dictionary.written()
        self._texts: dict[Path, str] = {}
        """Files with what is added to them."""
        self._gone: dict[Path, set[str]] = {}
        """Written signs to be removed, by their files."""
        self._new_motion: set[Path] = set()
        self._committed = self._index_changed = False
        self._before = {record["motion"] for record in self.recorded.values()}

    def __contains__(self, gloss: str) -> bool:
        return gloss in self.recorded or gloss in self.written

    def free_gloss(self, gloss: str) -> str:
        """The gloss, or with the lowest number behind it that no own sign has yet."""
        if gloss not in self:
            return gloss
        return next(f"{gloss}-{n}" for n in range(2, 1_000_000) if f"{gloss}-{n}" not in self)

    def put_recorded(self, gloss: str, record: Mapping[str, Any], take: Take | None = None) -> None:
        """Add or replace a recorded sign; without a take its motion is the one that the record names."""
        record = dict(record)
        if take is not None:
            record["motion"] = self._save_motion(gloss, take)
        path = self._of.folder / RECORDED
        _checked(lambda: validate_data({"format": 1, "signs": {gloss: record}}, "recorded", path))
        self._forget_written(gloss)
        self.recorded[gloss] = record
        self._index_changed = True

    def put_written(self, gloss: str, record: Mapping[str, Any], handshapes: Mapping[str, Handshape]) -> None:
        """Add or replace a written sign; handshapes: all that it may name."""
        text = sign_text(gloss, record)
        path = self.written.get(gloss, self._of.folder / WRITTEN)
        source = TomlSource(path, text, tomllib.loads(text))
        _checked(lambda: validate(source, "sign", depth=1))
        _checked(lambda: check_sign(source, gloss, source.data[gloss], handshapes))
        self._texts[path] = with_record(self._text(path), gloss, text)
        self._gone.get(path, set()).discard(gloss)
        self.written[gloss] = path
        if self.recorded.pop(gloss, None) is not None:
            self._index_changed = True

    def put_handshape(self, shape: Handshape) -> None:
        """Add or replace one of the user's own handshapes."""
        path = self._of.root / HANDSHAPES
        self._texts[path] = with_record(self._text(path), shape.name, handshape_text(shape))

    def remove(self, gloss: str) -> bool:
        """Remove an own sign; False when there is none."""
        found = gloss in self
        self._forget_written(gloss)
        if self.recorded.pop(gloss, None) is not None:
            self._index_changed = True
        return found

    def record_of_written(self, gloss: str) -> dict[str, Any]:
        """The record of an own written sign as its file has it."""
        return tomllib.loads(self._text(self.written[gloss]))[gloss]

    def commit(self) -> None:
        """Write everything or nothing: a sign that moves between files is added to one before the other loses it."""
        files = list(self._texts.items())
        if self._index_changed:
            content = {"format": 1, "signs": dict(sorted(self.recorded.items()))}
            files.append((self._of.folder / RECORDED, json.dumps(content, ensure_ascii=False, indent=1)))
        for path, glosses in self._gone.items():
            text = self._text(path)
            for gloss in sorted(glosses):
                text = without_record(text, gloss)
            files.append((path, text))
        write_together([(path, text.encode()) for path, text in files])
        self._committed = True

    def tidy(self) -> None:
        """Delete motion that no sign names: replaced motion after a commit, new motion after a failure."""
        used = {record["motion"] for record in self.recorded.values()} if self._committed else self._before
        for name in self._before | {f"motion/{p.name}" for p in self._new_motion}:
            if name not in used:
                with contextlib.suppress(OSError):  # in use elsewhere on Windows: a file too many does no harm
                    (self._of.folder / name).unlink()

    def _save_motion(self, gloss: str, take: Take) -> str:
        folder = self._of.folder / "motion"
        folder.mkdir(exist_ok=True)
        plain = re.sub(r"[^A-Z0-9-]", "", unicodedata.normalize("NFKD", gloss)) or "SIGN"
        path = folder / f"{plain[:40]}-{uuid.uuid4().hex[:8]}.npz"
        self._new_motion.add(path)
        take.save(path)
        return f"motion/{path.name}"

    def _forget_written(self, gloss: str) -> None:
        path = self.written.pop(gloss, None)
        if path is not None:
            self._gone.setdefault(path, set()).add(gloss)

    def _text(self, path: Path) -> str:
        if path not in self._texts:
            try:
                text = path.read_text(encoding="utf-8") if path.is_file() else ""
                tomllib.loads(text)
            except (ValueError, RecursionError) as e:
                raise damaged(path, e) from e
            return text
        return self._texts[path]


def write_beside(path: Path, data: bytes) -> None:
    """Write a file beside and rename it, so that no reader sees half of it and a full disk spoils nothing."""
    partial = _partial(path)
    try:
        _write_through(partial, data)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_together(files: list[tuple[Path, bytes]]) -> None:
    """Write files beside, then rename them in order; when that fails, those renamed get their old content back."""
    beside = [(path, _partial(path), data) for path, data in files]
    with contextlib.ExitStack() as clean, contextlib.ExitStack() as undo:
        for _, partial, data in beside:
            clean.callback(partial.unlink, missing_ok=True)
            _write_through(partial, data)
        for path, partial, _ in beside:
            old = path.read_bytes() if path.is_file() else None
            os.replace(partial, path)
            undo.callback(_put_back, path, old)
        undo.pop_all()


def _put_back(path: Path, old: bytes | None) -> None:
    if old is None:
        path.unlink(missing_ok=True)
    else:
        write_beside(path, old)


def _partial(path: Path) -> Path:
    return path.with_name(f"{path.name}.{uuid.uuid4().hex[:6]}.part")


def _write_through(path: Path, data: bytes) -> None:
    """Write a file down to the disk."""
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def damaged(path: Path, error: Exception) -> EngineError:
    """The error for a file of the user's that can't be read."""
    return EngineError(
        "dictionary_damaged",
        f"{path.name} in your dictionary can't be read: {error}",
        f"Nothing was changed. Mend or move away the file {path}, then try again.",
        "open_dictionary",
    )


def _checked(check: Any) -> None:
    try:
        check()
    except LexiconError as e:
        raise EngineError("bad_sign", f"The sign can't be stored: {e.message}", e.hint) from e
