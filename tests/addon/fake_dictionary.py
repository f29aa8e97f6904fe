"""The fake engine's dictionary and gloss lines: small, in memory, and as the protocol has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.take import Take

Answer = dict[str, Any]
BUILT_IN = 120
"""How many signs come with the fake engine; more than a page."""


class Refused(Exception):
    """An `error` answer: code, message, hint, fix."""


def _sign(gloss: str, **fields: Any) -> Answer:
    return {
        "key": f"asl/{gloss}",
        "gloss": gloss,
        "words": [gloss.lower()],
        "pos": "",
        "sense": "",
        "description": f"How {gloss} is made.",
        "author": "Signwright",
        "licence": "CC0-1.0",
        "reviewed_by": "",
        "kind": "written",
        "own": False,
        "replaces": False,
        "origin": "",
        "seconds": 0.0,
        "fit_residual": None,
        "duplicates": [],
        **fields,
    }


_signs: dict[str, Answer] = {
    **{g: _sign(g) for g in ("HELLO", "NAME", "MY", "GOOD")},
    "BANK": _sign("BANK", sense="money", duplicates=["RIVERSIDE"]),
    "RIVERSIDE": _sign("RIVERSIDE", sense="of a river", words=["bank"], duplicates=["BANK"]),
}
_signs |= {f"SIGN-{i}": _sign(f"SIGN-{i}") for i in range(BUILT_IN - len(_signs))}


def plan(request: Answer) -> Answer:
    """The words of the text as capitals, or the line that was given, looked up; small letters are read too."""
    line = request["gloss"] or " ".join(_gloss(word) for word in request["text"].split())
    line = " ".join(token.upper() if token.upper() in _signs else token for token in line.split())
    items, at = [], 0
    for token in line.split():
        if token == ".":
            continue
        if token not in _signs and not token.startswith("fs-"):
            raise Refused("bad_gloss", f"There is no sign {token} (character {line.index(token) + 1}). HELLO is near.")
        word = token.removeprefix("fs-").lower()
        start = request["text"].lower().find(word, at)
        span = [start, start + len(word)] if start >= 0 else [0, 0]
        at = max(span[1], at)
        choices = [token, *_signs[token]["duplicates"]] if token in _signs else []
        items.append(
            {
                "gloss": token,
                "kind": "sign" if token in _signs else "fingerspell",
                "text_span": span,
                "choices": [{k: _signs[c][k] for k in ("gloss", "sense", "description")} for c in choices],
            }
        )
    return {"gloss_line": line, "items": items, "warnings": []}


def signs(request: Answer) -> Answer:
    """One page of what the query finds."""
    found = [s for s in _signs.values() if request["query"].casefold() in f"{s['gloss']} {s['words']}".casefold()]
    found = [s for s in found if s["own"] or not request["own"]]
    return {
        "total": len(found),
        "signs": found[request["offset"] :][: request["limit"]],
        "problems": ["asl/mine.toml, line 3: no such handshape."],
    }


def sign_add(request: Answer) -> Answer:
    """A recorded sign out of a motion file, which must be a take."""
    take = Take.load(request["motion"])
    if request["gloss"] in _signs and _signs[request["gloss"]]["own"] and not request["replace"]:
        raise Refused("sign_exists", f"Your dictionary has a sign {request['gloss']} already.")
    fields = {name: request[name] for name in ("pos", "sense", "description", "author", "licence")}
    words = [word.strip() for word in request["words"].split(",")]
    sign = _sign(request["gloss"], **fields, words=words, kind="recorded", own=True, seconds=take.sequence.duration)
    _signs[request["gloss"]] = sign
    return {"sign": sign, "warnings": ["Mirrored."] if request["mirror"] else []}


def sign_edit(request: Answer) -> Answer:
    """Change an own sign, or a copy of another."""
    before = _signs[request["gloss"]]
    if not (before["own"] or request["copy"]):
        raise Refused("not_own_sign", f"{request['gloss']} can't be changed.")
    changes = dict(request["changes"])
    if "words" in changes:
        changes["words"] = changes["words"].split(", ")
    gloss = changes.get("gloss", request["gloss"])
    if before["own"]:
        del _signs[request["gloss"]]
    _signs[gloss] = {**before, "own": True, "replaces": not before["own"], **changes}
    return {"sign": _signs[gloss]}


def signs_remove(request: Answer) -> Answer:
    """Remove own signs."""
    for gloss in request["glosses"]:
        if not _signs[gloss]["own"]:
            raise Refused("not_own_sign", f"{gloss} is one of Signwright's own signs.")
        del _signs[gloss]
    return {"removed": request["glosses"]}


def signs_import(request: Answer) -> Answer:
    """Every file becomes a sign of its name, but for those called `bad`."""
    answer: Answer = {"added": [], "replaced": [], "skipped": [], "warnings": []}
    for name in request["paths"]:
        path = Path(name)
        if path.stem == "bad":
            answer["skipped"].append({"what": path.name, "why": "It holds no sign."})
            continue
        gloss = path.stem.upper()
        answer["replaced" if gloss in _signs else "added"].append(gloss)
        _signs[gloss] = _sign(gloss, own=True, author=request["author"], licence=request["licence"])
    return answer


def signs_export(request: Answer) -> Answer:
    """Write the glosses instead of a zip."""
    glosses = request["glosses"] or [s["gloss"] for s in _signs.values() if s["own"]]
    Path(request["output"]).write_text("\n".join(glosses), "utf-8")
    return {"path": request["output"], "count": len(glosses)}


def _gloss(word: str) -> str:
    capitals = word.strip(".,!?").upper()
    return capitals if capitals in _signs else f"fs-{capitals}"


HANDLERS = {f.__name__: f for f in (plan, signs, sign_add, sign_edit, signs_remove, signs_import, signs_export)}
