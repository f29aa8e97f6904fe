"""What a request asks SignLLM to sign: sentences of a text, of a free prompt, or LangGloss that somebody wrote."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

from .. import languages
from ..generators.base import EngineError, GenerateRequest
from ..text import checked_text
from . import prompts
from .vocabulary import SPELLED, is_lang_gloss, parted

_END = re.compile(
    r"(?:(?<!\b[A-Z])(?<!\b[A-Z][a-z])\.+|[!?…]+)[\"'”’»)]*(?=\s)"  # but for initials and the like of "Dr."
    r"|[。！？]+[”』」]*|\n"
)
_WORD = re.compile(r"\w")


@dataclass(frozen=True)
class Sentence:
    """span: its characters in the request's text, (0, 0) where that isn't known. tokens: its LangGloss, where it was
    written by somebody."""

    text: str
    span: tuple[int, int] = (0, 0)
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True)
class Script:
    """language: code of the signed language, by the prompt where this names one."""

    language: str
    sentences: tuple[Sentence, ...]
    warnings: tuple[str, ...] = field(default=())


def read(request: GenerateRequest) -> Script:
    """The script of a request's text. Raises `EngineError`: `empty_text`, `text_too_long`, `nothing_to_sign`,
    `unknown_language`."""
    text = checked_text(request.text)
    code = languages.get(request.language).code
    if is_lang_gloss(text):
        return _of_lang_gloss(text)
    prompt = prompts.read(text, code)
    at = text.find(prompt.text)
    sentences = tuple(
        Sentence(prompt.text[a:b], (at + a, at + b) if at >= 0 else (0, 0)) for a, b in _spans(prompt.text)
    )
    if not sentences:
        raise EngineError("nothing_to_sign", "There is no word in the text.", "Write some words.", "edit_text")
    warnings = []
    if prompt.language != code:
        warnings.append(f"The prompt asks for {languages.get(prompt.language).name}, so that it is signed, not {code}.")
    spoken = languages.get(prompt.language).spoken
    if prompt.spoken and prompt.spoken != spoken:
        name = languages.get(prompt.language).spoken_name
        warnings.append(f"The model reads {name}: words of other languages are spelled or signed wrong.")
    return Script(prompt.language, sentences, tuple(warnings))


def words_of(tokens: tuple[str, ...]) -> list[tuple[str, int, int]]:
    """LangGloss tokens as glosses: each with the first of its tokens and the one after its last.

    Letters in a row are one spelled word, as a gloss line has it: `fs-ANNA`.
    """
    made: list[tuple[str, int, int]] = []
    for at, token in enumerate(tokens):
        gloss = parted(token)[1]
        before = made[-1] if made else ("", 0, 0)
        if gloss.startswith(SPELLED) and before[0].startswith(SPELLED):
            made[-1] = (before[0] + gloss.removeprefix(SPELLED), before[1], at + 1)
        else:
            made.append((gloss, at, at + 1))
    return made


def _of_lang_gloss(text: str) -> Script:
    tokens = tuple(text.split())
    codes = sorted({parted(token)[0] for token in tokens})
    if len(codes) > 1:
        raise EngineError(
            "gloss_line",
            f"The glosses are of several languages: {', '.join(codes)}.",
            "Write the glosses of one language.",
            "edit_text",
        )
    code = languages.get(codes[0]).code
    return Script(code, (Sentence(text, (0, len(text)), tokens),))


def _spans(text: str) -> list[tuple[int, int]]:
    """Begin and end of each sentence that has a word."""
    ends = [*(match.end() for match in _END.finditer(text)), len(text)]
    spans = []
    for begin, end in itertools.pairwise([0, *ends]):
        part = text[begin:end]
        first = begin + len(part) - len(part.lstrip())
        if _WORD.search(part):
            spans.append((first, first + len(part.strip())))
    return spans
