"""The commands that make something of a text: `plan` and `generate`."""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from pathlib import Path
from typing import Any

from .generators import registry
from .generators.base import EngineError, GenerateRequest, ModelGenerator, takes
from .model_commands import add_model_options, model_options, say_variations

_DEFAULTS = GenerateRequest(text="")


def add_generate(commands: Any) -> None:
    """Add `generate` to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "generate", help="make a take from a text", description=generate.__doc__
    )
    add_text(parser)
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="the .npz to write (AMASS-style SMPL-X)")
    parser.add_argument(
        "--method", default="", metavar="NAME", help="how to make it (default: the first of `methods` that can be used)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="another seed, another small variation")
    parser.add_argument("--speed", type=float, default=1.0, metavar="X", help="1 is a relaxed pace, 2 twice as fast")
    parser.add_argument("--fps", type=float, default=_DEFAULTS.fps, metavar="N", help="frames a second (default: 24)")
    parser.add_argument("--left-handed", action="store_true", help="mirror it for a left-handed signer")
    parser.add_argument(
        "--mouthing", type=float, default=_DEFAULTS.mouthing, metavar="X", help="strength of mouthed words, 0 to 1"
    )
    parser.add_argument(
        "--variation", type=float, default=_DEFAULTS.variation, metavar="X", help="how much the seed varies, 0 to 1"
    )
    parser.add_argument(
        "--body", default="", metavar="FILE", help="SMPL-X model to sign with (default: the embedded avatar)"
    )
    parser.add_argument("--betas", default="", metavar="N,N,...", help="body shape by the model's own components")
    parser.add_argument(
        "--variations", type=int, default=1, metavar="N", help="how many takes, from seeds in a row (default: 1)"
    )
    add_model_options(parser)
    parser.add_argument(
        "--mode", choices=("auto", "free", "exact"), default="auto",
        help="exact: keep the dictionary's signs; free: the model signs them anew (default: as the model is meant)",
    )  # fmt: skip
    parser.add_argument("--length", type=float, default=1.0, metavar="X", help="X times as long as the model makes it")
    parser.set_defaults(run=generate)


def add_plan(commands: Any) -> None:
    """Add `plan` to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "plan", help="show the gloss line of a text", description=plan.__doc__
    )
    add_text(parser)
    parser.set_defaults(run=plan)


def add_text(parser: argparse.ArgumentParser) -> None:
    """Add a text, its language and how it is read."""
    parser.add_argument(
        "text", nargs="?", default="", metavar="TEXT", help="what to sign; - reads it from standard input"
    )
    parser.add_argument("--language", default=_DEFAULTS.language, metavar="CODE", help="signed language (default: ASL)")
    parser.add_argument("--gloss", default="", metavar="LINE", help="gloss line to sign instead of what TEXT becomes")
    parser.add_argument(
        "--word-order",
        choices=("signed", "text"),
        default=_DEFAULTS.word_order,
        help="by the grammar of the signed language, or word by word (default: signed)",
    )
    parser.add_argument("--dictionary", default="", metavar="FOLDER", help="your own signs, words and rules")


def message_of(options: argparse.Namespace) -> dict[str, Any]:
    """The protocol's fields of a text."""
    return {
        "text": sys.stdin.read() if options.text == "-" else options.text,
        "language": options.language,
        "gloss": options.gloss,
        "word_order": options.word_order,
        "dictionary": str(existing_folder(options.dictionary) or ""),
    }


def existing_folder(dictionary: str) -> Path | None:
    """The folder that the command line names, if it does. Raises `EngineError` when it isn't there: a slip, surely."""
    if not dictionary:
        return None
    if not Path(dictionary).is_dir():
        raise EngineError("no_such_folder", f"There is no folder {dictionary}.", "Give the folder of your dictionary.")
    return Path(dictionary)


def counted(count: int, what: str) -> str:
    """Like "1 sign" or "2 signs"."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def plan(options: argparse.Namespace) -> int:
    """Show the gloss line that a text becomes, or check one that you wrote; what words could also be comes after it."""
    from .planning import plan_request

    answer = plan_request(message_of(options), lambda stage, fraction: None)
    print(answer["gloss_line"])
    for item in answer["items"]:
        if item["choices"]:
            listed = "; ".join(f"{c['gloss']} ({c['sense']})" for c in item["choices"])
            _say(f"Note: {item['gloss']} could be {listed}.")
    for warning in answer["warnings"]:
        _say(f"Note: {warning}")
    return 0


def generate(options: argparse.Namespace) -> int:
    """Make a take from a text or a gloss line. What was signed is printed; progress goes to standard error."""
    from .outputs import check_output
    from .requests import written

    if not options.output.lower().endswith(".npz"):
        raise EngineError(
            "wrong_file_type", f"{options.output} isn't an .npz file.", "Give the take a name like hello.npz."
        )
    request = GenerateRequest.from_message(
        {
            **message_of(options),
            "method": options.method,
            "seed": options.seed,
            "speed": options.speed,
            "fps": options.fps,
            "handedness": "left" if options.left_handed else "right",
            "mouthing": options.mouthing,
            "variation": options.variation,
            "body_model": options.body,
            "betas": _numbers(options.betas),
            "variations": options.variations,
            "models": options.models,
        }
    )
    generator = registry.chosen(request)
    if isinstance(generator, ModelGenerator):
        settings = {**model_options(options), "mode": options.mode, "length": options.length}
        own = {name: value for name, value in settings.items() if name in generator.options}
        request = dataclasses.replace(request, options=own)
    began = time.perf_counter()
    path = check_output(options.output)
    progress = Progress()
    made = takes(generator, request, progress)
    answer = written(made, path)
    progress.end()
    take = made[0]
    for warning in take.warnings:
        _say(f"Note: {warning}")
    print(take.settings.get("gloss_line") or " ".join(s.gloss for s in take.segments if s.origin != "pause"))
    print(f"{path}: {take.sequence.duration:.1f} s of motion, made in {time.perf_counter() - began:.1f} s")
    say_variations(answer["variations"][1:])
    return 0


def _numbers(betas: str) -> list[float]:
    try:
        return [float(b) for b in betas.split(",")] if betas else []
    except ValueError as e:
        raise EngineError(
            "bad_request",
            f"--betas {betas} is no list of numbers.",
            "Write numbers with commas between, like 1.5,0,-2.",
        ) from e


class Progress:
    """A line on standard error that is written over, when somebody looks at it."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()

    def __call__(self, stage: str, fraction: float) -> None:
        if self._shown:
            sys.stderr.write(f"\r{fraction:4.0%} {stage:20}")
            sys.stderr.flush()

    def end(self) -> None:
        """Clear the line."""
        if self._shown:
            sys.stderr.write("\r" + " " * 26 + "\r")


def _say(text: str) -> None:
    print(text, file=sys.stderr)
