"""The dictionary method: every word's sign from the authored lexicon, synthesised into motion."""

from __future__ import annotations

import dataclasses
import threading
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from .. import __version__, languages
from .base import EngineError, GenerateRequest, Report

if TYPE_CHECKING:
    from ..body import BodyModel
    from ..lexicon.loader import Lexicon
    from ..take import Segment, Take

_NAME_LENGTH = 40
_loading = threading.Lock()


class DictionaryGenerator:
    """Signs words that the dictionary has, fingerspells the others."""

    name: ClassVar[str] = "dictionary"
    label: ClassVar[str] = "Dictionary"
    description: ClassVar[str] = "Signs from the dictionary, one after the other; other words are fingerspelled"

    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that the dictionary has signs of."""
        return tuple(language.code for language in languages.with_signs())

    def warm(self, language: str, report: Report) -> None:
        """Load the word forms; make a take of one number and forget it, which loads lexicon and avatar."""
        from ..text import chinese, lemmas

        report("Loading word forms", 0.0)
        spoken = languages.get(language).spoken
        lemmas.load(spoken)
        if spoken == chinese.CODE:
            chinese.load()
        self.generate(GenerateRequest(text="0", language=language), report)

    def generate(self, request: GenerateRequest, report: Report) -> Take:
        """Make the take. Raises `EngineError` or, told so by `report`, `Cancelled`."""
        from ..gloss_line import format_line
        from ..lexicon.synthesis import synthesise
        from ..planning import language_of, make_plan
        from ..take import Take

        report("Reading the dictionary", 0.0)
        language, lexicon = language_of(request)
        report("Reading the text", 0.05)
        plan = make_plan(request, language, lexicon)
        line = format_line(plan)
        report("Loading the body", 0.1)
        body = body_model(request.body_model)
        try:
            sequence, segments = synthesise(
                plan,
                lexicon,
                body,
                fps=float(request.fps),
                seed=request.seed,
                speed=float(request.speed),
                betas=request.betas,
                mouthing=float(request.mouthing),
                variation=float(request.variation),
                report=lambda stage, fraction: report(stage, 0.2 + 0.75 * fraction),
            )
        except ValueError as e:
            hint = "Correct the sign that is named in your dictionary, or take it out of the gloss line."
            raise EngineError("cannot_be_signed", f"This can't be signed: {e}", hint, "edit_text") from e
        report("Finishing", 0.95)
        return Take(
            name=storable(request.name).strip() or take_name(plan.text.strip() or line),
            text=storable(plan.text),
            language=language.code,
            method=self.name,
            sequence=sequence.mirrored() if request.handedness == "left" else sequence,
            segments=tuple(_with_origin(s, lexicon, request.dictionary) for s in segments),
            seed=request.seed,
            warnings=plan.warnings,
            settings={**plain_settings(request), "gloss_line": line},
            engine_version=__version__,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )


def _with_origin(segment: Segment, lexicon: Lexicon, dictionary: str) -> Segment:
    """The segment with what is known of a sign of the user's own."""
    from ..dictionary.library import is_own
    from ..lexicon.phonology import Sign

    entry = lexicon.signs.get(segment.source.partition("/")[2]) if segment.source else None
    if entry is None or entry.key != segment.source:
        return segment
    if isinstance(entry, Sign):
        own = segment.origin == "dictionary" and is_own(entry, dictionary)
        return dataclasses.replace(segment, origin="user") if own else segment
    return dataclasses.replace(segment, fit_residual=entry.fit_residual)


def take_name(text: str) -> str:
    """A short name by the text: its first words, on one line."""
    line = " ".join(text.split())
    if len(line) <= _NAME_LENGTH:
        return line
    return line[:_NAME_LENGTH].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def storable(text: str) -> str:
    """The text without what no file can hold."""
    return text.encode("utf-8", "replace").decode()


def plain_settings(request: GenerateRequest) -> dict[str, Any]:
    """What the user chose, for the take's provenance; of the body model only its file name, of folders nothing."""
    settings = dataclasses.asdict(request)
    for left_out in ("text", "language", "method", "seed", "name", "dictionary", "gloss", "models", "variations"):
        del settings[left_out]
    settings["body_model"] = Path(request.body_model).name
    return settings


def body_model(path: str = "") -> BodyModel:
    """A body model by its file, the embedded avatar when empty; kept until the file changes. Raises `EngineError`."""
    from ..body import EMBEDDED_AVATAR

    file = Path(path) if path else EMBEDDED_AVATAR
    try:
        stamp = file.stat().st_mtime_ns
    except (OSError, ValueError):  # what is wrong with it, loading tells
        stamp = 0
    with _loading:
        return _load_body(file, stamp)


@lru_cache(maxsize=2)
def _load_body(path: Path, stamp: int) -> BodyModel:
    """stamp: time of the file's last change, so that a changed file is read again."""
    from ..body import BodyModel, BodyModelError

    try:
        return BodyModel.load(path)
    except BodyModelError as e:
        raise EngineError(
            "body_model",
            f"The body model {path.name} can't be used: {e}",
            "Choose an SMPL-X file (.npz or .pkl), or the embedded avatar.",
            "load_body",
        ) from e
