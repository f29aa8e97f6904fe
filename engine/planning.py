"""From a request to the gloss plan that is signed: that of the user's gloss line, else of the text."""

from __future__ import annotations

from typing import Any

from . import languages
from .dictionary import library
from .generators.base import EngineError, GenerateRequest, Report
from .gloss import GlossItem, GlossPlan, notation
from .gloss_line import format_line, parse_line
from .languages import Language
from .lexicon.loader import Lexicon
from .lexicon.toml_source import LexiconError
from .protocol import Message
from .text import plan_text

_SHOWN_PROBLEMS = 3


def plan_request(message: Message, report: Report) -> Message:
    """Answer `plan`: the gloss line of a text, or of the line that the user wrote, and what its items could be."""
    request = GenerateRequest.from_message(message)
    report("Reading the dictionary", 0.0)
    language, lexicon = language_of(request)
    report("Reading the text", 0.5)
    plan = make_plan(request, language, lexicon)
    items = [item for phrase in plan.phrases for item in phrase.items if item.kind != "pause"]
    return {
        "gloss_line": format_line(plan),
        "items": [_described(item, lexicon) for item in items],
        "warnings": list(plan.warnings),
    }


def _described(item: GlossItem, lexicon: Lexicon) -> dict[str, Any]:
    choices = [lexicon.signs[gloss] for gloss in item.choices if gloss in lexicon.signs]
    return {
        "gloss": item.gloss,
        "kind": item.kind,
        "text_span": list(item.text_span),
        "choices": [
            {
                "gloss": _as_in_line(sign.gloss, item, bool(getattr(sign, "agreement", "")), lexicon),
                "sense": sign.sense or ", ".join(sign.words[:3]),
                "description": sign.description,
            }
            for sign in choices
        ],
    }


def _as_in_line(gloss: str, item: GlossItem, directional: bool, lexicon: Lexicon) -> str:
    """A choice as it would stand in the line instead of the item."""
    source, goal = (item.source, item.goal) if directional else ("", "")
    return notation(gloss, source, goal, item.repeat, lexicon.signs)


def language_of(request: GenerateRequest) -> tuple[Language, Lexicon]:
    """The language of a request with its signs, the user's own included.

    Raises `EngineError`: `unknown_language`, `no_language_data`, `lexicon_damaged`.
    """
    language = languages.get(request.language)
    try:
        lexicon = library.load(language.code, request.dictionary)
    except LexiconError as e:
        raise EngineError(
            "lexicon_damaged",
            f"The dictionary of {language.code} can't be read: {e}",
            "Install Signwright again, or correct the file that is named.",
            "open_log",
        ) from e
    if not (lexicon.signs or lexicon.letters):
        languages.require_signs(request.language)
    return language, lexicon


def make_plan(request: GenerateRequest, language: Language, lexicon: Lexicon) -> GlossPlan:
    """What is signed. Raises `EngineError` for a text or a gloss line that can't be."""
    plan = _from_text(request, language, lexicon) if request.text.strip() or not request.gloss.strip() else None
    if request.gloss.strip():
        plan = parse_line(request.gloss, lexicon, request.text, reference=plan)
    assert plan is not None
    problems = [str(problem) for problem in lexicon.problems]
    if problems:
        more = len(problems) - _SHOWN_PROBLEMS
        listed = " ".join(problems[:_SHOWN_PROBLEMS]) + (f" And {more} more." if more > 0 else "")
        warning = f"Some of your own signs were left out because of mistakes in their files: {listed}"
        plan = GlossPlan(plan.text, plan.language, plan.phrases, (*plan.warnings, warning))
    return plan


def _from_text(request: GenerateRequest, language: Language, lexicon: Lexicon) -> GlossPlan | None:
    """The plan of the text; when a gloss line is given, a text with nothing to sign is only a caption."""
    try:
        return plan_text(request.text, language, lexicon, word_order=request.word_order, dictionary=request.dictionary)
    except EngineError as e:
        if request.gloss.strip() and e.code in ("empty_text", "nothing_to_sign", "text_too_long"):
            return None
        raise
