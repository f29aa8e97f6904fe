"""Texts with their glosses and no motion, for the first step of Prompt2LangGloss: `LANGUAGE/train.text`, `train.gloss`.

Motion takes long to make, a plan a millisecond: of these there can be many times more. The files are those that stand
beside `train.skels`, so that anybody's texts with glosses can be used. No text that a synthetic corpus holds out is
among those made here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from tqdm import tqdm

from .. import languages
from ..generators.base import GenerateRequest
from ..planning import make_plan
from .sentences import WRITTEN, Sentences
from .signllm_skels import SkelsError
from .synthetic import distinct_texts, lexicon_of, split_of

ABOUT: Final = "texts.json"
_TEXT, _GLOSS = "train.text", "train.gloss"


@dataclass(frozen=True)
class TextsConfig:
    """sentences: texts by language. letters_only: of each language that has letters and numbers only.

    joined, held_out: see `SyntheticConfig`; texts that it holds out are left out here.
    """

    seed: int = 1
    sentences: dict[str, int] = field(default_factory=lambda: {"ASL": 60000, "DGS": 30000, "CSL": 30000})
    letters_only: int = 2000
    joined: float = 0.12
    held_out: float = 0.03

    def count(self, code: str) -> int:
        """How many texts of a language are drawn."""
        return self.sentences.get(code, 0) if lexicon_of(code).signs else self.letters_only


@dataclass(frozen=True)
class GlossedText:
    """A text and its glosses, as the files have both."""

    language: str
    text: str
    gloss: str


def write_texts(folder: Path, config: TextsConfig, progress: bool = True) -> Counter[str]:
    """Write texts of all languages with signs; how many each has. Raises `SkelsError` when the folder has some."""
    if (folder / ABOUT).exists():
        raise SkelsError(f"{folder} holds texts already. Choose another folder, or remove it.")
    counts: Counter[str] = Counter()
    for language in languages.with_signs():
        lexicon = lexicon_of(language.code)
        drawn = distinct_texts(
            Sentences(language, lexicon, config.seed, WRITTEN), config.count(language.code), config.joined, config.seed
        )
        own = folder / language.code
        own.mkdir(parents=True, exist_ok=True)
        texts = [text for text in drawn if split_of(text, config.held_out) == "train"]
        with (
            open(own / _TEXT, "w", encoding="utf-8") as text_file,
            open(own / _GLOSS, "w", encoding="utf-8") as glosses,
        ):
            for text in tqdm(texts, language.code, unit="text", disable=not progress):
                plan = make_plan(GenerateRequest(text=text, language=language.code), language, lexicon)
                if plan.glosses:
                    text_file.write(f"{text}\n")
                    glosses.write(" ".join("".join(gloss.split()) for gloss in plan.glosses) + "\n")
                    counts[language.code] += 1
    (folder / ABOUT).write_text(json.dumps(asdict(config) | {"texts": dict(counts)}, indent=1) + "\n", encoding="utf-8")
    return counts


def read_texts(folder: Path, codes: Sequence[str]) -> Iterator[GlossedText]:
    """The texts of some languages. Raises `SkelsError` when there are none, or lines of a text and glosses differ."""
    found = [code for code in codes if (folder / code / _TEXT).is_file()]
    if not found:
        raise SkelsError(f"{folder} has no texts of {', '.join(codes)}: a folder a language with {_TEXT} and {_GLOSS}.")
    for code in found:
        lines = [_lines(folder / code / name) for name in (_TEXT, _GLOSS)]
        if len(lines[0]) != len(lines[1]):
            raise SkelsError(
                f"{folder / code}: {_TEXT} has {len(lines[0])} lines and {_GLOSS} {len(lines[1])}; "
                "each text needs its own."
            )
        yield from (GlossedText(code, *pair) for pair in zip(*lines, strict=True) if all(pair))


def _lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as e:
        raise SkelsError(f"{path} can't be read: {e}") from e
