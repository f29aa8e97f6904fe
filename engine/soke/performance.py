"""From a request to motion by a model: decoding of all chunks at once, at the length that is wanted."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from ..generators.dictionary import body_model
from ..tokenizer.features import PARTS
from .decoding import Decoded
from .endings import endings
from .exact import Exact, exact
from .finishing import Performance, finished
from .opening import Opened, carried_out
from .sampling import Constraint
from .tasks import Task, examples_of, most_steps, prompt_settings

_BATCH: Final = 16
"""Most prompts that are decoded together: memory grows with them."""
_LEAST_STEPS: Final = 2
"""Of a chunk: a single code would be the mean pose."""
_SLACK, _SLACK_STEPS = 1.35, 6
"""Times and steps by which a chunk may be longer than its signs in a row."""


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
            chunks, decoded[: len(chunks)], most_steps(task.model), task.model.step_seconds,
            sampled=task.options.temperature > 0, signs=task.plan is not None,
        )  # fmt: skip
        task.warnings = (*task.warnings, *told)
    return [
        finished(task, plans, decoded[number * len(chunks) : (number + 1) * len(chunks)]) for number in range(count)
    ]


def _exact_plans(task: Task) -> list[Exact]:
    body = body_model(task.request.body_model)
    most = most_steps(task.model)
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
    most = most_steps(task.model)
    return [
        most if chunk.steps is None else min(most, round(_SLACK * chunk.steps) + _SLACK_STEPS)
        for chunk in task.retrieved.chunks
    ]


def _at_length(task: Task, natural: Sequence[Decoded], progress: Callable[[float], None]) -> list[Decoded]:
    """Once more, with exactly as many steps as the wanted length has, and examples as long."""
    length, most = float(task.options.length), most_steps(task.model)
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
