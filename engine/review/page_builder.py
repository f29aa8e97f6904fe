"""The review page: one HTML file with the avatar, all signs and their motion in it, that needs no network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .. import languages
from ..body import BodyModel
from ..generators.base import EngineError
from ..lexicon.loader import Lexicon
from ..take import PoseSequence
from .motion import motion_of
from .packing import clip, figure
from .records import Record

_PARTS = Path(__file__).parent / "page"
_FILES = {
    "/*STYLE*/": "page.css",
    "/*VIEWER*/": "viewer.js",
    "/*VERDICTS*/": "verdicts.js",
    "/*REVIEW*/": "review.js",
}
FPS = 24.0
LEAD, TAIL = 0.3, 0.35
"""Seconds shown before and after the sign: hands on their way."""

Progress = Callable[[str, int, int], None]


def page(lexicons: Iterable[tuple[Lexicon, list[Record]]], body: BodyModel, progress: Progress) -> str:
    """The page's HTML. lexicons: each with its signs to show; progress: told a gloss, done, total."""
    lexicons = list(lexicons)
    total = sum(len(chosen) for _, chosen in lexicons)
    signs: list[dict[str, Any]] = []
    for lexicon, chosen in lexicons:
        for record in chosen:
            progress(record.entry.gloss, len(signs), total)
            signs.append(_sign(record, lexicon, body, several=len(lexicons) > 1))
    names = [languages.get(lexicon.language).name for lexicon, _ in lexicons]
    data = {
        "title": ", ".join(names),
        "languages": [lexicon.language for lexicon, _ in lexicons],
        "groups": list(dict.fromkeys(s["group"] for s in signs)),
        "signs": signs,
        "figure": figure(body),
    }
    return _filled(data)


def _sign(record: Record, lexicon: Lexicon, body: BodyModel, several: bool) -> dict[str, Any]:
    entry = record.entry
    fingerprint = ""
    try:
        fingerprint = record.fingerprint
        sequence, start, end = motion_of(entry, lexicon, body, FPS)
        motion, problem = clip(_trimmed(sequence, start - LEAD, end + TAIL)), ""
    except EngineError as e:
        motion, problem = None, e.message
    group = f"{lexicon.language}: {record.group}" if several else record.group
    return {
        "key": record.key,
        "gloss": entry.gloss,
        "group": group,
        "words": list(entry.words),
        "pos": entry.pos,
        "sense": entry.sense,
        "description": entry.description,
        "reviewedBy": entry.reviewed_by,
        "hash": fingerprint,
        "motion": motion,
        "problem": problem,
    }


def _trimmed(sequence: PoseSequence, start: float, end: float) -> PoseSequence:
    first = max(0, round(start * sequence.fps))
    last = min(len(sequence), round(end * sequence.fps) + 1)
    part = slice(first, max(last, first + 2))
    return PoseSequence(sequence.poses[part], sequence.trans[part], sequence.expression[part], sequence.fps)


def _filled(data: dict[str, Any]) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    # nothing in the data may end the element that holds it
    parts = {"/*DATA*/": text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")}
    for mark, file in _FILES.items():
        parts[mark] = (_PARTS / file).read_text(encoding="utf-8")
    html = (_PARTS / "page.html").read_text(encoding="utf-8")
    pieces = [html]
    for mark, content in parts.items():
        at = next(i for i, piece in enumerate(pieces) if mark in piece)
        before, _, after = pieces[at].partition(mark)
        pieces[at : at + 1] = [before, content, after]
    return "".join(pieces)
