"""The command line's side of methods that use a model: options of `generate`; `bundles`, `keywords`, `regenerate`."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from .generators.base import EngineError

PARTS = ("body", "left_hand", "right_hand")


def add_model_options(parser: argparse.ArgumentParser, temperature: float = 0.0) -> None:
    """Add what a user chooses for a model. temperature: the default."""
    methods = "with methods that use a model (mlsf: --bundle; prompt2langgloss: --bundle, --beams; neural: all)"
    group = parser.add_argument_group(methods if temperature == 0.0 else "the model")
    group.add_argument("--bundle", default="", metavar="ID", help="the model: an id that `bundles` lists, or a folder")
    group.add_argument("--models", default="", metavar="FOLDER", help="your own models")
    group.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    group.add_argument("--precision", choices=("auto", "float32", "bf16", "fp16", "int8"), default="auto")
    group.add_argument(
        "--temperature",
        type=float,
        default=temperature,
        metavar="X",
        help=f"0 is the most likely motion, 1 as varied as the model (default: {temperature:g})",
    )
    group.add_argument("--top-k", type=int, default=0, metavar="N", help="only the N likeliest codes (0: all)")
    group.add_argument("--top-p", type=float, default=1.0, metavar="X", help="only the likeliest that make up X")
    group.add_argument("--beams", type=int, default=1, metavar="N", help="search the likeliest motion in N beams")
    group.add_argument("--keywords", type=int, default=None, metavar="N", help="most signs given as examples")
    group.add_argument("--keyword-steps", type=int, default=None, metavar="N", help="most steps of each")
    group.add_argument(
        "--without", default="", metavar="N,N,...", help="leave out examples by the numbers that `keywords` prints"
    )


def model_options(options: argparse.Namespace) -> dict[str, Any]:
    """The protocol's `options` of what was chosen."""
    names = ("bundle", "device", "precision", "temperature", "top_k", "top_p", "beams", "keywords", "keyword_steps")
    try:
        off = [int(n) for n in options.without.split(",")] if options.without else []
    except ValueError as e:
        raise EngineError(
            "bad_request", f"--without {options.without} is no list of numbers.", "Write numbers like 0,3,4."
        ) from e
    return {**{name: getattr(options, name) for name in names}, "off": off}


def add_model_commands(commands: Any, add_text: Any) -> None:
    """Add `bundles`, `keywords` and `regenerate`. add_text: adds a text and its language to a parser."""
    listed = commands.add_parser("bundles", help="list the models, what runs them, and the devices")
    listed.add_argument("--models", default="", metavar="FOLDER", help="your own models")
    listed.add_argument("--json", action="store_true", help="all that is known, as JSON")
    listed.set_defaults(run=_bundles)
    words = commands.add_parser("keywords", help="show the signs that a model is given as examples for a text")
    add_text(words)
    add_model_options(words)
    words.set_defaults(run=_keywords)
    anew = commands.add_parser(
        "regenerate",
        help="make a range or parts of a take anew",
        description="Make a range of time or parts of the signer anew by a model, and keep all else as it is.",
    )
    anew.add_argument("take", metavar="TAKE", help="the .npz to change")
    anew.add_argument("-o", "--output", required=True, metavar="FILE", help="the .npz to write")
    anew.add_argument("--range", nargs=2, type=float, metavar=("START", "END"), help="seconds (default: all)")
    anew.add_argument("--parts", nargs="+", choices=PARTS, metavar="PART", help=f"of {', '.join(PARTS)} (default: all)")
    anew.add_argument("--lock", nargs="+", type=int, default=[], metavar="FRAME", help="frames whose poses are kept")
    anew.add_argument("--length", type=float, default=1.0, metavar="X", help="make the range X times as long")
    anew.add_argument("--text", default="", metavar="TEXT", help="what to sign there (default: the take's own text)")
    anew.add_argument("--language", default="", metavar="CODE", help="signed language (default: the take's)")
    anew.add_argument("--seed", type=int, default=0, metavar="N")
    anew.add_argument("--variations", type=int, default=1, metavar="N", help="how many, from seeds in a row")
    anew.add_argument("--dictionary", default="", metavar="FOLDER", help="your own signs")
    add_model_options(anew, temperature=0.8)
    anew.set_defaults(run=_regenerate)


def quiet(stage: str, fraction: float) -> None:
    """Progress that nobody looks at."""


def say_variations(variations: list[dict[str, Any]]) -> None:
    """A line for each take that was written."""
    for made in variations:
        seconds = max(made["frames"] - 1, 0) / made["fps"]
        print(f"{made['path']}: {seconds:.1f} s of motion, seed {made['seed']}")


def _bundles(options: argparse.Namespace) -> int:
    from .bundles import description

    found = description(options.models)
    if options.json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
        return 0
    for bundle in found["bundles"]:
        what = f"{bundle['bytes'] / 1e6:.0f} MB, {', '.join(bundle['languages']) or 'no language'}"
        print(f"{bundle['id']:24}{bundle['name']} ({what}; {bundle['licence'] or 'no licence told'})")
        if bundle["problem"]:
            _say(f"Note: {bundle['id']} can't be used: {bundle['problem']}")
    if not found["bundles"]:
        _say("There are no models.")
    runtime, devices = found["runtime"], ", ".join(device["name"] for device in found["devices"])
    print(f"Runs on {runtime['label']}; devices: {devices}")
    if runtime["note"]:
        _say(f"Note: {runtime['note']}")
    return 0


def _keywords(options: argparse.Namespace) -> int:
    from .commands import message_of
    from .requests import handler

    message = {**message_of(options), "models": options.models, "options": model_options(options)}
    answer = handler("keywords")(message, quiet)
    for keyword in answer["keywords"]:
        mark, entry = " " if keyword["on"] else "-", f"{keyword['entry']:20}{keyword['steps']:3} steps"
        print(f"{mark}{keyword['index']:3} {keyword['gloss']:16}{entry}  {keyword['word']}")
    fates = {"spelled": "spelled", "model": "left to the model", "left_out": "not signed"}
    for other in answer["others"]:
        print(f"     {other['word']}: {fates[other['fate']]}")
    for warning in answer["warnings"]:
        _say(f"Note: {warning}")
    return 0


def _regenerate(options: argparse.Namespace) -> int:
    from .commands import Progress
    from .requests import handler

    start, end = options.range or (None, None)
    message = {
        "take": options.take,
        "output": options.output,
        "start": start,
        "end": end,
        "parts": options.parts or [],
        "locks": [{"frame": frame} for frame in options.lock],
        "length": options.length,
        "text": options.text,
        "language": options.language,
        "seed": options.seed,
        "variations": options.variations,
        "dictionary": options.dictionary,
        "models": options.models,
        "options": model_options(options),
    }
    progress = Progress()
    answer = handler("regenerate")(message, progress)
    progress.end()
    for warning in answer["warnings"]:
        _say(f"Note: {warning}")
    say_variations(answer["variations"])
    for seam in answer["seams"]:
        told = f"{seam['joint']} turns by {seam['velocity']:.0f} degrees a second, {seam['own']:.0f} at most elsewhere"
        print(f"seam at {seam['time']:.2f} s: {told}")
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr)
