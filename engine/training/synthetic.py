"""A corpus without recordings: sentences planned by the grammar and the lexicon, and synthesised into motion.

Besides the sentences it holds every entry of the lexicon by itself (source `isolated`), with letters, numbers and the
forms of directional signs, from which the tokenizer's dictionary is made. The same seed gives the same corpus, with any
number of processes. It is what the rules of this project make of texts, not what signers do.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from .. import languages
from ..body import EMBEDDED_AVATAR, BodyModel
from ..generators.base import EngineError, GenerateRequest
from ..gloss import POINTING, GlossItem, GlossPhrase, GlossPlan, sign_item
from ..lexicon.loader import Lexicon, load_language
from ..lexicon.phonology import Locus, Sign
from ..lexicon.synthesis import synthesise
from ..planning import make_plan
from ..soke.wanted import wanted_signs
from ..take import Segment
from ..text.numerals import number_item
from ..text.spelling import mouthing, spelled_gloss
from ..tokenizer.features import SIGNWRIGHT
from .cache import CacheWriter, ClipCache
from .sentences import Sentences

Array = NDArray[np.floating]

SENTENCE: Final = "sentence"
ISOLATED: Final = "isolated"
ABOUT: Final = "corpus.json"
_LOCI: Final[tuple[Locus, ...]] = ("1", "2", "3a", "3b")
_FAR_LOCI: Final[tuple[Locus, ...]] = ("3c", "3d")
_TRIES: Final = 50
_GROUP: Final = 12
"""Isolated signs that are synthesised in a row, which takes a third of the time of one by one, ..."""
_REST: Final = 0.6
"""... with pauses of so many seconds; a clip is cut in the middle of them."""
_LAYOUT: Final = SIGNWRIGHT


@dataclass(frozen=True)
class SyntheticConfig:
    """What the corpus has.

    sentences: texts by language. letters_only: texts of each language that has letters and numbers only.
    joined: share of texts of two sentences. isolated: times that each sign is made by itself, the first time without
    variation. held_out: share of texts that go to `val`, and to `test`. longest: frames; longer clips are left out.
    only: codes of the languages to make, all when empty.
    """

    seed: int = 0
    fps: float = 24.0
    sentences: dict[str, int] = field(default_factory=lambda: {"ASL": 2000, "DGS": 900, "CSL": 900})
    letters_only: int = 60
    joined: float = 0.12
    isolated: int = 2
    held_out: float = 0.03
    longest: int = 384
    only: tuple[str, ...] = ()

    @property
    def chosen(self) -> tuple[languages.Language, ...]:
        """The languages that are made."""
        return tuple(x for x in languages.with_signs() if not self.only or x.code in self.only)


@dataclass(frozen=True)
class _Task:
    """A text, or isolated items by their numbers."""

    name: str
    language: str
    split: str
    seed: int
    speed: float
    variation: float
    fps: float
    text: str = ""
    items: tuple[int, ...] = ()


def make_corpus(folder: Path, config: SyntheticConfig, processes: int = 2, progress: bool = True) -> ClipCache:
    """Write the corpus. Raises `CacheError` when the folder has one already."""
    tasks = [*_isolated_tasks(config), *_sentence_tasks(config)]
    left_out: list[str] = []
    with CacheWriter(folder, _LAYOUT) as writer:
        for task, made in zip(tqdm(tasks, "texts", disable=not progress), _made(tasks, processes), strict=True):
            if isinstance(made, str):
                left_out.append(f"{task.name}: {made}")
                continue
            for features, about in made:
                if len(features) > config.longest:
                    left_out.append(f"{task.name}: {len(features)} frames")
                else:
                    writer.add(features, **about)
        about = {"config": asdict(config), "left_out": left_out}
        (folder / ABOUT).write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return ClipCache(folder)


_Made = list[tuple[Array, dict[str, Any]]]


def _made(tasks: Sequence[_Task], processes: int) -> Iterator[_Made | str]:
    if processes <= 1:
        yield from map(_make, tasks)
        return
    # arrays are small: threads of a process would only be in the way of the other process
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(_make, tasks, chunksize=4)


# ---------------------------------------------------------------- what to make


def _isolated_tasks(config: SyntheticConfig) -> Iterator[_Task]:
    """Every isolated item of every language, in other rows each time."""
    for turn in range(config.isolated):
        for code in (language.code for language in config.chosen):
            rng = np.random.default_rng([config.seed, turn, *code.encode()])
            items = isolated_items(code)
            order = rng.permutation(len(items)).tolist()
            for first in range(0, len(order), _GROUP):
                speed, variation = _manner(rng) if turn else (1.0, 0.0)
                # after a sign of both hands the other hand would still be on its way down in a sign of one
                row = sorted(order[first : first + _GROUP], key=lambda i: _takes_both_hands(items[i], code))
                yield _Task(
                    f"{code.lower()}-signs-{turn}", code, "train", int(rng.integers(2**31)), speed, variation,
                    config.fps, items=tuple(row),
                )  # fmt: skip


def _takes_both_hands(item: GlossItem, code: str) -> bool:
    lexicon = lexicon_of(code)
    parts = [item.sign] if item.sign else [lexicon.numbers.get(x) or lexicon.letters.get(x) for x in item.letters]
    return any(getattr(part, "hands", "one") != "one" for part in parts)


def _sentence_tasks(config: SyntheticConfig) -> Iterator[_Task]:
    """The sentences of all languages, each text once."""
    for language in config.chosen:
        lexicon = lexicon_of(language.code)
        count = config.sentences.get(language.code, 0) if lexicon.signs else config.letters_only
        texts = distinct_texts(Sentences(language, lexicon, config.seed), count, config.joined, config.seed)
        rng = np.random.default_rng([config.seed, 1 << 20, *language.code.encode()])
        for number, text in enumerate(texts):
            speed, variation = _manner(rng)
            yield _Task(
                f"{language.code.lower()}-text-{number:05}", language.code, split_of(text, config.held_out),
                int(rng.integers(2**31)), speed, variation, config.fps, text,
            )  # fmt: skip


def distinct_texts(sentences: Sentences, count: int, joined: float, seed: int) -> list[str]:
    """So many texts, each once, or as many as are drawn in reasonable time. joined: share of those of two sentences."""
    rng = np.random.default_rng([seed, 2 << 20])
    texts: dict[str, None] = {}
    for _ in range(_TRIES * count):
        if len(texts) == count:
            break
        text = sentences.draw() + " " + sentences.draw() if rng.random() < joined else sentences.draw()
        texts.setdefault(text)
    return list(texts)


def _manner(rng: np.random.Generator) -> tuple[float, float]:
    """Speed and variation of a clip."""
    return float(np.exp(rng.normal(0.0, 0.12)).clip(0.75, 1.35)), float(rng.uniform(0.2, 0.8))


def split_of(text: str, held_out: float) -> str:
    """`val`, `test` or `train`, by a hash of the text, so that no text is in two of them."""
    share = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32
    return "val" if share < held_out else "test" if share < 2 * held_out else "train"


# ---------------------------------------------------------------- isolated signs


@lru_cache(maxsize=16)
def lexicon_of(code: str) -> Lexicon:
    """The embedded lexicon of a language."""
    return load_language(code)


@lru_cache(maxsize=16)
def isolated_items(code: str) -> tuple[GlossItem, ...]:
    """All that a language can sign alone: signs, forms of directional signs, letters, numbers."""
    lexicon, spoken = lexicon_of(code), languages.get(code).spoken
    items = [item for sign in lexicon.signs.values() for item in _forms(sign, lexicon, spoken)]
    items += [GlossItem("fingerspell", spelled_gloss([x], lexicon.letters), letters=(x,)) for x in lexicon.letters]
    items += [number_item((key,), lexicon.numbers) for key in lexicon.numbers]
    return tuple(items)


def _forms(sign: Any, lexicon: Lexicon, spoken: str) -> Iterator[GlossItem]:
    """The citation form of a sign and, of a directional one, its forms with places."""
    mouth = mouthing(sign.words[0], spoken) if sign.words else ""
    agreement = sign.agreement if isinstance(sign, Sign) else ""
    unplaced: Locus = ""
    places: list[tuple[Locus, Locus]] = [(unplaced, unplaced)]
    if agreement:
        goals = (*_LOCI, *_FAR_LOCI) if sign.gloss in POINTING else _LOCI
        places.extend((unplaced, goal) for goal in goals)
    if agreement in ("subject_object", "object_subject"):
        places.extend(permutations(_LOCI, 2))
    for source, goal in places:
        yield sign_item(sign, mouth=mouth, known=lexicon.signs, source=source, goal=goal)


# ---------------------------------------------------------------- making one


def _make(task: _Task) -> _Made | str:
    """Clips as features and fields of `Clip`, or why there are none."""
    try:
        return _isolated(task) if task.items else [_sentence(task)]
    except (EngineError, ValueError) as e:
        return str(e)


def _sentence(task: _Task) -> tuple[Array, dict[str, Any]]:
    lexicon = lexicon_of(task.language)
    request = GenerateRequest(text=task.text, language=task.language)
    plan = make_plan(request, languages.get(task.language), lexicon)
    features, segments = _synthesised(task, plan, lexicon)
    about = {
        "text": task.text,
        "source": SENTENCE,
        "glosses": plan.glosses,
        "segments": tuple(_segment(s, task.fps) for s in segments),
        "extra": {"retrieved": [list(sign.keys) for sign in wanted_signs(plan, lexicon)]},
    }
    return features, {**_common(task), **about}


def _isolated(task: _Task) -> _Made:
    """The items in a row, with pauses, cut into one clip each."""
    lexicon = lexicon_of(task.language)
    items = [isolated_items(task.language)[number] for number in task.items]
    pause = GlossItem("pause", "PAUSE", seconds=_REST)
    plan = GlossPlan("", task.language, tuple(GlossPhrase((item, pause)) for item in items))
    features, segments = _synthesised(task, plan, lexicon)
    cuts = [0, *(round((a.end + b.start) / 2 * task.fps) for a, b in pairwise(segments)), len(features)]
    made = []
    wanted = wanted_signs(plan, lexicon)
    for number, item, sign, segment, (first, last) in zip(
        task.items, items, wanted, segments, pairwise(cuts), strict=True
    ):
        gloss, origin, source, start, end = _segment(segment, task.fps)
        about = {
            "name": f"{task.name}-{number:05}",
            "source": ISOLATED,
            "glosses": (gloss,),
            "segments": ((gloss, origin, source, start - first, end - first),),
            "key": sign.keys[0] if item.source or item.goal else sign.keys[-1],
            "extra": {"retrieved": [list(sign.keys)], "words": _words(item)},
        }
        made.append((features[first:last], {**_common(task), **about}))
    return made


def _common(task: _Task) -> dict[str, Any]:
    return {"name": task.name, "fps": task.fps, "language": task.language, "split": task.split}


def _synthesised(task: _Task, plan: GlossPlan, lexicon: Lexicon) -> tuple[Array, list[Segment]]:
    """(T, F) features, and the segments without pauses."""
    sequence, segments = synthesise(
        plan, lexicon, _body(), fps=task.fps, seed=task.seed, speed=task.speed, variation=task.variation
    )
    return _LAYOUT.features(sequence.poses, sequence.expression), [s for s in segments if s.origin != "pause"]


def _segment(segment: Segment, fps: float) -> tuple[str, str, str, int, int]:
    return segment.gloss, segment.origin, segment.source, round(segment.start * fps), round(segment.end * fps)


def _words(item: GlossItem) -> list[str]:
    """Words that an isolated item renders."""
    return list(item.sign.words if item.sign is not None else item.letters)


@lru_cache(maxsize=1)
def _body() -> BodyModel:
    return BodyModel.load(EMBEDDED_AVATAR)
