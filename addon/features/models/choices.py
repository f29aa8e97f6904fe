"""Models and devices to choose from, as the engine named them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import pump
from ..generate.choices import AUTOMATIC, Item, entries, menu

NEURAL = "neural"
"""The method whose models also make parts of a take anew and write captions."""


def usable(bundle: Mapping[str, Any]) -> bool:
    """Whether it makes motion of a text."""
    return bool(bundle["generator"]) and not bundle["problem"]


def any_usable(method: str = NEURAL) -> bool:
    """Whether there is a model with which a method makes motion."""
    return any(map(usable, of_method(method)))


def of_method(method: str) -> list[dict[str, Any]]:
    """The models of a method, and those that can't be read, which may be."""
    return [b for b in entries("bundles") if b["method"] in (method, "")]


def chosen_for(identifier: str, method: str = NEURAL) -> str:
    """The chosen model's id, empty for one of another method: each method goes by what is chosen of its own."""
    others = (b["id"] for b in entries("bundles") if b["method"] not in (method, ""))
    return "" if identifier in others else identifier


def entry_of(identifier: str) -> dict[str, Any] | None:
    """The model of an id, of whatever method."""
    return next((b for b in entries("bundles") if b["id"] == identifier), None)


def bundle_entry(identifier: str, language: str = "", method: str = NEURAL) -> dict[str, Any] | None:
    """The model of an id; for an empty one the first that can generate, of those that know the language if any does."""
    wanted = chosen_for(identifier, method)
    if wanted:
        return entry_of(wanted)
    ready = [b for b in of_method(method) if usable(b)]
    return next((b for b in ready if language in b["languages"]), ready[0] if ready else None)


def bundles(current: str, language: str, method: str = NEURAL) -> list[Item]:
    """Menu of a method's models; those that can't generate are in it and say why."""
    meant = bundle_entry("", language, method)
    first = (AUTOMATIC, f"Automatic ({meant['name']})" if meant else "Automatic", "The first that knows the language")
    known = [(b["id"], b["name"], _tip(b), _icon(b)) for b in of_method(method)]
    return menu("bundles", [(*first, "FILE_REFRESH"), *known], chosen_for(current, method) or AUTOMATIC)


def devices(current: str) -> list[Item]:
    """Menu of what models can compute on."""
    first = (AUTOMATIC, "Automatic", "A graphics card where there is one that can be used, else the processor", "AUTO")
    known = [(d["id"], d["name"], _memory(d), "MEMORY") for d in entries("devices")]
    return menu("devices", [first, *known], AUTOMATIC if current == "auto" else current)


def runtime() -> dict[str, Any]:
    """What computes: name, label and a note; empty before the engine has said so."""
    hello = pump.session().hello
    return dict((hello or {}).get("runtime") or {})


def told(bundle: Mapping[str, Any]) -> list[str]:
    """What people want to know of a model, in lines."""
    lines = [", ".join(bundle["languages"])]
    lines += [f"{bundle['signs']:,} signs"] if bundle["signs"] else []
    lines += [f"Licence: {bundle['licence'] or 'unknown'}"]
    lines += [bundle["provenance"]] if bundle["provenance"] else ["Nobody says where it comes from."]
    lines += [f"Folder: {bundle['folder']}"] if bundle.get("folder") else []
    return [line for line in lines if line]


def take_found(answer: Mapping[str, Any]) -> None:
    """Take in what the engine has found since it said hello: models, devices, and what the methods can do by them."""
    hello = pump.session().hello
    if hello is None:
        return
    hello.update({name: answer[name] for name in ("bundles", "devices", "runtime")})
    for method in hello["methods"]:
        ready = [b for b in of_method(method["name"]) if usable(b)]
        if method.get("bundles") and ready:
            known = {code for bundle in ready for code in bundle["languages"]}
            method["languages"] = [e["code"] for e in hello["languages"] if e["code"] in known]
            method["usable"], method["problem"] = True, ""


def _tip(bundle: Mapping[str, Any]) -> str:
    if bundle["problem"]:
        return f"Can't be used: {bundle['problem']}"
    if not bundle["generator"]:
        return "Has a tokenizer only: it decodes signs, and can't generate"
    return ", ".join(bundle["languages"])


def _icon(bundle: Mapping[str, Any]) -> str:
    return "ERROR" if bundle["problem"] else "BLANK1" if not bundle["generator"] else "SHADERFX"


def _memory(device: Mapping[str, Any]) -> str:
    return f"{device['memory_gb']:.0f} GB of memory" if device.get("memory_gb") else ""
