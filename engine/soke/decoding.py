"""Decoding of the generator: text to the codes of three parts, and back to text. NumPy only; a `Runtime` runs it.

Multi-head decoding (Zuo et al., ICCV 2025): one position of the decoder gives a token of each part. The paper's
ablations are there too: *part*, three passes of the decoder, and *flatten*, one sequence of body, left, right, body ...
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..tokenizer.features import PARTS
from .beam import search
from .runtime import Rows, Runtime, Session, head_rows
from .sampling import FREE, Constraint, Numbers, Sampling
from .tracks import FUSED, ONE_AFTER_THE_OTHER, Cycle, Path, Track
from .vocabulary import END, UNKNOWN, Vocabulary

Variant = Literal["multihead", "part", "flatten"]
Progress = Callable[[float], None]
TEXT: Final = "text"
GREEDY: Final = Sampling()


@dataclass(frozen=True)
class Decoded:
    """rows: by part (of `decode_text`: of `text`) the rows that were generated, the end left out.

    margins: (steps, heads) gap between the best and the second logit among what might be chosen, infinite where that
    was one row only. log_probabilities: (steps, heads) of the chosen rows by the model, forced ones too. Both count the
    step of the end and are nan where a head wasn't read. ended: the model came to its end; else it was cut.
    """

    rows: dict[str, list[int]]
    margins: Numbers
    log_probabilities: Numbers
    ended: bool

    @property
    def log_probability(self) -> float:
        """Of the whole."""
        return float(np.nansum(self.log_probabilities))

    @property
    def chosen(self) -> tuple[float, int]:
        """Log-probability of what the model chose, and in how many steps it did: what was forced isn't counted."""
        free = np.isfinite(self.margins)
        return float(np.nansum(self.log_probabilities[free])), int(free.any(axis=1).sum())

    @property
    def score(self) -> float:
        """Mean log-probability of a step, to rank outcomes of unequal length by."""
        return self.log_probability / len(self.log_probabilities)


def decode(
    runtime: Runtime,
    inputs: Sequence[Rows],
    languages: Sequence[str],
    sampling: Sampling | Sequence[Sampling] = GREEDY,
    constraints: Sequence[Constraint] | None = None,
    *,
    variant: Variant = "multihead",
    progress: Progress = lambda done: None,
) -> list[Decoded]:
    """Generate a batch: inputs as for `Runtime.start`, and the signed language of each. Each gets what it gets alone.

    sampling: one for all, or of each sample, with equally many beams. progress: gets the share that is done after each
    position; what it raises stops the decoding. A sample ends with the body's end token, whatever the hands do; in the
    variant *part* each part ends by itself, but where every step shall have codes (`Constraint.codes_only`) the body
    goes first and the hands become as long. Raises `ValueError` for constraints that can't be met.
    """
    if variant not in get_args(Variant):
        raise ValueError(f"The variant is {variant!r}; there are {', '.join(get_args(Variant))}.")
    if not inputs:
        return []
    samples = _Samples(
        runtime,
        inputs,
        languages,
        _each(sampling, len(inputs)),
        list(constraints) if constraints is not None else [Constraint()] * len(inputs),
    )
    if variant == "part" and any(rule.codes_only for rule in samples.rules):
        return _body_first(samples, progress)
    paths = samples.run(samples.rules, lambda language: _starts(runtime.vocabulary, language, variant), progress)
    return [_joined(own, list(PARTS)) for own in paths]


def decode_text(
    runtime: Runtime,
    inputs: Sequence[Rows],
    language: str,
    sampling: Sampling = GREEDY,
    *,
    longest: int,
    progress: Progress = lambda done: None,
) -> list[Decoded]:
    """Sign to text: say in words what is signed. language: the signed one, whose texts' tag the decoder starts from.

    longest: most tokens. Raises `RuntimeUnfit` when the runtime has no output of words.
    """
    vocabulary = runtime.vocabulary
    heads = {TEXT: head_rows(vocabulary, TEXT)[0]}
    banned = {TEXT: heads[TEXT] == UNKNOWN}
    first, rule = [vocabulary.source_tag_row(language)], Constraint(max_steps=longest)
    tracks = [[Track(first, ((0,),), heads, rule, sampling, banned)] for _ in inputs]
    session = runtime.start(inputs, longest, TEXT)
    return [_joined(paths, [TEXT]) for paths in _run(session, tracks, progress)]


@dataclass(frozen=True)
class _Samples:
    """What `decode` was given, a sampling and a constraint each."""

    runtime: Runtime
    inputs: Sequence[Rows]
    languages: Sequence[str]
    samplings: Sequence[Sampling]
    rules: Sequence[Constraint]

    def run(
        self, rules: Sequence[Constraint], starts: Callable[[str], list[tuple[list[int], Cycle]]], progress: Progress
    ) -> list[list[Path]]:
        """The finished paths of each sample. starts: of a language, where its tracks begin."""
        vocabulary = self.runtime.vocabulary
        heads: dict[str, Rows] = dict(zip(PARTS, head_rows(vocabulary), strict=True))
        no_codes = _no_codes(vocabulary, heads)
        tracks = [
            [
                Track(first, cycle, heads, rule, how, no_codes if rule.codes_only else {})
                for first, cycle in starts(code)
            ]
            for code, rule, how in zip(self.languages, rules, self.samplings, strict=True)
        ]
        session = self.runtime.start(self.inputs, max(track.positions for sample in tracks for track in sample))
        return _run(session, tracks, progress)


def _body_first(samples: _Samples, progress: Progress) -> list[Decoded]:
    """The variant *part* where hands may not end by themselves: they become as long as the body."""
    starts = functools.partial(_starts, samples.runtime.vocabulary, variant="part")
    rules = [replace(rule, min_steps=max(rule.min_steps, _kept(rule))) for rule in samples.rules]
    bodies = samples.run(rules, lambda code: starts(code)[:1], lambda done: progress(done / 2))
    lengths = [max(len(_without_end(path, 0)), 1) for (path,) in bodies]
    rules = [
        replace(rule, forced=_first(rule.forced, length), min_steps=length, max_steps=length)
        if rule.codes_only
        else rule
        for rule, length in zip(samples.rules, lengths, strict=True)
    ]
    hands = samples.run(rules, lambda code: starts(code)[1:], lambda done: progress(0.5 + done / 2))
    return [
        _joined([*body, *own], list(PARTS), led=rule.codes_only)
        for body, own, rule in zip(bodies, hands, rules, strict=True)
    ]


def _kept(rule: Constraint) -> int:
    """Steps up to the last one of which something is forced."""
    if rule.forced is None:
        return 0
    return int(np.flatnonzero((rule.forced != FREE).any(axis=1)).max(initial=-1)) + 1


def _first(forced: Rows | None, steps: int) -> Rows | None:
    return None if forced is None else forced[:steps]


def forced_rows(vocabulary: Vocabulary, codes: Rows) -> Rows:
    """(steps, 3) codes of body, left and right hand, `FREE` where there is none, as the rows of a `Constraint`."""
    first = np.array([vocabulary.first_code[part] for part in PARTS])
    return np.where(codes < 0, codes, codes + first)


def _each(sampling: Sampling | Sequence[Sampling], count: int) -> list[Sampling]:
    each = [sampling] * count if isinstance(sampling, Sampling) else list(sampling)
    if len({one.beams for one in each}) > 1:
        raise ValueError("All samples of a batch need equally many beams.")
    return each


def _starts(vocabulary: Vocabulary, language: str, variant: Variant) -> list[tuple[list[int], Cycle]]:
    """First rows and cycle of each track of a sample."""
    if variant == "part":
        return [([vocabulary.sign_tag_row(language, part)], ((head,),)) for head, part in enumerate(PARTS)]
    tag = vocabulary.sign_tag_row(language)
    return [([tag] * len(PARTS), FUSED) if variant == "multihead" else ([tag], ONE_AFTER_THE_OTHER)]


def _no_codes(vocabulary: Vocabulary, heads: dict[str, Rows]) -> dict[str, NDArray[np.bool_]]:
    """By part which of its rows are neither one of the code book nor the end of all."""
    banned = {}
    for part, rows in heads.items():
        first = vocabulary.first_code[part]
        codes = (rows >= first) & (rows < first + vocabulary.sizes[part])
        banned[part] = ~(codes | (rows == END)) if part == PARTS[0] else ~codes
    return banned


def _run(session: Session, tracks: list[list[Track]], progress: Progress) -> list[list[Path]]:
    """The finished path of each track of each sample."""
    if len(tracks[0]) > 1:
        session.select(np.repeat(np.arange(len(tracks)), len(tracks[0])))
    flat = [track for sample in tracks for track in sample]
    if flat[0].sampling.beams > 1:
        paths = search(session, flat, flat[0].sampling.beams, progress)
    else:
        _follow(session, flat, progress)
        paths = [track.path for track in flat]
    count = len(tracks[0])
    return [paths[i : i + count] for i in range(0, len(paths), count)]


def _follow(session: Session, tracks: Sequence[Track], progress: Progress) -> None:
    """Let every track choose its next rows until all are finished."""
    alive = list(tracks)
    positions = max(track.positions for track in tracks)
    rows = np.array([track.first for track in tracks])
    for position in range(positions):
        logits = session.step(rows)
        fed = []
        for k, track in enumerate(alive):
            own = [head[k] for head in logits]
            fed.append(track.extend(track.path, own, track.chosen(position, own)))
        keep = [k for k, track in enumerate(alive) if not track.finished(track.path)]
        progress((position + 1) / positions)
        if not keep:
            break
        rows = np.array([fed[k] for k in keep])
        if len(keep) < len(alive):
            session.select(np.array(keep))
            alive = [alive[k] for k in keep]


def _joined(paths: Sequence[Path], names: list[str], *, led: bool = False) -> Decoded:
    """One sample's paths, each with the heads that it read, as one outcome. led: the first path says where it ends."""
    read = [max(paths, key=lambda path, head=head: (path.rows[:, head] >= 0).sum()) for head in range(len(names))]
    rows = {name: _without_end(path, head) for head, (name, path) in enumerate(zip(names, read, strict=True))}
    if led:
        rows = {name: own[: len(rows[names[0]])] for name, own in rows.items()}
    steps = max(int((path.rows >= 0).any(axis=1).sum()) for path in paths)
    margins = _stacked([path.margins[:steps, head] for head, path in enumerate(read)], steps)
    chances = _stacked([path.log_probabilities[:steps, head] for head, path in enumerate(read)], steps)
    return Decoded(rows, margins, chances, all(path.ended for path in (paths[:1] if led else paths)))


def _stacked(columns: Sequence[Numbers], steps: int) -> Numbers:
    """(steps, heads) of a column for each head; what a shorter one lacks is nan."""
    result = np.full((steps, len(columns)), np.nan)
    for head, values in enumerate(columns):
        result[: len(values), head] = values
    return result


def _without_end(path: Path, head: int) -> list[int]:
    """Rows of a head up to the step whose end token ended the path."""
    taken = path.rows[:, head]
    steps = int((path.rows >= 0).any(axis=1).sum()) - path.ended
    return taken[:steps].tolist()
