"""From decoded chunks to a take's motion and segments: what codes lose put back, chunks joined, mouthing, names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..take import PoseSequence, Segment
from ..tokenizer.features import FRAMES_PER_TOKEN
from .decoding import Decoded
from .exact import Exact
from .joining import Piece, Placed, brought_to_rest, join, piece_of, signing_range
from .mouthing import Seconds, with_mouthing
from .naming import Signer
from .residuals import put_back
from .retrieval import Chunk
from .segments import Span, align
from .tasks import Task


@dataclass(frozen=True)
class Performance:
    """One finished variation. score: mean log-probability of a step that the model chose, 0 when it chose none."""

    sequence: PoseSequence
    segments: tuple[Segment, ...]
    score: float


@dataclass(frozen=True)
class _Signed:
    """A chunk's motion with its signs. spans: of the chunk's examples, in steps."""

    chunk: Chunk
    piece: Piece
    spans: list[Span]


def finished(task: Task, plans: Sequence[Exact] | None, decoded: Sequence[Decoded]) -> Performance:
    """One variation of all chunks. plans: where the signs are, if they were kept; else they are looked for."""
    signed = list(_signed(task, plans, decoded))
    whole, placed = join([one.piece for one in signed])
    whole = _mouthed(task, whole, signed, placed)
    fps = task.model.fps * float(task.request.speed)
    sequence = replace(whole, fps=fps).resampled(float(task.request.fps))
    chosen = [d.chosen for d in decoded]
    score = sum(total for total, _ in chosen) / max(sum(steps for _, steps in chosen), 1)
    return Performance(sequence, _segments(task, signed, placed, fps), score)


def _signed(task: Task, plans: Sequence[Exact] | None, decoded: Sequence[Decoded]) -> Iterator[_Signed]:
    model = task.model
    for number, (chunk, made) in enumerate(zip(task.retrieved.chunks, decoded, strict=True)):
        codes = model.codes(made)
        spans = plans[number].spans if plans else align(codes, [k.entry.codes for k in chunk.examples], model.space)
        ended = plans is not None or task.options.length != 1.0 or made.ended
        examples = [(k.entry.codes, k.entry.residual) for k in chunk.examples]
        motion = put_back(model.decode(codes), codes, spans, examples, model.layout.body, model.space)
        yield _Signed(chunk, _piece(motion, spans, chunk.pause, ended), spans)


def _piece(sequence: PoseSequence, spans: Sequence[Span], pause: float, ended: bool) -> Piece:
    """ended: the motion comes to rest by itself; else the hands are brought there after the last sign."""
    if not spans:
        return Piece(sequence, *signing_range(sequence), pause)
    end = min(spans[-1].end * FRAMES_PER_TOKEN, len(sequence))
    first = min(spans[0].first * FRAMES_PER_TOKEN, end - 1)
    return piece_of(sequence if ended else brought_to_rest(sequence, end), first, end, pause)


def _mouthed(task: Task, motion: PoseSequence, signed: Sequence[_Signed], placed: Sequence[Placed]) -> PoseSequence:
    """The motion with the mouth saying the plan's words, where there is a plan."""
    if task.plan is None:
        return motion
    said: dict[int, Seconds] = {}
    for one, place in zip(signed, placed, strict=True):
        examples = one.chunk.examples
        for span in one.spans:
            item = examples[span.sign].item
            begin, end = place.seconds(span.first, span.end, motion.fps)
            said[item] = (said.get(item, (begin, end))[0], end)
    return with_mouthing(motion, task.plan, said, task.opened.language, float(task.request.mouthing))


def _segments(task: Task, signed: Sequence[_Signed], placed: Sequence[Placed], fps: float) -> tuple[Segment, ...]:
    signer = Signer(task.opened.lexicon, task.text, task.retrieved.others)
    found = [
        segment
        for one, place in zip(signed, placed, strict=True)
        for segment in signer.segments(one.chunk, one.spans, place, fps)
    ]
    return tuple(sorted(found, key=lambda segment: segment.start))
