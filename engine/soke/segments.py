"""Which generated steps sign which retrieved sign: a monotone alignment of codes in the space of what they look like.

The generator follows its examples loosely: it changes, shortens or leaves out. Each generated step is either a step of
a retrieved sign or on the way between signs; the cheapest such reading that keeps the order is found by dynamic
programming (Viterbi 1967; dynamic time warping with free ends, Sakoe & Chiba 1978).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..tokenizer.features import PARTS

Array = NDArray[np.floating]
Steps = Mapping[str, Sequence[int] | NDArray[np.integer]]
"""Codes by part, equally many of each."""

_WAY: Final = 0.35
"""Cost of a step between signs, in mean distances of two codes: nearer ones count as the same sign's."""
_SKIPPED: Final = 0.3
"""Cost of a retrieved step that nothing renders, in the same unit."""
_STAY: Final = 0.05
"""Cost of rendering one retrieved step by one more generated step."""
_LEAST: Final = 0.4
"""Share of a sign's steps that must be rendered for it to count as signed: single codes are alike by chance."""
_WEIGHTS: Final = {"body": 0.4, "left_hand": 0.2, "right_hand": 0.4}


@dataclass(frozen=True)
class Span:
    """Steps `first` to `end` (exclusive) sign the retrieved sign number `sign`.

    rendered: for each of them the step of that sign which it renders, -1 where it is on the way; empty if not known.
    """

    sign: int
    first: int
    end: int
    rendered: tuple[int, ...] = field(default=(), compare=False, repr=False)


class CodeSpace:
    """Distances between the codes of each part, by what the tokenizer's decoder makes of them."""

    def __init__(self, looks: Mapping[str, Array]) -> None:
        """looks: by part (codes, features), what a held code looks like, normalised."""
        self._distances = {part: _distances(looks[part]) for part in PARTS}

    def apart(self, part: str, one: ArrayLike, other: ArrayLike) -> Array:
        """(N,) distances of N codes of a part to as many others; 1 is the mean of all codes."""
        return self._distances[part][np.asarray(one, np.int64), np.asarray(other, np.int64)]

    def between(self, made: Steps, wanted: Steps) -> Array:
        """(T, K) distances of each step of one to each of the other; 1 is the mean of all codes, parts weighted."""
        total = np.zeros((len(made[PARTS[0]]), len(wanted[PARTS[0]])))
        for part in PARTS:
            table = self._distances[part]
            last = len(table) - 1
            rows, columns = (np.minimum(np.asarray(x[part], np.int64), last) for x in (made, wanted))
            total += _WEIGHTS[part] * table[rows[:, None], columns[None]]
        return total


def align(made: Steps, signs: Sequence[Steps], space: CodeSpace) -> list[Span]:
    """Where each retrieved sign is among the generated steps; those that aren't rendered are left out.

    made: T generated steps. signs: the retrieved signs in the order in which they are to come.
    """
    count = len(made[PARTS[0]])
    lengths = [len(s[PARTS[0]]) for s in signs]
    if not count or not sum(lengths):
        return []
    wanted = {part: np.concatenate([np.asarray(s[part], np.int64) for s in signs]) for part in PARTS}
    owner = np.repeat(np.arange(len(signs)), lengths)
    return _spans(_path(space.between(made, wanted), owner), owner)


def _path(costs: Array, owner: NDArray[np.intp]) -> NDArray[np.intp]:
    """(T,) retrieved step of each generated one, -1 on the ways.

    costs: (T, K). States are the K retrieved steps and a way before each sign and after the last, in signing order.
    """
    step_of = _states(owner)
    on_way = step_of < 0
    emitted = np.where(on_way[None], _WAY, costs[:, np.maximum(step_of, 0)])
    # number of retrieved steps before each state: passing over some costs for each
    before = np.cumsum(~on_way) - ~on_way
    passed = before[None, :] - before[:, None] - ~on_way[:, None]
    moves = np.where(np.triu(np.ones_like(passed, bool), 1), _SKIPPED * passed, np.inf)
    np.fill_diagonal(moves, np.where(on_way, 0.0, _STAY))
    best = emitted[0] + _SKIPPED * before
    back = np.zeros((len(costs), len(step_of)), np.intp)
    for t in range(1, len(costs)):
        options = best[:, None] + moves
        back[t] = options.argmin(axis=0)
        best = options[back[t], np.arange(len(best))] + emitted[t]
    left = len(owner) - before - ~on_way
    state = int((best + _SKIPPED * left).argmin())
    path = np.zeros(len(costs), np.intp)
    for t in range(len(costs) - 1, -1, -1):
        path[t] = step_of[state]
        state = int(back[t, state])
    return path


def _states(owner: NDArray[np.intp]) -> NDArray[np.intp]:
    """Retrieved step of each state in signing order, -1 for the way before a sign and after the last one."""
    begins = np.flatnonzero(np.diff(owner, prepend=-1))
    return np.append(np.insert(np.arange(len(owner)), begins, -1), -1)


def _spans(path: NDArray[np.intp], owner: NDArray[np.intp]) -> list[Span]:
    lengths = np.bincount(owner)
    sign_at = np.where(path < 0, -1, owner[np.maximum(path, 0)])
    result = []
    for sign in np.unique(sign_at[sign_at >= 0]):
        at = np.flatnonzero(sign_at == sign)
        if len(np.unique(path[at])) >= _LEAST * lengths[sign]:
            first, end = int(at[0]), int(at[-1]) + 1
            begin = int(lengths[:sign].sum())
            rendered = np.where(sign_at[first:end] == sign, path[first:end] - begin, -1)
            result.append(Span(int(sign), first, end, tuple(rendered.tolist())))
    return result


def _distances(looks: Array) -> Array:
    """(codes, codes) root-mean-square distances, in units of their mean over pairs of different codes."""
    flat = np.asarray(looks, np.float64)
    square = (flat**2).sum(axis=1)
    distance = np.sqrt(np.maximum(square[:, None] + square[None] - 2.0 * flat @ flat.T, 0.0))
    np.fill_diagonal(distance, 0.0)
    different = distance.sum() / max(len(flat) * (len(flat) - 1), 1)
    return distance / different if different > 0 else distance
