"""Beam search over the joint tokens of all heads. NumPy only.

Candidates are ranked by the sum of their log-probabilities, finished ones by that sum over their length; a sample is
done when it has as many finished ones as beams (Graves 2012; the rule to stop is that of fairseq, Ott et al. 2019).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from .runtime import Logits, Session
from .sampling import Numbers, log_softmax
from .tracks import Path, Track


@dataclass(frozen=True)
class _Candidate:
    """One way to go on. score: of the whole path with it. beam: index of the path among those of its track."""

    score: float
    beam: int
    indices: tuple[int, ...]


@dataclass
class _Beams:
    """The paths of one track. slots: where they stand in the session's batch."""

    track: Track
    running: list[Path]
    slots: list[int]
    done: list[Path] = field(default_factory=list)

    def best(self) -> Path:
        """The finished path with the highest score per position."""
        return max(self.done, key=lambda path: path.score / path.position)


def search(session: Session, tracks: Sequence[Track], beams: int, progress: Callable[[float], None]) -> list[Path]:
    """The best finished path of each track; the session has one sample a track when it begins."""
    every = [_Beams(track, [track.path], [slot]) for slot, track in enumerate(tracks)]
    positions = max(track.positions for track in tracks)
    rows = np.array([track.first for track in tracks])
    for position in range(positions):
        logits = session.step(rows)
        fed, parents = [], []
        for one in (b for b in every if b.running):
            following, origins = _advance(one, logits, beams)
            one.slots = list(range(len(fed), len(fed) + len(following)))
            fed += following
            parents += origins
        progress((position + 1) / positions)
        if not fed:
            break
        if parents != list(range(len(rows))):
            session.select(np.array(parents))
        rows = np.array(fed)
    return [one.best() for one in every]


def _advance(one: _Beams, logits: Sequence[Logits], beams: int) -> tuple[list[list[int]], list[int]]:
    """One position more for a track; the rows to feed next and the slots that they go on from."""
    own = [[head[slot] for head in logits] for slot in one.slots]
    candidates = [
        c for beam, path in enumerate(one.running) for c in _candidates(one.track, path, own[beam], beam, beams)
    ]
    candidates.sort(key=lambda c: -c.score)
    running: list[Path] = []
    fed: list[list[int]] = []
    origins: list[int] = []
    for rank, candidate in enumerate(candidates):
        path = one.running[candidate.beam].copy()
        following = one.track.extend(path, own[candidate.beam], candidate.indices)
        if one.track.finished(path):
            # An end counts only among the best, else every unlikely one would fill the places of the finished.
            if rank < beams:
                one.done.append(path)
            continue
        running.append(path)
        fed.append(following)
        origins.append(one.slots[candidate.beam])
        if len(running) == beams:
            break
    one.running = [] if len(one.done) >= beams else running
    return (fed, origins) if one.running else ([], [])


def _candidates(track: Track, path: Path, logits: Sequence[Logits], beam: int, beams: int) -> list[_Candidate]:
    """The best ways to go on with a path: twice as many as beams, since half of them at most are ends."""
    step, place, heads = track.heads_at(path.position)
    options = [_best(track.legal(step, head, logits[head]), logits[head], beams + 1) for head in heads]
    scores = np.zeros(())
    for chances, _ in options:
        scores = np.add.outer(scores, chances)
    if place == 0:
        # What the other heads do at the end is dropped, so that it may count once only.
        for at, index in enumerate(options[0][1]):
            if track.is_end(index):
                scores[at].reshape(-1)[1:] = -np.inf
    flat = scores.reshape(-1)
    order = np.argsort(-flat, kind="stable")[: 2 * beams]
    chosen = [np.unravel_index(i, scores.shape) for i in order if flat[i] > -np.inf]
    candidates = [
        _Candidate(path.score + float(scores[at]), beam, tuple(int(options[h][1][i]) for h, i in enumerate(at)))
        for at in chosen
    ]
    return [c for c in candidates if not track.holds(path, c.indices)] or candidates


def _best(legal: Numbers, logits: Logits, count: int) -> tuple[Numbers, list[int]]:
    """Log-probabilities and indices of the best of one head, the best first."""
    order = [i for i in np.argsort(-legal, kind="stable")[:count].tolist() if legal[i] > -np.inf]
    return log_softmax(logits.astype(np.float64))[order], order
