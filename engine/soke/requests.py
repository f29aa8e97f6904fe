"""The neural method's requests of the protocol: what examples a text has, making a part of a take anew, captions."""

from __future__ import annotations

import dataclasses
from typing import Any

from ..generators.base import GenerateRequest, Report
from ..outputs import check_output
from ..protocol import Message
from ..requests import written
from .captions import Caption
from .captions import caption as caption_of
from .editing import Edited
from .motion import cut
from .opening import Opened, carried_out, opened_for
from .regeneration import Regeneration
from .regeneration import regenerate as made_anew
from .retrieval import Keyword, Other
from .tasks import task_of


def keywords(message: Message, report: Report) -> Message:
    """Answer `keywords`: the signs that the model is given as examples for a text, and what becomes of other words."""
    request = GenerateRequest.from_message(message)
    task = task_of(request, opened_for(request), report)
    return {
        "bundle": task.opened.found.id,
        "keywords": [_keyword(k) for k in task.retrieved.keywords],
        "others": [_other(o) for o in task.retrieved.others],
        "warnings": list(task.warnings),
    }


def regenerate(message: Message, report: Report) -> Message:
    """Answer `regenerate`: write the take with a range or parts of it made anew, in as many variations as wanted."""
    path = check_output(message.get("output"))
    made = made_anew(Regeneration.from_message(message), report)
    report("Writing", 0.97)
    answer = written([one.take for one in made], path)
    each = [_seams(one.edited) for one in made]
    variations = [{**v, **seams} for v, seams in zip(answer["variations"], each, strict=True)]
    return {**answer, **each[0], "variations": variations}


def caption(message: Message, report: Report) -> Message:
    """Answer `caption`: what a take says, in words."""
    wanted = Regeneration.from_message(message)
    report("Loading the model", 0.0)
    opened = opened_for(wanted.request)
    motion = cut(wanted.edit.sequence, wanted.edit.first, wanted.edit.end)

    def work(opened: Opened) -> Caption:
        codes = opened.model.encode(motion)
        return caption_of(opened.model, codes, opened.language.code, opened.options.beams, report)

    made, opened, notes = carried_out(opened, work)
    warnings = [*([opened.model.note] if opened.model.note else []), *notes]
    return {"text": made.text, "language": opened.language.code, "score": made.score, "warnings": warnings}


def _seams(edited: Edited) -> Message:
    return {"seams": [dataclasses.asdict(seam) for seam in edited.seams], "locked": edited.locked}


def _keyword(keyword: Keyword) -> dict[str, Any]:
    return {
        "index": keyword.index,
        "word": keyword.word,
        "gloss": keyword.gloss,
        "entry": keyword.entry.key,
        "source": "own" if keyword.own else "bundle",
        "steps": keyword.entry.steps,
        "text_span": list(keyword.text_span),
        "group": keyword.group,
        "on": keyword.on,
    }


def _other(other: Other) -> dict[str, Any]:
    return {"word": other.word, "gloss": other.gloss, "text_span": list(other.text_span), "fate": other.fate}
