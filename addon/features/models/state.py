"""What is known of the signs found for a text, and the options of a request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import bpy

from ... import pump
from ...paths import models_path
from ...reports import Report, UserError
from ..generate import choices as methods
from ..gloss import state as gloss
from ..requests import dictionary, submit
from . import choices

PLACE = "model"
"""Panel of reports, and slot of the request, of the signs found."""
_DELAY_S = 0.3
"""Of asking anew after a change, so that it isn't asked for every number that a slider passes."""

_asked: dict[str, str] = {}
"""Scene's name -> what was asked for last, so that a text that the engine refused isn't asked for again and again."""


def uses_model(scene: bpy.types.Scene) -> bool:
    """Whether the chosen method needs a trained model."""
    return methods.uses_model(scene.signwright.generate)


def has_option(scene: bpy.types.Scene, name: str) -> bool:
    """Whether the chosen method has a setting of that name."""
    return name in methods.option_names(scene.signwright.generate)


def finds_signs(scene: bpy.types.Scene) -> bool:
    """Whether the chosen method takes signs as examples."""
    return has_option(scene, "keywords")


def options(scene: bpy.types.Scene) -> dict[str, Any]:
    """The panel's `options` of a request: those that the chosen method has."""
    known = methods.option_names(scene.signwright.generate)
    if not known:
        return {}
    chosen = scene.signwright.models
    values = {**shared_options(scene, methods.method_of(scene.signwright.generate)), "mode": chosen.mode}
    values |= {"length": chosen.length, "off": off(scene) if "off" in known else []}
    if "temperature" not in known:
        values["beams"] = chosen.beams
    return {name: value for name, value in values.items() if name in known}


def shared_options(scene: bpy.types.Scene, method: str = choices.NEURAL) -> dict[str, Any]:
    """Those that generating and regenerating have in common; of a model of another method there is none."""
    chosen = scene.signwright.models
    names = ("device", "precision", "temperature", "top_k", "top_p")
    limits = {name: getattr(chosen, name) if chosen.limit_keywords else None for name in ("keywords", "keyword_steps")}
    beams = 1 if chosen.temperature > 0.0 else chosen.beams
    bundle = choices.chosen_for(chosen.bundle, method)
    return {"bundle": bundle, **{name: getattr(chosen, name) for name in names}, **limits, "beams": beams}


def off(scene: bpy.types.Scene) -> list[int]:
    """Indices of the signs found that are switched off; none when they were found for another text."""
    return [] if is_stale(scene) else [k.index for k in scene.signwright.models.found if not k.on]


def source_of(scene: bpy.types.Scene) -> str:
    """All that decides which signs are found."""
    asked = fields(scene)
    del asked["options"]["device"], asked["options"]["precision"]
    return json.dumps(asked)


def is_stale(scene: bpy.types.Scene) -> bool:
    """Whether the text or a setting has changed since the signs were found."""
    return scene.signwright.models.found_source != source_of(scene)


def keep_up(scene: bpy.types.Scene) -> None:
    """Called while drawing: see to it that the signs of a changed text are asked for, a little later."""
    if bpy.app.background or not pump.session().ready or not is_stale(scene):
        return
    if _asked.get(scene.name) != source_of(scene) and not bpy.app.timers.is_registered(_keep_up):
        bpy.app.timers.register(_keep_up, first_interval=_DELAY_S)


def forget() -> None:
    """Ask anew when next drawn."""
    _asked.clear()


def unregister() -> None:
    """Leave no timer and nothing known."""
    if bpy.app.timers.is_registered(_keep_up):
        bpy.app.timers.unregister(_keep_up)
    forget()


def ask(scene: bpy.types.Scene) -> None:
    """Ask for the signs of the present text, while Blender goes on. Raises `UserError`."""
    pump.show(None, PLACE)
    source, name = source_of(scene), scene.name
    _asked[name] = source
    if not has_text(scene):
        clear(scene)
        return

    def done(answer: Mapping[str, Any]) -> Report | None:
        home = bpy.data.scenes.get(name)
        return take_found(home, source, answer) if home is not None else None

    submit("keywords", done, PLACE, **fields(scene))


def clear(scene: bpy.types.Scene) -> None:
    """There is no text, so there are no signs."""
    chosen = scene.signwright.models
    chosen.found.clear()
    chosen.found_source, chosen.others = source_of(scene), ""


def take_found(scene: bpy.types.Scene, source: str, answer: Mapping[str, Any]) -> Report | None:
    """Take in which signs were found; those that were switched off before stay so."""
    chosen = scene.signwright.models
    silent = {(k.word, k.entry) for k in chosen.found if not k.on}
    chosen.found.clear()
    for entry in answer["keywords"]:
        item = chosen.found.add()
        item.name, item.word, item.entry = entry["gloss"], entry["word"], entry["entry"]
        item.index, item.group = entry["index"], entry.get("group", -1)
        item.own = entry["source"] == "own"
        item.on = (item.word, item.entry) not in silent
    chosen.others = "\n".join(f"{other['word'] or other['gloss']}\t{other['fate']}" for other in answer["others"])
    chosen.found_source = source
    warnings = list(answer["warnings"])
    return Report(" ".join(warnings), code="keyword_warnings", severity="WARNING") if warnings else None


def has_text(scene: bpy.types.Scene) -> bool:
    """Whether there is anything to find signs for."""
    return bool(scene.signwright.generate.resolved_text().strip() or gloss.edited_line(scene))


def fields(scene: bpy.types.Scene) -> dict[str, Any]:
    """Fields of a `keywords` request."""
    chosen = scene.signwright.generate
    wanted = shared_options(scene)
    return {
        "text": chosen.resolved_text(),
        "language": chosen.language,
        "word_order": chosen.word_order,
        "method": methods.method_of(chosen),
        "gloss": gloss.edited_line(scene),
        "dictionary": dictionary(),
        "models": str(models_path()),
        "options": {name: wanted[name] for name in ("bundle", "device", "precision", "keywords", "keyword_steps")},
    }


def _keep_up() -> None:
    scene = bpy.context.scene
    if not finds_signs(scene) or not is_stale(scene):
        return
    try:
        ask(scene)
    except UserError as e:
        pump.show(e.report, PLACE)
