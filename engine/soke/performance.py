"""From a request to motion by a model: retrieval, decoding of all chunks at once, poses, segments."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, TypeVar

from .. import bundles
from ..bundle import BundleError
from ..generators.base import EngineError, GenerateRequest, Report
from ..generators.dictionary import body_model
from ..gloss import GlossPlan
from ..gloss_line import format_line
from ..languages import Language
from ..lexicon.loader import Lexicon
from ..planning import language_of, make_plan
from ..take import PoseSequence, Segment, TakeError
from ..tokenizer.features import FRAMES_PER_TOKEN, PARTS
from .decoding import Decoded
from .endings import endings
from .exact import Exact, exact, stretched
from .joining import Piece, Placed, brought_to_rest, join, piece_of, signing_range
from .model import Device, Model, Precision
from .mouthing import Seconds, with_mouthing
from .naming import Signer
from .options import Options
from .own_signs import OwnSigns
from .prompt import PromptSettings
from .residuals import put_back
from .retrieval import Chunk, Limits, Retrieved, retrieve_plan
from .sampling import Constraint
from .segments import Span, align
from .word_retrieval import WordIndex, retrieve_words

T = TypeVar("T")
_BATCH: Final = 16
"""Most prompts that are decoded together: memory grows with them."""
_LEAST_STEPS: Final = 2
"""Of a chunk: a single code would be the mean pose."""
_SLACK, _SLACK_STEPS = 1.35, 6
"""Times and steps by which a chunk may be longer than its signs in a row."""
_MARGIN: Final = 0.95
"""Share of the model's steps that a chunk may be estimated at."""
_KEPT: Final = 2
_models: OrderedDict[tuple[Any, ...], Model] = OrderedDict()
_loading = threading.Lock()


@dataclass(frozen=True)
class Performance:
    """One finished variation. score: mean log-probability of a step."""

    sequence: PoseSequence
    segments: tuple[Segment, ...]
    score: float


@dataclass(frozen=True)
class Opened:
    """A model with the language of a request."""

    options: Options
    found: bundles.Listed
    model: Model
    language: Language
    lexicon: Lexicon

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """What makes the take, beside what the user chose."""
        manifest = self.model.bundle.manifest
        return {
            "bundle": self.found.id,
            "bundle_name": manifest.name,
            "bundle_sha256": self.model.digest,
            "bundle_licence": manifest.licence,
            "runtime": self.model.runtime.name,
        }


@dataclass
class Task:
    """A request with all that it needs. text, gloss_line: what is signed. plan: by which, where there is one."""

    request: GenerateRequest
    opened: Opened
    retrieved: Retrieved
    text: str
    gloss_line: str
    warnings: tuple[str, ...]
    plan: GlossPlan | None = None

    @property
    def options(self) -> Options:
        """What the user chose for the method."""
        return self.opened.options

    @property
    def model(self) -> Model:
        """What makes the motion."""
        return self.opened.model

    @property
    def mode(self) -> str:
        """`free` or `exact`: what the user wants, else what the model is meant for, if all signs have an example."""
        if self.options.mode != "auto":
            return self.options.mode
        known = all(k.on for k in self.retrieved.keywords) and not any(o.fate == "model" for o in self.retrieved.others)
        return str(self.model.settings.get("mode", "free")) if known else "free"


def open_model(found: bundles.Listed, device: Device = "auto", precision: Precision = "auto") -> Model:
    """The model of a bundle, kept for the next request. Raises `EngineError`: `bundle_damaged`."""
    bundle = bundles.verified(found)
    key = (bundle.folder, id(bundle), device, precision)
    with _loading:
        if key not in _models:
            try:
                _models[key] = Model.open(bundle, device, precision)
            except (BundleError, ValueError, OSError) as e:
                raise bundles.damaged(found, e) from e
        _models.move_to_end(key)
        while len(_models) > _KEPT:
            _models.popitem(last=False)
        return _models[key]


def forget_models() -> None:
    """Let go of the models that are kept."""
    with _loading:
        _models.clear()


def opened_for(request: GenerateRequest, **defaults: Any) -> Opened:
    """The model and the language of a request. defaults: of options that it doesn't give. Raises `EngineError`."""
    options = Options.of(request.options, **defaults)
    language, lexicon = language_of(request)
    found = bundles.choose(options.bundle, request.models, language.code)
    _require(found, language)
    return Opened(options, found, open_model(found, options.device, options.precision), language, lexicon)


def task_of(request: GenerateRequest, opened: Opened, report: Report) -> Task:
    """Find the signs of a request's text. Raises `EngineError`."""
    report("Reading the text", 0.1)
    text, plan, told, retrieved = _retrieve(request, opened)
    notes = (*told, *retrieved.warnings, *([opened.model.note] if opened.model.note else []))
    line = format_line(plan) if plan else ""
    return Task(request, opened, retrieved.without(opened.options.off), text, line, notes, plan)


def carried_out(opened: Opened, work: Callable[[Opened], T]) -> tuple[T, Opened, tuple[str, ...]]:
    """Do what needs a model. Where a graphics card fails, the processor does it anew.

    The outcome, with which model it was made, and what there is to tell of that.
    """
    try:
        return work(opened), opened, ()
    except RuntimeError as e:
        if "cuda" not in opened.model.runtime.name:
            raise
        note = f"The graphics card failed ({str(e).strip().partition(chr(10))[0][:120]}); the processor did it."
        plain = replace(opened, model=open_model(opened.found, "cpu"))
        return work(plain), plain, (note,)


def perform(task: Task, progress: Callable[[float], None]) -> list[Performance]:
    """Make all variations of a task. progress: gets the fraction that is done; what it raises stops the work.

    Where the processor takes over for a graphics card, the task's warnings tell it.
    """
    warnings = task.warnings

    def work(opened: Opened) -> list[Performance]:
        task.opened, task.warnings = opened, warnings
        return _perform(task, progress)

    made, _, notes = carried_out(task.opened, work)
    task.warnings = (*task.warnings, *notes)
    return made


def _perform(task: Task, progress: Callable[[float], None]) -> list[Performance]:
    chunks, count = task.retrieved.chunks, task.request.variations
    plans = _exact_plans(task) if task.mode == "exact" else None
    if plans is None and task.options.length != 1.0:
        decoded = _decode(task, plans, lambda done: progress(0.5 * done))
        decoded = _at_length(task, decoded, lambda done: progress(0.5 + 0.5 * done))
    else:
        decoded = _decode(task, plans, progress)
    if plans is None and task.options.length == 1.0:
        told = endings(
            chunks, decoded[: len(chunks)], _most_steps(task.model), task.model.step_seconds,
            sampled=task.options.temperature > 0, signs=task.plan is not None,
        )  # fmt: skip
        task.warnings = (*task.warnings, *told)
    return [
        _performance(task, plans, decoded[number * len(chunks) : (number + 1) * len(chunks)]) for number in range(count)
    ]


def _require(found: bundles.Listed, language: Language) -> None:
    assert found.bundle is not None
    manifest = found.bundle.manifest
    if "generator" not in manifest.model:
        raise EngineError(
            "bundle_damaged",
            f"The model {manifest.name} has a tokenizer only: it can play and edit signs, not make them of a text.",
            "Choose a model with a generator.",
            "choose_bundle",
        )
    if language.code not in manifest.languages:
        raise EngineError(
            "bundle_language",
            f"The model {manifest.name} doesn't know {language.name}.",
            f"Choose one of its languages ({', '.join(manifest.languages)}), or another model.",
            "choose_language",
        )


def _retrieve(request: GenerateRequest, opened: Opened) -> tuple[str, GlossPlan | None, tuple[str, ...], Retrieved]:
    """The text, its gloss plan where there is one, warnings, and the signs."""
    options, model, language, lexicon = opened.options, opened.model, opened.language, opened.lexicon
    own = OwnSigns(model, lexicon)
    most = model.prompt.keywords if options.keywords is None else options.keywords
    steps = int(_MARGIN * _most_steps(model))
    try:
        if model.dictionary.by_notation:
            plan = make_plan(request, language, lexicon)
            limits = Limits(most, max(model.prompt.keywords, most), steps)
            found = retrieve_plan(plan, lexicon, model.dictionary, own, request.dictionary, limits)
            return plan.text, plan, plan.warnings, found
        text = request.text if request.text.strip() else request.gloss
        index = WordIndex(model.dictionary, language, lexicon, request.dictionary)
        found = retrieve_words(text, index, own, Limits(most, most, steps))
        if not found.chunks:
            raise EngineError("nothing_to_sign", "There is no word in the text.", "Write some words.", "edit_text")
        return text, None, (), found
    except BundleError as e:
        raise EngineError("bundle_damaged", str(e), "Import the model anew.", "choose_bundle") from e
    except (TakeError, ValueError) as e:
        raise EngineError(
            "cannot_be_signed",
            f"One of your own signs can't be used: {e}",
            "Correct the sign that is named in your dictionary, or take it out.",
            "open_dictionary",
        ) from e


def _most_steps(model: Model) -> int:
    return int(model.settings.get("steps", 100))


def examples_of(chunk: Chunk, length: float = 1.0) -> list[tuple[str, Any]]:
    """The chunk's signs as a prompt takes them."""
    return [
        (k.entry.gloss or k.entry.key, k.entry.codes if length == 1.0 else stretched(k.entry.codes, length))
        for k in chunk.examples
    ]


def prompt_settings(model: Model, options: Options, length: float = 1.0) -> PromptSettings:
    """How prompts are made where the user wants another number of signs or steps than the bundle."""
    keywords = max(model.prompt.keywords, options.keywords or 0)
    steps = max(round((options.keyword_steps or model.prompt.steps) * length), 1)
    return replace(model.prompt, keywords=keywords, steps=steps)


def _exact_plans(task: Task) -> list[Exact]:
    body = body_model(task.request.body_model)
    most = _most_steps(task.model)
    plans = [exact(task.model, c.examples, body, float(task.options.length), most) for c in task.retrieved.chunks]
    missing = sum(len(c.examples) - len(p.spans) for c, p in zip(task.retrieved.chunks, plans, strict=True))
    if missing:
        told = f"{missing} signs at the end of long sentences are left out: the model makes {most} steps at most."
        task.warnings = (*task.warnings, told)
    return plans


def _decode(task: Task, plans: Sequence[Exact] | None, progress: Callable[[float], None]) -> list[Decoded]:
    """All chunks of the first variation, then of the next."""
    hold = task.model.longest_hold
    free = [Constraint(None, _LEAST_STEPS, most, codes_only=True, longest_hold=hold) for most in _longest(task)]
    constraints = [plan.constraint for plan in plans] if plans else free
    return _decode_as(task, constraints * task.request.variations, 1.0, progress)


def _longest(task: Task) -> list[int]:
    """Steps that each chunk may take: the model's most, or well over what its signs take, so that no model runs on."""
    most = _most_steps(task.model)
    return [
        most if chunk.steps is None else min(most, round(_SLACK * chunk.steps) + _SLACK_STEPS)
        for chunk in task.retrieved.chunks
    ]


def _at_length(task: Task, natural: Sequence[Decoded], progress: Callable[[float], None]) -> list[Decoded]:
    """Once more, with exactly as many steps as the wanted length has, and examples as long."""
    length, most = float(task.options.length), _most_steps(task.model)
    steps = [min(max(round(length * len(d.rows[PARTS[0]])), _LEAST_STEPS), most) for d in natural]
    hold = math.ceil(length * task.model.longest_hold)
    rules = [Constraint(None, n, n, codes_only=True, longest_hold=hold) for n in steps]
    return _decode_as(task, rules, length, progress)


def _decode_as(
    task: Task, constraints: Sequence[Constraint], length: float, progress: Callable[[float], None]
) -> list[Decoded]:
    model, options, chunks = task.model, task.options, task.retrieved.chunks
    settings = prompt_settings(model, options, length)
    code = task.opened.language.code
    inputs = model.inputs(
        [c.text for c in chunks], [examples_of(c, length) for c in chunks], [code] * len(chunks), settings
    )
    samples = [
        options.sampling(task.request.seed, c, v) for v in range(task.request.variations) for c in range(len(chunks))
    ]
    result: dict[int, Decoded] = {}
    for numbers in _batches([sampling.beams for sampling in samples]):
        before, size = len(result), len(numbers)
        made = model.generate(
            [inputs[n % len(chunks)] for n in numbers],
            [code] * len(numbers),
            [samples[n] for n in numbers],
            [constraints[n] for n in numbers],
            lambda done, before=before, size=size: progress((before + done * size) / len(samples)),
        )
        result |= dict(zip(numbers, made, strict=True))
    return [result[n] for n in range(len(samples))]


def _batches(beams: Sequence[int]) -> list[list[int]]:
    """Numbers of samples that are decoded together: all of a batch have equally many beams."""
    result: list[list[int]] = []
    for count in sorted(set(beams), reverse=True):
        own = [n for n, b in enumerate(beams) if b == count]
        size = max(_BATCH // count, 1)
        result += [own[i : i + size] for i in range(0, len(own), size)]
    return result


def _performance(task: Task, plans: Sequence[Exact] | None, decoded: Sequence[Decoded]) -> Performance:
    """One variation of all chunks."""
    model, chunks = task.model, task.retrieved.chunks
    pieces: list[Piece] = []
    spans: list[list[Span]] = []
    for number, (chunk, made) in enumerate(zip(chunks, decoded, strict=True)):
        codes = model.codes(made)
        own = plans[number].spans if plans else align(codes, [k.entry.codes for k in chunk.examples], model.space)
        spans.append(own)
        ended = plans is not None or task.options.length != 1.0 or made.ended
        examples = [(k.entry.codes, k.entry.residual) for k in chunk.examples]
        motion = put_back(model.decode(codes), codes, own, examples, model.layout.body, model.space)
        pieces.append(_piece(motion, own, chunk.pause, ended))
    whole, placed = join(pieces)
    signer = Signer(task.opened.lexicon, task.text, task.retrieved.others)
    if task.plan is not None:
        said = _item_seconds(chunks, spans, placed, whole.fps)
        whole = with_mouthing(whole, task.plan, said, task.opened.language, float(task.request.mouthing))
    speed = float(task.request.speed)
    segments = _segments(signer, chunks, spans, placed, model.fps * speed)
    sequence = replace(whole, fps=model.fps * speed).resampled(float(task.request.fps))
    steps = sum(len(d.log_probabilities) for d in decoded)
    return Performance(sequence, segments, sum(d.log_probability for d in decoded) / max(steps, 1))


def _item_seconds(
    chunks: Sequence[Chunk], spans: Sequence[list[Span]], placed: Sequence[Placed], fps: float
) -> dict[int, Seconds]:
    """When the plan's items are signed that were found in the motion."""
    result: dict[int, Seconds] = {}
    for chunk, own, place in zip(chunks, spans, placed, strict=True):
        examples = chunk.examples
        for span in own:
            item = examples[span.sign].item
            begin, end = place.seconds(span.first, span.end, fps)
            result[item] = (result.get(item, (begin, end))[0], end)
    return result


def _piece(sequence: PoseSequence, spans: Sequence[Span], pause: float, ended: bool) -> Piece:
    """ended: the motion comes to rest by itself; else the hands are brought there after the last sign."""
    if not spans:
        return Piece(sequence, *signing_range(sequence), pause)
    end = min(spans[-1].end * FRAMES_PER_TOKEN, len(sequence))
    first = min(spans[0].first * FRAMES_PER_TOKEN, end - 1)
    return piece_of(sequence if ended else brought_to_rest(sequence, end), first, end, pause)


def _segments(
    signer: Signer, chunks: Sequence[Chunk], spans: Sequence[list[Span]], placed: Sequence[Placed], fps: float
) -> tuple[Segment, ...]:
    found = [
        segment
        for chunk, own, place in zip(chunks, spans, placed, strict=True)
        for segment in signer.segments(chunk, own, place, fps)
    ]
    return tuple(sorted(found, key=lambda segment: segment.start))
