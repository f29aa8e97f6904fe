"""The request `regenerate`: a take, a range and parts of it, to the take with that made anew, in several variations."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .. import __version__
from ..generators.base import EngineError, GenerateRequest, Report
from ..outputs import read_take
from ..skeleton import JOINT_INDEX, mirrored_name
from ..take import Segment, Take
from ..tokenizer.features import PARTS
from .editing import Edit, Edited, Window, decode_edits
from .opening import Opened, carried_out, opened_for
from .options import VARIED_TEMPERATURE
from .retrieval import Chunk, Retrieved
from .runtime import Rows
from .tasks import examples_of, prompt_settings, task_of

_LONGEST_S: Final = 3600.0
_LEAST_S: Final = 0.1
"""Seconds of a segment below which what is left of it is dropped."""


@dataclass(frozen=True)
class Regeneration:
    """A take of the user's and what is to be made anew of it. text: what the range shall sign, the take's own when
    empty. request: language, seed, variations, folders and options, as for generating."""

    take: Take
    edit: Edit
    text: str
    request: GenerateRequest

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Regeneration:
        """Read a message and the take that it names. Raises `EngineError`."""
        take = read_take(message.get("take"))
        text = message.get("text") or ""
        own = not (isinstance(text, str) and text.strip())
        given = {
            **message,
            "text": take.text if own else text,
            "gloss": take.settings.get("gloss_line", "") if own else "",
            "language": message.get("language") or take.language or "ASL",
            "name": message.get("name") or take.name,
        }
        request = GenerateRequest.from_message(given)
        return cls(take, _edit(take, message), "" if own else text, request)


@dataclass(frozen=True)
class Regenerated:
    """One variation: the take, and how it came out."""

    take: Take
    edited: Edited


def regenerate(wanted: Regeneration, report: Report) -> list[Regenerated]:
    """Make all variations. Raises `EngineError` or, told so by `report`, `Cancelled`."""
    report("Loading the model", 0.0)
    opened = opened_for(wanted.request, temperature=VARIED_TEMPERATURE)
    (made, notes), opened, told = carried_out(opened, lambda model: _edited(wanted, model, report))
    return [Regenerated(_take(wanted, opened, one, v, (*notes, *told)), one) for v, one in enumerate(made)]


def _edited(wanted: Regeneration, opened: Opened, report: Report) -> tuple[list[Edited], tuple[str, ...]]:
    """All variations of the motion, and what there is to tell of the text. Raises as `regenerate` does."""
    left_handed = wanted.take.settings.get("handedness") == "left"
    edit = _mirrored(wanted.edit) if left_handed else wanted.edit
    report("Reading the motion", 0.1)
    try:
        window = Window(edit, opened.model)
    except ValueError as e:
        hint = "Choose a shorter range or length; make a long take anew one range after the other."
        raise EngineError("range_too_long", f"This can't be made anew: {e}", hint) from e
    rows, notes = _prompt(wanted, opened, window, report)
    count, seed, options = wanted.request.variations, wanted.request.seed, opened.options
    samplings = [options.sampling(seed, variation=v) for v in range(count)]
    groups = [samplings[:1], samplings[1:]] if len({s.beams for s in samplings}) > 1 else [samplings]
    made: list[Edited] = []
    for group in groups:
        done, size = len(made), len(group)
        made += decode_edits(
            window,
            rows,
            opened.language.code,
            group,
            lambda x, done=done, size=size: report("Generating", 0.2 + 0.7 * (done + x * size) / count),
        )
    return [_mirrored_back(edited) for edited in made] if left_handed else made, notes


def _edit(take: Take, message: Mapping[str, Any]) -> Edit:
    sequence = take.sequence
    parts = message.get("parts") or list(PARTS)
    if not isinstance(parts, list) or not set(parts) <= set(PARTS):
        raise EngineError("bad_request", f"parts must be a list of: {', '.join(PARTS)}.")
    start = _number(message, "start", 0.0, 0.0, _LONGEST_S)
    end = _number(message, "end", sequence.duration, 0.0, _LONGEST_S)
    # frames on the range's border belong to it, whatever rounding says
    first = max(int(-(-(start * sequence.fps - 1e-3) // 1)), 0)
    stop = min(int(end * sequence.fps + 1e-3) + 1, len(sequence))
    if stop <= first:
        raise EngineError(
            "bad_request",
            f"There is no frame between {start:g} and {end:g} s; the take has {sequence.duration:.2f} s.",
            "Choose a start before the end, both within the take.",
        )
    length = _number(message, "length", 1.0, 0.25, 4.0)
    if length != 1.0 and set(parts) != set(PARTS):
        raise EngineError(
            "bad_request",
            "A part alone can't become longer or shorter than the others.",
            "Set the length to 1, or make all parts anew.",
        )
    blend = _number(message, "blend", Edit.blend, 0.0, 5.0)
    ordered = tuple(part for part in PARTS if part in parts)
    return Edit(sequence, first, stop, ordered, _locks(message.get("locks") or [], len(sequence)), length, blend)


def _locks(locks: Any, frames: int) -> tuple[tuple[int, tuple[str, ...]], ...]:
    if not isinstance(locks, list) or not all(isinstance(lock, dict) for lock in locks):
        raise EngineError("bad_request", "locks must be a list of objects with a frame and joints.")
    result = []
    for lock in locks:
        frame, joints = lock.get("frame"), lock.get("joints") or []
        if type(frame) is not int or not 0 <= frame < frames:
            raise EngineError("bad_request", f"There is no frame {frame!r} to lock; the take has {frames}.")
        unknown = [j for j in joints if j not in JOINT_INDEX] if isinstance(joints, list) else [joints]
        if unknown:
            raise EngineError("bad_request", f"There is no joint {unknown[0]!r} to lock.")
        result.append((frame, tuple(joints)))
    return tuple(result)


def _number(message: Mapping[str, Any], name: str, default: float, low: float, high: float) -> float:
    value = message.get(name)
    if value is None:
        return default
    if type(value) not in (int, float) or not low <= value <= high:
        raise EngineError("bad_request", f"{name} must be a number from {low:g} to {high:g}, not {value!r}.")
    return float(value)


def _prompt(wanted: Regeneration, opened: Opened, window: Window, report: Report) -> tuple[Rows, tuple[str, ...]]:
    """The encoder's input for a window: the sentences that it is in, with their signs."""
    model, options, code = opened.model, opened.options, opened.language.code
    settings = prompt_settings(model, options)
    if not (wanted.request.text.strip() or wanted.request.gloss.strip()):
        return model.inputs([""], [[]], [code], settings)[0], (model.note,) if model.note else ()
    task = task_of(wanted.request, opened, report)
    chunks = list(task.retrieved.chunks) if wanted.text else _chunks_in(task.retrieved, wanted.take, window.seconds)
    text = " ".join(chunk.text for chunk in chunks)
    signs = [sign for chunk in chunks for sign in examples_of(chunk)]
    return model.inputs([text], [signs], [code], settings)[0], task.warnings


def _chunks_in(retrieved: Retrieved, take: Take, seconds: tuple[float, float]) -> Sequence[Chunk]:
    """The chunks that are signed between two times; all when the take doesn't say."""
    within = [s for s in take.segments if s.end > seconds[0] and s.start < seconds[1] and s.text_span[1] > 0]
    chosen = [c for c in retrieved.chunks if any(c.span[0] <= s.text_span[0] < c.span[1] for s in within)]
    return chosen or retrieved.chunks


def _take(wanted: Regeneration, opened: Opened, made: Edited, variation: int, notes: tuple[str, ...]) -> Take:
    take, edit = wanted.take, wanted.edit
    fps = take.sequence.fps
    told = {
        "start": edit.first / fps,
        "end": (edit.first + edit.frames) / fps,
        "parts": list(edit.parts),
        "seed": wanted.request.seed + variation,
        "text": wanted.text,
        **opened.provenance,
        **opened.options.chosen_by(variation),
    }
    settings = {
        **take.settings,
        "regenerated": [*take.settings.get("regenerated", []), told],
        "runtime": opened.model.runtime.name,
        "score": made.score,
    }
    name = wanted.request.name
    return dataclasses.replace(
        take,
        name=f"{name} {variation + 1}" if variation else name,
        language=take.language or opened.language.code,
        sequence=made.sequence,
        segments=_segments(wanted, opened),
        seed=wanted.request.seed + variation,
        warnings=tuple(dict.fromkeys((*take.warnings, *notes))),
        settings=settings,
        engine_version=__version__,
    )


def _segments(wanted: Regeneration, opened: Opened) -> tuple[Segment, ...]:
    """The take's segments at their new times: those that the range touches are generated now."""
    edit, fps = wanted.edit, wanted.take.sequence.fps
    first, end, made_end = edit.first / fps, edit.end / fps, (edit.first + edit.frames) / fps

    def moved(time: float) -> float:
        if time <= first:
            return time
        return made_end + time - end if time >= end else first + (time - first) * (made_end - first) / (end - first)

    result: list[Segment] = []
    for segment in wanted.take.segments:
        placed = dataclasses.replace(segment, start=moved(segment.start), end=moved(segment.end))
        if segment.end <= first or segment.start >= end:
            result.append(placed)
        elif wanted.text:
            halves = ((placed.start, min(placed.end, first)), (max(placed.start, made_end), placed.end))
            result += [dataclasses.replace(placed, start=a, end=b) for a, b in halves if b - a >= _LEAST_S]
        else:
            result.append(dataclasses.replace(placed, origin="generated"))
    if wanted.text or not any(s.end > first and s.start < made_end for s in result):
        name = " ".join((wanted.text or wanted.request.text).split())[:40] or opened.model.bundle.manifest.name
        result.append(Segment(name, first, made_end, "generated"))
    return tuple(sorted(result, key=lambda segment: segment.start))


def _mirrored(edit: Edit) -> Edit:
    """The edit of the right-handed signer: models know no others."""
    sides = {"left_hand": "right_hand", "right_hand": "left_hand"}
    parts = {sides.get(part, part) for part in edit.parts}
    return dataclasses.replace(
        edit,
        sequence=edit.sequence.mirrored(),
        parts=tuple(part for part in PARTS if part in parts),
        locks=tuple((frame, tuple(mirrored_name(j) for j in joints)) for frame, joints in edit.locks),
    )


def _mirrored_back(edited: Edited) -> Edited:
    seams = tuple(dataclasses.replace(seam, joint=mirrored_name(seam.joint)) for seam in edited.seams)
    return dataclasses.replace(edited, sequence=edited.sequence.mirrored(), seams=seams)
