"""A corpus without recordings: sentences planned by the grammar and the lexicon, and synthesised into motion.

`python -m engine.training.synthetic -o FOLDER` makes it. Besides the sentences it holds every entry of the lexicon alone
(source `isolated`), with letters, numbers and the forms of directional signs, from which the tokenizer's dictionary is
made. The same seed gives the same corpus, with any number of processes. It is what the rules of this project make of
texts, not what signers do.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from itertools import permutations
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
_LAYOUT: Final = SIGNWRIGHT


@dataclass(frozen=True)
class SyntheticConfig:
    """What the corpus has.

    sentences: texts by language. letters_only: texts of each language that has letters and numbers only.
    joined: share of texts of two sentences. isolated: times that each sign is made alone, the first without variation.
    held_out: share of texts that go to `val`, and to `test`. longest: frames; longer clips are left out.
    """

    seed: int = 0
    fps: float = 24.0
    sentences: dict[str, int] = field(default_factory=lambda: {"ASL": 3000, "DGS": 1500, "CSL": 1500})
    letters_only: int = 120
    joined: float = 0.12
    isolated: int = 2
    held_out: float = 0.03
    longest: int = 384


@dataclass(frozen=True)
class _Task:
    """A clip to make: a text, or item number `item` of the language's isolated ones."""

    name: str
    language: str
    split: str
    seed: int
    speed: float
    variation: float
    fps: float
    text: str = ""
    item: int = -1


def make_corpus(folder: Path, config: SyntheticConfig, processes: int = 2, progress: bool = True) -> ClipCache:
    """Write the corpus. Raises `CacheError` when the folder has one already."""
    tasks = [*_isolated_tasks(config), *_sentence_tasks(config)]
    left_out: list[str] = []
    with CacheWriter(folder, _LAYOUT) as writer:
        for task, made in zip(tqdm(tasks, "clips", disable=not progress), _made(tasks, processes), strict=True):
            if isinstance(made, str):
                left_out.append(f"{task.name}: {made}")
            elif len(made[0]) > config.longest:
                left_out.append(f"{task.name}: {len(made[0])} frames")
            else:
                writer.add(made[0], **made[1])
        about = {"config": asdict(config), "left_out": left_out}
        (folder / ABOUT).write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return ClipCache(folder)


def _made(tasks: Sequence[_Task], processes: int) -> Iterator[tuple[Array, dict[str, Any]] | str]:
    if processes <= 1:
        yield from map(_make, tasks)
        return
    # arrays are small: threads of a process would only be in the way of the other process
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(_make, tasks, chunksize=16)


# ---------------------------------------------------------------- what to make


def _isolated_tasks(config: SyntheticConfig) -> Iterator[_Task]:
    """Every isolated item of every language, round by round, so that a sign's clips don't lie together."""
    for round_ in range(config.isolated):
        for code in (language.code for language in languages.with_signs()):
            rng = np.random.default_rng([config.seed, round_, *code.encode()])
            for number in range(len(isolated_items(code))):
                speed, variation = _manner(rng) if round_ else (1.0, 0.0)
                yield _Task(
                    f"{code.lower()}-sign-{number:05}-{round_}", code, "train", int(rng.integers(2**31)), speed,
                    variation, config.fps, item=number,
                )  # fmt: skip


def _sentence_tasks(config: SyntheticConfig) -> Iterator[_Task]:
    """The sentences of all languages, each text once."""
    for language in languages.with_signs():
        lexicon = lexicon_of(language.code)
        count = config.sentences.get(language.code, 0) if lexicon.signs else config.letters_only
        texts = _texts(Sentences(language, lexicon, config.seed), count, config)
        rng = np.random.default_rng([config.seed, 1 << 20, *language.code.encode()])
        for number, text in enumerate(texts):
            speed, variation = _manner(rng)
            yield _Task(
                f"{language.code.lower()}-text-{number:05}", language.code, split_of(text, config.held_out),
                int(rng.integers(2**31)), speed, variation, config.fps, text,
            )  # fmt: skip


def _texts(sentences: Sentences, count: int, config: SyntheticConfig) -> list[str]:
    rng = np.random.default_rng([config.seed, 2 << 20])
    texts: dict[str, None] = {}
    for _ in range(_TRIES * count):
        if len(texts) == count:
            break
        joined = sentences.draw() + " " + sentences.draw() if rng.random() < config.joined else sentences.draw()
        texts.setdefault(joined)
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
    places: list[tuple[Locus, Locus]] = [("", "")]
    if agreement:
        goals = (*_LOCI, *_FAR_LOCI) if sign.gloss in POINTING else _LOCI
        places += [("", goal) for goal in goals]
    if agreement in ("subject_object", "object_subject"):
        places += permutations(_LOCI, 2)
    for source, goal in places:
        yield sign_item(sign, mouth=mouth, known=lexicon.signs, source=source, goal=goal)


# ---------------------------------------------------------------- making one


def _make(task: _Task) -> tuple[Array, dict[str, Any]] | str:
    """Features and the fields of `Clip`, or why there are none."""
    lexicon = lexicon_of(task.language)
    try:
        plan = _plan(task, lexicon)
        sequence, segments = synthesise(
            plan, lexicon, _body(), fps=task.fps, seed=task.seed, speed=task.speed, variation=task.variation
        )
    except (EngineError, ValueError) as e:
        return str(e)
    wanted = wanted_signs(plan, lexicon)
    about = {
        "name": task.name,
        "fps": task.fps,
        "language": task.language,
        "source": SENTENCE if task.text else ISOLATED,
        "split": task.split,
        "text": task.text,
        "glosses": plan.glosses,
        "segments": tuple(
            (s.gloss, s.origin, s.source, round(s.start * task.fps), round(s.end * task.fps)) for s in segments
        ),
        "key": "" if task.text else wanted[0].keys[0],
        "extra": {"retrieved": [list(sign.keys) for sign in wanted], "words": _words(plan) if not task.text else []},
    }
    return _LAYOUT.features(sequence.poses, sequence.expression), about


def _plan(task: _Task, lexicon: Lexicon) -> GlossPlan:
    if task.text:
        request = GenerateRequest(text=task.text, language=task.language)
        return make_plan(request, languages.get(task.language), lexicon)
    return GlossPlan("", task.language, (GlossPhrase((isolated_items(task.language)[task.item],)),))


def _words(plan: GlossPlan) -> list[str]:
    """Words that the isolated item renders."""
    item = plan.phrases[0].items[0]
    if item.kind == "sign" and item.sign is not None:
        return list(item.sign.words)
    return list(item.letters)


@lru_cache(maxsize=1)
def _body() -> BodyModel:
    return BodyModel.load(EMBEDDED_AVATAR)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m engine.training.synthetic", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the corpus, which must not exist")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scale", type=float, default=1.0, help="times as many sentences (default 1)")
    parser.add_argument("--isolated", type=int, default=SyntheticConfig.isolated, help="times of each sign alone")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args(arguments)
    plain = SyntheticConfig()
    config = SyntheticConfig(
        seed=given.seed,
        isolated=given.isolated,
        sentences={code: round(count * given.scale) for code, count in plain.sentences.items()},
        letters_only=round(plain.letters_only * given.scale),
    )
    cache = make_corpus(given.output, config, given.processes)
    seconds = sum(clip.frames / clip.fps for clip in cache.clips)
    print(f"{len(cache)} clips, {seconds / 3600:.1f} hours, in {given.output}")


if __name__ == "__main__":
    main()
