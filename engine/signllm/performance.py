"""From a request to motion by SignLLM: sentences, glosses, frames of 50 joints, the body's motion, segments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from .. import bundles, languages
from ..formats.fit50 import fit50
from ..generators.base import EngineError, GenerateRequest, Report
from ..generators.dictionary import body_model
from ..planning import language_of, make_plan
from ..soke.joining import Piece, Placed, join, signing_range
from ..soke.motion import resampled_smoothly
from ..take import PoseSequence, Segment
from .bundled import Model, Signing, opened
from .config import Mode
from .script import Script, Sentence, read, words_of
from .vocabulary import lang_glosses

MOST_BEAMS: Final = 8
_BATCH: Final = 8
"""Most sentences that are generated together."""
_PAUSE_S: Final = 0.3
"""Between sentences."""
_READ, _GLOSSED, _GENERATED, _FITTED = 0.05, 0.1, 0.4, 0.95
"""Fractions of the whole at the end of each stage."""


@dataclass(frozen=True)
class Options:
    """`GenerateRequest.options`. bundle: id of a model, empty for the default one of the language.

    beams: candidates that the search for glosses follows (Prompt2LangGloss); 1 is greedy.
    """

    bundle: str = ""
    beams: int = 1

    @classmethod
    def of(cls, options: Mapping[str, Any], known: Sequence[str]) -> Options:
        """Read a request's options. known: names of those that the method has. Raises `EngineError`: `bad_request`."""
        unknown = sorted(set(options) - set(known))
        if unknown:
            listed = ", ".join(known)
            raise EngineError("bad_request", f"The method has no option {unknown[0]!r}; it has: {listed}.")
        made = cls(**options)
        if not isinstance(made.bundle, str) or type(made.beams) is not int or not 1 <= made.beams <= MOST_BEAMS:
            raise EngineError(
                "bad_request",
                f"The request is of the wrong type or out of range in: bundle (text) or beams (1 to {MOST_BEAMS}).",
            )
        return made


@dataclass
class Performance:
    """A finished take's content. language: code of the signed one. lines: LangGloss of each sentence, if there is."""

    language: str
    sequence: PoseSequence
    segments: tuple[Segment, ...]
    provenance: dict[str, Any]
    lines: list[tuple[str, ...]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Ready:
    """A sentence with the rows that go into the model to poses, and its LangGloss, if there is, with the frames that
    each token is known to take about."""

    sentence: Sentence
    rows: list[int]
    tokens: tuple[str, ...] = ()
    durations: tuple[float, ...] = ()


def perform(request: GenerateRequest, mode: Mode, options: Options, report: Report) -> Performance:
    """Make the motion of a request. Raises `EngineError` and what `report` raises, which is called between frames."""
    report("Reading the text", 0.0)
    warnings: list[str] = []
    script = _script(request, mode, warnings)
    report("Loading the model", _READ)
    found = found_for(options, request.models, script.language, mode)
    model = opened(found)
    ready = _ready(model, script, options, report, warnings)
    signed = _signed(model, ready, report)
    warnings += [_endless(one.sentence) for one, made in zip(ready, signed, strict=True) if not made.complete]
    sequences = _fitted(model, signed, request, report)
    pieces = [Piece(sequence, *signing_range(sequence), _PAUSE_S) for sequence in sequences]
    whole, placed = join(pieces)
    fps = model.fps * float(request.speed)
    segments = [
        segment
        for one, piece, place in zip(ready, pieces, placed, strict=True)
        for segment in _segments(one, piece, place, fps, found)
    ]
    sequence = resampled_smoothly(replace(whole, fps=fps), float(request.fps))
    lines = [one.tokens for one in ready if one.tokens]
    return Performance(script.language, sequence, tuple(segments), _provenance(found, model), lines, warnings)


def found_for(options: Options, models: str, code: str, mode: Mode) -> bundles.Listed:
    """The bundle that signs a language. Raises `EngineError`: `no_model`, `bundle_language` and others."""
    found = bundles.choose(options.bundle, models, code, mode)
    assert found.bundle is not None
    if code not in found.bundle.manifest.languages:
        known = bundles.languages_of(models, mode)
        raise EngineError(
            "bundle_language",
            f"The method has no model of {languages.get(code).name}."
            if not options.bundle
            else f"The model {found.bundle.manifest.name} doesn't know {languages.get(code).name}.",
            f"Choose one of its languages ({', '.join(known)}), or another method.",
            "choose_language",
        )
    return found


def _script(request: GenerateRequest, mode: Mode, warnings: list[str]) -> Script:
    """What is signed: the user's gloss line where the method has glosses, else the text."""
    if request.gloss.strip() and mode == "prompt2langgloss":
        language, lexicon = language_of(request)
        plan = make_plan(request, language, lexicon)
        warnings += plan.warnings
        phrases = [[item.gloss for item in phrase.items if item.kind != "pause"] for phrase in plan.phrases]
        tokens = [tuple(lang_glosses(language.code, glosses, lexicon.letters)) for glosses in phrases if glosses]
        return Script(language.code, tuple(Sentence(" ".join(line), tokens=line) for line in tokens if line))
    if request.gloss.strip():
        warnings.append("This method signs the text; the gloss line has no part in it.")
    script = read(request)
    warnings += script.warnings
    return script


def _ready(model: Model, script: Script, options: Options, report: Report, warnings: list[str]) -> list[_Ready]:
    """The rows of each sentence; in Prompt2LangGloss by way of the glosses that the model writes, or that are given."""
    ready = []
    for number, sentence in enumerate(script.sentences):

        def progress(done: float, number: int = number) -> None:
            share = (number + done) / len(script.sentences)
            report("Writing glosses" if model.glosses else "Reading the text", _READ + (_GLOSSED - _READ) * share)

        progress(0.0)
        if model.glosses is None:
            whole = model.text.encode(sentence.text, script.language, longest=1 << 20)
            rows = model.text.encode(sentence.text, script.language, longest=model.longest_text)
            if len(rows) < len(whole):
                warnings.append(f"{_quoted(sentence.text)} is longer than the model reads; its end is left out.")
            ready.append(_Ready(sentence, rows))
        elif (made := _glossed(model, sentence, script.language, options, progress, warnings)) is not None:
            ready.append(made)
    if not ready:
        raise EngineError(
            "nothing_to_sign",
            "The model found no signs for the text." + "".join(f" {w}" for w in warnings),
            "Write it in other words.",
            "edit_text",
        )
    return ready


def _glossed(
    model: Model,
    sentence: Sentence,
    code: str,
    options: Options,
    progress: Callable[[float], None],
    warnings: list[str],
) -> _Ready | None:
    assert model.glosses is not None
    if sentence.tokens:
        lost = [token for token in sentence.tokens if not model.glosses.known(token)]
        warnings += [f"The model doesn't know {token} and can't spell it; it is left out." for token in lost]
        rows = model.glosses.encode(sentence.tokens, model.config.longest_text)
    else:
        written = model.write_glosses(sentence.text, code, options.beams, progress)
        if not written.complete:
            warnings.append(f"The model found no end of the glosses for {_quoted(sentence.text)}; they were cut.")
        rows = model.glosses.encode(model.glosses.decode(written.rows), model.config.longest_text)
    tokens = tuple(model.glosses.decode(rows))
    if not tokens:
        warnings.append(f"The model has no signs for {_quoted(sentence.text)}; it is left out.")
        return None
    return _Ready(sentence, rows, tokens, tuple(model.durations(tokens)))


def _signed(model: Model, ready: Sequence[_Ready], report: Report) -> list[Signing]:
    made: list[Signing] = []
    for begin in range(0, len(ready), _BATCH):
        batch = ready[begin : begin + _BATCH]

        def progress(done: float, begin: int = begin, size: int = len(batch)) -> None:
            share = (begin + done * size) / len(ready)
            report("Generating", _GLOSSED + (_GENERATED - _GLOSSED) * share)

        made += model.sign([one.rows for one in batch], progress)
    return made


def _fitted(model: Model, signed: Sequence[Signing], request: GenerateRequest, report: Report) -> list[PoseSequence]:
    """The body's motion of each sentence."""
    body, frames = body_model(request.body_model), sum(len(one.points) for one in signed)
    sequences: list[PoseSequence] = []
    before = 0
    for one in signed:

        def progress(done: float, before: int = before, size: int = len(one.points)) -> None:
            share = (before + done * size) / frames
            report("Fitting the body", _GENERATED + (_FITTED - _GENERATED) * share)

        try:
            sequences.append(fit50(one.points.astype(np.float64), model.fps, body, progress=progress).sequence)
        except ValueError as e:
            raise EngineError(
                "cannot_be_signed",
                f"What the model made is no body: {e}",
                "Write the text in other words, or choose another model.",
                "edit_text",
            ) from e
        before += len(one.points)
    return sequences


def _segments(one: _Ready, piece: Piece, place: Placed, fps: float, found: bundles.Listed) -> list[Segment]:
    """The sentence as one segment, or its glosses, which share the time from the first sign to the last by how long
    each takes in the training: the model itself doesn't say when it signs which."""
    assert found.bundle is not None
    source, licence = f"model/{found.id}", found.bundle.manifest.licence

    def segment(gloss: str, first: float, end: float) -> Segment:
        begin, stop = ((place.start + min(max(x, place.first), place.end) - place.first) / fps for x in (first, end))
        return Segment(gloss, begin, stop, "generated", one.sentence.span, source=source, licence=licence)

    if not one.tokens:
        return [segment(" ".join(one.sentence.text.split()), 0, len(piece.sequence))]
    shares = np.concatenate([[0.0], np.cumsum(one.durations) / np.sum(one.durations)])
    edges = (piece.first + (piece.end - piece.first) * shares).tolist()
    return [segment(gloss, edges[first], edges[end]) for gloss, first, end in words_of(one.tokens)]


def _provenance(found: bundles.Listed, model: Model) -> dict[str, Any]:
    manifest = model.bundle.manifest
    return {
        "bundle": found.id,
        "bundle_name": manifest.name,
        "bundle_sha256": model.digest,
        "bundle_licence": manifest.licence,
        "runtime": model.runtime,
    }


def _endless(sentence: Sentence) -> str:
    return f"The model found no end for {_quoted(sentence.text)}, so that it was cut. Split or reword the sentence."


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:59] + "…")
