"""An engine for tests: speaks the protocol, and misbehaves when the text says so.

`slow`: progress until cancelled. `die`: ends in the middle. `garbage`: writes something else to the pipe. `deaf`: never
answers again. `full`: its disk is full. `no_file`: says that it wrote a take, and didn't. `bad_file`: writes nonsense.
Anything else becomes a take of one second at once; what it was asked for is in the take's settings. An import of a file
called `slow` goes on until cancelled too.
"""

from __future__ import annotations

import dataclasses
import os
import select
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from engine.protocol import Decoder, encode
from engine.skeleton import EXPRESSION_NAMES
from engine.take import PoseSequence, Segment, Take
from tests.addon import fake_dictionary, fake_models, fake_pose_files

HANDLERS = {**fake_dictionary.HANDLERS, **fake_models.HANDLERS, **fake_pose_files.HANDLERS}
_decoder = Decoder()
_waiting: list[dict[str, Any]] = []


def _send(kind: str, request: dict[str, Any], **fields: Any) -> None:
    os.write(1, encode({"type": kind, "id": request["id"], **fields}))


def _receive(timeout: float | None) -> dict[str, Any] | None:
    if not _waiting:
        if not select.select([0], [], [], timeout)[0]:
            return None
        data = os.read(0, 65536)
        if not data:
            sys.exit(0)
        _waiting.extend(_decoder.feed(data))
    return _waiting.pop(0) if _waiting else None


def _take(request: dict[str, Any]) -> Take:
    fps = request["fps"]
    frames = round(fps) + 1
    poses = np.zeros((frames, 165))
    poses[:, 3 * 17 + 2] = np.linspace(0.0, 1.0, frames)
    sequence = PoseSequence(poses, np.zeros((frames, 3)), np.zeros((frames, len(EXPRESSION_NAMES))), fps)
    segments = (
        Segment("HELLO", 0.0, 0.5, "dictionary", (0, 5), "asl/HELLO", licence="CC0-1.0"),
        Segment("fs-ANNA", 0.5, 1.0, "fingerspelled", (6, 10)),
    )
    text = request["text"]
    if request.get("gloss"):
        segments = tuple(Segment(g, 0.0, 1.0, "dictionary") for g in request["gloss"].split())
    method = request.get("method", "dictionary")
    asked = ("betas", "gloss", "word_order", "mouthing", "variation", "variations", "models", "options")
    settings = {name: request[name] for name in asked if name in request}
    if method == "neural":
        settings |= fake_models.provenance(request["options"])
        segments = tuple(dataclasses.replace(s, origin="generated") for s in segments)
    seed = request.get("seed", 0)
    return Take(
        request.get("name") or text[:20], text, request["language"], method, sequence, segments, seed, settings=settings
    )


def _generate(request: dict[str, Any]) -> None:
    word = (request["text"] or request["gloss"]).split()[0]
    _send("progress", request, stage="planning", fraction=0.25)
    if word == "die":
        os._exit(9)
    if word == "garbage":
        os.write(1, b"\xff\xff\xff\xffTraceback (most recent call last)")
        time.sleep(5.0)
    if word == "deaf":
        time.sleep(60.0)
    if word == "full":
        _send("error", request, code="disk_full", message="The disk is full.", hint="Free it.", fix="choose_folder")
        return
    if word == "slow":
        _be_slow(request)
        return
    path = Path(request["output"])
    takes = [_take({**request, "seed": request.get("seed", 0) + i}) for i in range(request.get("variations", 1))]
    variations = fake_models.variations(takes, path)
    if word == "bad_file":
        path.write_bytes(b"no take at all")
    elif word != "no_file":
        fake_models.write(takes, variations)
    line = request.get("gloss") or " ".join(word.upper() for word in request["text"].split())
    _send("result", request, path=str(path), seconds=0.01, warnings=[], gloss_line=line, variations=variations)


def _answer(request: dict[str, Any]) -> None:
    try:
        (_generate if request["type"] == "generate" else _look_up)(request)
    except fake_dictionary.Refused as e:
        code, message, *fix = e.args
        _send("error", request, code=code, message=message, hint="", fix="".join(fix))


def _look_up(request: dict[str, Any]) -> None:
    if any(Path(path).stem == "slow" for path in request.get("paths", ())):
        _be_slow(request)
    else:
        _send("result", request, **HANDLERS[request["type"]](request))


def _be_slow(request: dict[str, Any]) -> None:
    for i in range(600):
        _send("progress", request, stage="signing", fraction=i / 600)
        message = _receive(0.05)
        if message is not None and message["type"] == "cancel":
            _send("error", request, code="cancelled", message="Cancelled.", hint="", fix="")
            return


def _language(code: str, name: str, spoken: str, signs: int = 0, grammar: bool = False) -> dict[str, Any]:
    counts = {"signs": signs, "letters": 26 if signs else 0, "numbers": 29 if signs else 0}
    return {"code": code, "name": name, "spoken": spoken, "has_signs": bool(signs), "grammar": grammar, **counts}


def main() -> None:
    """Serve until the input ends."""
    while True:
        message = _receive(None)
        if message is None:
            continue
        if message["type"] == "hello":
            _send(
                "hello",
                message,
                version="0.0.0",
                protocol=1,
                methods=fake_models.methods(message.get("models", "")),
                **fake_models.bundles(message),
                languages=[
                    _language("ASL", "American Sign Language", "en", signs=fake_dictionary.BUILT_IN, grammar=True),
                    _language("DGS", "German Sign Language", "de"),
                ],
            )
        elif message["type"] == "generate" or message["type"] in HANDLERS:
            _answer(message)
        elif message["type"] == "bye":
            _send("bye", message)
            return


if __name__ == "__main__":
    main()
