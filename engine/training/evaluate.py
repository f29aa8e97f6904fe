"""How good a tokenizer or a generator is on clips held out: the published errors, by language.

The tokenizer is asked to give motion back (MPVPE and MPJPE), the generator to sign a text (DTW-JPE and DTW-PA-JPE
against the recording). Texts that a bundle reads off motion (back-translation) are scored by BLEU and ROUGE.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .. import languages
from ..metrics.errors import DTW_PARTS, ERRORS, REGIONS, Motion, Warped, generator_errors, reconstruction_errors
from ..metrics.points import MeasuredBody
from ..metrics.text import TextScores, text_scores
from ..soke.decoding import TEXT, decode_text
from ..soke.model import Model
from ..soke.prompt import sign_to_text_input
from ..take import PoseSequence
from ..tokenizer.features import FRAMES_PER_TOKEN, PARTS, Layout
from .cache import Clip, ClipCache
from .signers import Signer, recorded

Array = NDArray[np.floating]

_LONGEST_TEXT: Final = 96
"""Tokens of a back-translated text."""


@dataclass(frozen=True)
class Settings:
    """What is looked at.

    languages: codes, all when empty. samples: most clips of each language, 0 for all, drawn by the seed. every: the
    tokenizer's errors are measured on each so-and-so-many-th frame. batch: texts that are generated together.
    """

    split: str = "test"
    languages: tuple[str, ...] = ()
    samples: int = 0
    seed: int = 0
    every: int = 5
    batch: int = 8


def chosen_clips(cache: ClipCache, settings: Settings, known: Sequence[str] = ()) -> list[Clip]:
    """The clips with a text that are looked at. known: languages that all bundles have, all when empty.

    Raises `ValueError` when there is none.
    """
    groups: dict[str, list[Clip]] = defaultdict(list)
    for clip in cache.of(settings.split):
        if clip.text and (not known or clip.language in known):
            groups[clip.language].append(clip)
    wanted = settings.languages or tuple(sorted(groups))
    missing = [code for code in wanted if not groups[code]]
    if missing or not wanted:
        what = ", ".join(missing) or "any language"
        raise ValueError(f"The split {settings.split!r} of {cache.folder} has no sentences of {what} to evaluate.")
    rng = np.random.default_rng(settings.seed)
    result = []
    for code in wanted:
        group = groups[code]
        count = min(settings.samples or len(group), len(group))
        result += [group[i] for i in sorted(rng.choice(len(group), count, replace=False))]
    return result


# ---------------------------------------------------------------- tokenizer


@dataclass(frozen=True)
class Reconstruction:
    """errors: mean over frames in millimetres, by language (`all` too), error and region. used: by part how many codes
    are in use by their entropy, and how many there are."""

    clips: Counter[str]
    frames: int
    errors: Mapping[str, Mapping[tuple[str, str], float]]
    used: Mapping[str, tuple[float, int]]
    face_moves: bool


def evaluate_tokenizer(
    model: Model, cache: ClipCache, clips: Sequence[Clip], measured: MeasuredBody, settings: Settings
) -> Reconstruction:
    """Encode and decode each clip. Raises `ValueError` for a corpus of another layout than the tokenizer's."""
    if cache.layout != model.layout:
        raise ValueError("The corpus has other features a frame than the tokenizer.")
    face = measured.takes_expression(model.layout.expression)
    frames: dict[str, list[dict[tuple[str, str], Array]]] = defaultdict(list)
    counts = {part: Counter[int]() for part in PARTS}
    for clip in progress(clips, "Reconstructing"):
        truth = np.asarray(cache.features(clip))
        codes = model.tokenizer.encode(padded(truth))
        for part in PARTS:
            counts[part].update(codes[part])
        again = model.tokenizer.decode(codes)[: len(truth)]
        motions = [_motion(model.layout, x[:: settings.every], face) for x in (again, truth)]
        frames[clip.language].append(reconstruction_errors(measured, *motions))
    frames["all"] = [one for own in list(frames.values()) for one in own]
    keys = [(error, region) for error in ERRORS for region in REGIONS]
    errors = {
        code: {key: float(np.concatenate([one[key] for one in own]).mean()) for key in keys}
        for code, own in frames.items()
    }
    sizes = {part: int(model.bundle.manifest.model["tokenizer"][part]["codes"]) for part in PARTS}
    used = {part: (_perplexity(counts[part]), sizes[part]) for part in PARTS}
    looked_at = sum(len(one["MPJPE", "all"]) for one in frames["all"])
    return Reconstruction(Counter(c.language for c in clips), looked_at, errors, used, face)


def padded(features: Array) -> Array:
    """Features with the last frame held until a whole number of codes is full."""
    return np.concatenate([features, np.repeat(features[-1:], -len(features) % FRAMES_PER_TOKEN, axis=0)])


def _motion(layout: Layout, features: Array, face: bool) -> Motion:
    poses, expression = layout.poses(features)
    return Motion(poses, expression if face else None)


def _perplexity(counts: Counter[int]) -> float:
    shares = np.array(list(counts.values())) / counts.total()
    return float(np.exp(-(shares * np.log(shares)).sum()))


# ---------------------------------------------------------------- generators


@dataclass(frozen=True)
class Scored:
    """One clip signed by one method. length: of the motion, in lengths of the recording. said: back-translated."""

    clip: Clip
    errors: Mapping[str, Warped]
    length: float
    said: str | None = None


@dataclass
class MethodResult:
    """All that a method signed. failed: names of clips that it couldn't sign. seconds: for a text, on average."""

    name: str
    runs_on: str
    scored: list[Scored] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def of(self, code: str) -> list[Scored]:
        """Those of a language, or of `all`."""
        return [s for s in self.scored if code in ("all", s.clip.language)]

    def figures(self, code: str) -> dict[str, dict[str, tuple[float, float]]]:
        """By part (`hands` is the mean of both) and error the mean over clips and its standard error."""
        rows = self.of(code)
        return {
            part: {
                name: _mean_and_error(np.array([_of_part(row, part)[number] for row in rows]))
                for number, name in enumerate(FIGURES)
            }
            for part in (*DTW_PARTS, "hands")
        }

    def against(self, other: MethodResult, part: str, error: str) -> tuple[float, float]:
        """Mean difference to another method over the clips that both signed, and its standard error."""
        theirs = {s.clip.name: s for s in other.scored}
        number = FIGURES.index(error)
        both = [(own, theirs[own.clip.name]) for own in self.scored if own.clip.name in theirs]
        gaps = np.array([_of_part(a, part)[number] - _of_part(b, part)[number] for a, b in both])
        return _mean_and_error(gaps) if len(gaps) else (float("nan"), float("nan"))

    def texts(self, code: str) -> TextScores | None:
        """Back-translation of a language; `None` without one."""
        rows = [s for s in self.scored if s.clip.language == code and s.said is not None]
        if not rows:
            return None
        said = [str(s.said) for s in rows]
        return text_scores(said, [s.clip.text for s in rows], languages.get(code).spoken)


FIGURES: Final = ("DTW-JPE", "DTW-PA-JPE", "JPE per frame", "PA-JPE per frame")
"""The sums along the path in metres, as published, and the means along it in millimetres."""


def _of_part(row: Scored, part: str) -> tuple[float, ...]:
    """The figures of one clip; `hands` is the mean of both."""
    if part == "hands":
        both = zip(_of_part(row, "left_hand"), _of_part(row, "right_hand"), strict=True)
        return tuple(0.5 * (left + right) for left, right in both)
    warped = row.errors[part]
    per_frame = warped.per_frame
    return warped.jpe, warped.pa_jpe, 1000 * per_frame[0], 1000 * per_frame[1]


def _mean_and_error(values: Array) -> tuple[float, float]:
    """The mean, and its standard error: 0 for a single value."""
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return float(values.mean()), float(error)


def evaluate_signers(
    signers: Sequence[Signer],
    cache: ClipCache,
    clips: Sequence[Clip],
    measured: MeasuredBody,
    settings: Settings,
    reader: Model | None = None,
) -> list[MethodResult]:
    """Let each method sign each clip's text. reader: a bundle that reads motion back into text."""
    return [_evaluated(signer, cache, clips, measured, settings, reader) for signer in signers]


def _evaluated(
    signer: Signer,
    cache: ClipCache,
    clips: Sequence[Clip],
    measured: MeasuredBody,
    settings: Settings,
    reader: Model | None,
) -> MethodResult:
    result, spent = MethodResult(signer.name, signer.runs_on), 0.0
    groups = list(_batches(clips, settings.batch))
    for group in progress(groups, signer.name):
        began = time.perf_counter()
        signed = signer.sign(group)
        spent += time.perf_counter() - began
        done = [(clip, sequence) for clip, sequence in zip(group, signed, strict=True) if sequence is not None]
        result.failed += [clip.name for clip, sequence in zip(group, signed, strict=True) if sequence is None]
        said = (
            back_translated(reader, [s for _, s in done], [c.language for c, _ in done])
            if reader
            else [None] * len(done)
        )
        for (clip, sequence), text in zip(done, said, strict=True):
            result.scored.append(scored(cache, clip, sequence, measured, text))
    result.seconds = spent / max(len(clips), 1)
    return result


def recordings_read(reader: Model, cache: ClipCache, clips: Sequence[Clip], settings: Settings) -> MethodResult:
    """What the reader makes of the recordings themselves: as good as back-translation can get."""
    result = MethodResult("recordings", reader.runtime.name)
    for group in _batches(clips, settings.batch):
        sequences = [recorded(cache, clip) for clip in group]
        said = back_translated(reader, sequences, [clip.language for clip in group])
        result.scored += [Scored(clip, {}, 1.0, text) for clip, text in zip(group, said, strict=True)]
    return result


def scored(cache: ClipCache, clip: Clip, sequence: PoseSequence, measured: MeasuredBody, said: str | None) -> Scored:
    """A motion against the recording: at its frame rate, by the joints that the corpus has."""
    layout = cache.layout
    at_rate = sequence.resampled(clip.fps)
    still = np.zeros((len(at_rate), len(layout.expression)), np.float32)
    ours, _ = layout.poses(layout.features(at_rate.poses, still))
    truth, _ = layout.poses(np.asarray(cache.features(clip)))
    return Scored(clip, generator_errors(measured, ours, truth), len(ours) / len(truth), said)


def back_translated(reader: Model, sequences: Sequence[PoseSequence], codes: Sequence[str]) -> list[str]:
    """The text that a bundle's own sign-to-text reads off each motion. codes: of their languages."""
    result = [""] * len(sequences)
    longest = reader.prompt.longest
    for code in sorted(set(codes)):
        own = [i for i, other in enumerate(codes) if other == code]
        vocabulary = reader.vocabulary
        inputs = [sign_to_text_input(vocabulary, reader.encode(sequences[i]), code, longest) for i in own]
        decoded = decode_text(reader.runtime, inputs, code, longest=_LONGEST_TEXT)
        for i, one in zip(own, decoded, strict=True):
            result[i] = vocabulary.text_of(one.rows[TEXT]).strip()
    return result


def reads_motion(model: Model) -> bool:
    """Whether a bundle was trained to say in words what is signed."""
    return "sign_to_text" in model.settings.get("tasks", ())


def _batches(clips: Sequence[Clip], size: int) -> Iterator[Sequence[Clip]]:
    return (clips[i : i + size] for i in range(0, len(clips), size))


def progress(items: Sequence[Any], what: str) -> Any:
    """The items, with a bar when somebody looks."""
    from tqdm import tqdm

    return tqdm(items, what, disable=None)
