"""The fake engine's models: what folders in the user's own are called decides what they are.

`damaged`: can't be used. `tokenizer`: can't generate. `mlsf-CODE`, `prompt2langgloss`: SignLLM's, of that language and
of ASL. Anything else signs ASL and writes captions. What is made anew is
the take with a bend of the chosen parts in the range, and poses that are locked as they were.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.skeleton import JOINT_INDEX, LAYERS
from engine.take import Take
from tests.addon.fake_dictionary import Refused, plan

Answer = dict[str, Any]
DICTIONARY = {
    "name": "dictionary", "label": "Dictionary", "description": "Signs", "languages": ["ASL"], "options": [],
}  # fmt: skip
NEURAL = {
    "name": "neural", "label": "Neural (retrieval)", "description": "A model signs", "examples": {},
    "options": [
        "bundle", "device", "precision", "temperature", "top_k", "top_p", "beams", "keywords", "keyword_steps", "off",
        "mode", "length",
    ],
}  # fmt: skip
PROMPTS = {"ASL": ["How do you say tea in ASL?", "What is the sign for tea?"]}
MLSF = {
    "name": "mlsf", "label": "MLSF", "description": "A model a language", "examples": PROMPTS, "options": ["bundle"],
}  # fmt: skip
LANGGLOSS = {
    "name": "prompt2langgloss", "label": "Prompt2LangGloss", "description": "By glosses", "examples": PROMPTS,
    "options": ["bundle", "beams"],
}  # fmt: skip
BEND = 0.25
"""Radians that joints are turned by when they are made anew."""


def bundles(request: Answer) -> Answer:
    """Every folder in the user's folder of models, and what there is to compute on."""
    folder = Path(request["models"]) if request.get("models") else None
    found = sorted(folder.iterdir()) if folder is not None and folder.is_dir() else []
    devices = [{"id": "cpu", "name": "CPU", "cores": 1}]
    if any(path.name == "large" for path in found):
        devices.append({"id": "cuda", "name": "Card", "cores": 0, "memory_gb": 80.0})
    return {
        "bundles": [_bundle(path) for path in found],
        "devices": devices,
        "runtime": {"name": "base", "label": "ONNX Runtime (CPU)", "note": ""},
    }


def methods(models: str) -> list[Answer]:
    """The neural method first; those that need a model can't be used without one."""
    ready = [b for b in bundles({"models": models})["bundles"] if b["generator"] and not b["problem"]]
    dictionary = {**DICTIONARY, "bundles": False, "usable": True, "problem": "", "examples": {}}
    return [_by_model(NEURAL, ready), dictionary, _by_model(MLSF, ready), _by_model(LANGGLOSS, ready)]


def _by_model(method: Answer, ready: list[Answer]) -> Answer:
    own = [b for b in ready if b["method"] == method["name"]]
    known = sorted({code for b in own for code in b["languages"]})
    problem = "" if own else "There is no model."
    return {**method, "languages": known, "bundles": True, "usable": bool(own), "problem": problem}


def keywords(request: Answer) -> Answer:
    """The signs of the plan; names are spelled, one letter a keyword, and words after the limit left to the model."""
    planned = plan({**request, "gloss": request.get("gloss", "")})
    found: list[Answer] = []
    others: list[Answer] = []
    limit = request["options"].get("keywords")
    for group, item in enumerate(planned["items"]):
        word = request["text"][slice(*item["text_span"])]
        spelled = item["kind"] == "fingerspell"
        glosses = [f"#{c}" for c in item["gloss"].removeprefix("fs-")] if spelled else [item["gloss"]]
        if limit is not None and len(found) + len(glosses) > limit:
            others.append({"word": word, "gloss": item["gloss"], "text_span": item["text_span"], "fate": "model"})
            continue
        for gloss in glosses:
            fields = {"gloss": gloss, "entry": f"asl/{gloss}", "source": "bundle", "steps": 6, "on": True}
            place = {"word": word, "text_span": item["text_span"], "group": group if spelled else -1}
            found.append({"index": len(found), **fields, **place})
    return {"bundle": "small", "keywords": found, "others": others, "warnings": []}


def regenerate(request: Answer) -> Answer:
    """The take with its parts bent in the range."""
    take = Take.load(request["take"])
    path = Path(request["output"])
    takes = [_bent(take, request, request["seed"] + i) for i in range(request["variations"])]
    seam = {"time": request["start"], "joint": "left_elbow", "velocity": 212.0, "own": 305.0}
    each = {"seams": [seam], "locked": len(request["locks"])}
    made = [{**one, **each} for one in variations(takes, path)]
    write(takes, made)
    return {"path": str(path), "warnings": [], "gloss_line": "", "variations": made, **each}


def caption(request: Answer) -> Answer:
    """How many frames the motion has."""
    take = Take.load(request["take"])
    if request["options"]["bundle"] == "mute":
        raise Refused("no_captions", "The model writes no captions.", "choose_bundle")
    return {
        "text": f"{len(take.sequence)} frames",
        "language": request["language"],
        "score": -0.5,
        "warnings": ["It was slow."],
    }


def variations(takes: Sequence[Take], path: Path) -> list[Answer]:
    """Where each take goes, and what is said of it."""
    paths = [path, *(path.with_name(f"{path.stem}-{n}{path.suffix}") for n in range(2, len(takes) + 1))]
    return [
        {"path": str(own), "name": take.name, "seed": take.seed, "frames": len(take.sequence), "score": None}
        for take, own in zip(takes, paths, strict=True)
    ]


def write(takes: Sequence[Take], made: Sequence[Answer]) -> None:
    """Write each to its place."""
    for take, one in zip(takes, made, strict=True):
        take.save(one["path"])


def provenance(options: Answer) -> Answer:
    """What a take's settings say of the model."""
    identifier = options["bundle"] or "small"
    if identifier == "damaged":
        raise Refused("bundle_damaged", "The model is damaged.", "choose_bundle")
    names = {"bundle": identifier, "bundle_name": identifier.capitalize(), "bundle_licence": "CC0-1.0"}
    return {**names, "bundle_sha256": "0123456789abcdef", "runtime": "onnx-cpu", "score": -0.25}


def _bundle(path: Path) -> Answer:
    damaged = path.name == "damaged"
    return {
        "id": path.name,
        "method": _method_of(path.name),
        "name": path.name.capitalize(),
        "languages": [path.name.removeprefix("mlsf-").upper() if path.name.startswith("mlsf-") else "ASL"],
        "licence": "CC0-1.0",
        "provenance": "Made for the tests.",
        "bytes": 1000,
        "embedded": False,
        "folder": str(path),
        "generator": path.name != "tokenizer",
        "dictionary": True,
        "signs": 120,
        "captions": path.name != "mute",
        "settings": {},
        "problem": "Its files are cut short." if damaged else "",
    }


def _method_of(name: str) -> str:
    return "mlsf" if name.startswith("mlsf-") else name if name == "prompt2langgloss" else "neural"


def _bent(take: Take, request: Answer, seed: int) -> Take:
    poses = take.sequence.poses.copy()
    fps = take.sequence.fps
    first, end = round(request["start"] * fps), round(request["end"] * fps) + 1
    layers = [part for part in request["parts"] if part != "body"] + ["body", "face"] * ("body" in request["parts"])
    for joint in (JOINT_INDEX[name] for layer in layers for name in LAYERS[layer]):
        poses[first:end, 3 * joint] += BEND * (1 + seed)
    for lock in request["locks"]:
        for joint in map(JOINT_INDEX.__getitem__, lock["joints"]):
            place = lock["frame"], slice(3 * joint, 3 * joint + 3)
            poses[place] = take.sequence.poses[place]
    asked = {name: value for name, value in request.items() if name not in ("take", "output")}
    told = {name: request[name] for name in ("start", "end", "parts", "text")}
    told |= {"seed": seed, "temperature": request["options"]["temperature"]} | provenance(request["options"])
    settings = {**take.settings, "asked": json.loads(json.dumps(asked)), "regenerated": [told]}
    sequence = dataclasses.replace(take.sequence, poses=poses)
    return dataclasses.replace(take, name=request["name"], sequence=sequence, seed=seed, settings=settings)


HANDLERS = {f.__name__: f for f in (bundles, keywords, regenerate, caption)}
