"""Dictionary-exact motion: the retrieved signs are forced code for code, and the generator fills the ways between."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..body import BodyModel
from ..lexicon.synthesis.timeline import way_time
from ..skeleton import JOINT_INDEX
from ..take import PoseSequence
from ..tokenizer.features import PARTS
from .decoding import forced_rows
from .model import Model
from .prompt import Codes
from .retrieval import Keyword
from .sampling import FREE, Constraint
from .segments import Span

_WRISTS: Final = [JOINT_INDEX["left_wrist"], JOINT_INDEX["right_wrist"]]
_BEFORE_S, _AFTER_S = 0.5, 0.9
"""Seconds before the first sign and after the last, with the way from and to rest."""
_FREE_WAY: Final = 0.5
"""Share of the way to a sign that its entry hasn't in it: signs begin halfway there (see `synthesis`)."""
_SPELLED_STEPS: Final = 0
"""Steps between the letters of a word: their codes have the way in them."""


@dataclass(frozen=True)
class Exact:
    """What is forced of a chunk, and where its signs are."""

    constraint: Constraint
    spans: list[Span]


def exact(model: Model, keywords: Sequence[Keyword], body: BodyModel, length: float, most: int) -> Exact:
    """Forced codes of a chunk's signs with free steps between them, as many as the hands need for the distance.

    length: scale of signs and ways. most: steps that the generator can make; signs beyond them are left out.
    """
    if not keywords:
        return Exact(Constraint(None, 2, most, codes_only=True), [])
    chosen = [_chosen(keyword.entry.steps, length) for keyword in keywords]
    ways = _ways(model, keywords, body, length)
    before, after = (max(round(length * s / model.step_seconds), 1) for s in (_BEFORE_S, _AFTER_S))
    rows = [_free(before)]
    spans: list[Span] = []
    at = before
    for number, (keyword, own) in enumerate(zip(keywords, chosen, strict=True)):
        way = ways[number - 1] if number else 0
        steps = len(own)
        if at + way + steps + after > most:
            break
        rows += [_free(way), np.array([keyword.entry.codes[part] for part in PARTS], np.int64).T[list(own)]]
        spans.append(Span(number, at + way, at + way + steps, own))
        at += way + steps
    rows.append(_free(after))
    forced = forced_rows(model.vocabulary, np.concatenate(rows))
    return Exact(Constraint(forced, len(forced), len(forced), codes_only=True), spans)


def stretched(codes: Codes, length: float) -> dict[str, list[int]]:
    """Codes of a sign made longer or shorter by repeating or leaving out steps evenly."""
    chosen = _chosen(len(codes[PARTS[0]]), length)
    return {part: [codes[part][i] for i in chosen] for part in PARTS}


def _chosen(steps: int, length: float) -> tuple[int, ...]:
    return tuple(np.linspace(0, steps - 1, max(round(steps * length), 1)).round().astype(int).tolist())


def _ways(model: Model, keywords: Sequence[Keyword], body: BodyModel, length: float) -> list[int]:
    """Steps between each sign and the next."""
    entries = {keyword.entry.key: keyword.entry for keyword in keywords}
    motion = {key: model.decode({p: _held(e.codes[p]) for p in PARTS}) for key, e in entries.items()}
    result = []
    for before, after in itertools.pairwise(keywords):
        if before.group >= 0 and before.group == after.group:
            result.append(_SPELLED_STEPS)
        else:
            seconds = _seconds(body, motion[before.entry.key], motion[after.entry.key])
            result.append(max(round(length * _FREE_WAY * seconds / model.step_seconds), 1))
    return result


def _seconds(body: BodyModel, before: PoseSequence, after: PoseSequence) -> float:
    """Of the way from the last frame of one motion to the first of another, by the hand that goes farther."""
    poses = np.stack([before.poses[-1], after.poses[0]])
    joints = body.forward_kinematics(poses)[:, _WRISTS]
    distance = np.linalg.norm(np.diff(joints[..., :3, 3], axis=0)[0], axis=-1)
    turned = np.einsum("sij,sij->s", joints[0, :, :3, :3], joints[1, :, :3, :3])
    turn = np.arccos(np.clip((turned - 1.0) / 2.0, -1.0, 1.0))
    return max(way_time(float(d), float(t)) for d, t in zip(distance, turn, strict=True))


def _held(codes: Sequence[int]) -> list[int]:
    """At least two codes: one alone would be the mean pose."""
    return [*codes] if len(codes) > 1 else [*codes, *codes]


def _free(steps: int) -> np.ndarray:
    return np.full((steps, len(PARTS)), FREE, np.int64)
