"""The command line: `python -m engine --help`."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from . import __version__, languages, native
from .commands import add_generate, add_plan, add_text
from .dictionary.commands import add_dictionary, add_hamnosys
from .generators import registry
from .generators.base import EngineError
from .model_commands import add_model_commands
from .pose_files.commands import add_pose_files

EXIT_OK, EXIT_ERROR, EXIT_CANCELLED = 0, 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 0 done, 1 an error that is told, 2 wrong usage, 130 interrupted."""
    native.add_packages()
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a narrow terminal encoding must not end the program
    try:
        code = options.run(options)
        sys.stdout.flush()
        return code
    except EngineError as e:
        _say(f"Error: {e.message}")
        if e.hint:
            _say(e.hint)
        return EXIT_ERROR
    except OSError as e:
        # what was printed could not be: nobody reads it any more (`| head`), or it goes to a full disk
        if not isinstance(e, BrokenPipeError):
            _say(f"Error: {e.strerror or e}")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return EXIT_ERROR
    except KeyboardInterrupt:
        _say("Interrupted.")
        return EXIT_CANCELLED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engine",
        description="Signwright's engine: text in, SMPL-X sign-language motion out.",
        epilog='Example: python -m engine generate "Hello, my name is Anna." -o hello.npz',
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_generate(commands)
    add_plan(commands)
    add_model_commands(commands, add_text)
    serve = commands.add_parser("serve", help="serve a program on standard input and output (used by the add-on)")
    serve.add_argument("--log", metavar="FILE", default="", help="write the log there; it is rotated at 1 MB")
    serve.set_defaults(run=_serve)
    commands.add_parser("languages", help="list the signed languages").set_defaults(run=_languages)
    commands.add_parser("methods", help="list the methods").set_defaults(run=_methods)
    signs = commands.add_parser("signs", help="list the signs of the dictionary")
    signs.add_argument("query", nargs="?", default="", metavar="QUERY", help="part of a gloss or of a word")
    signs.add_argument("--language", default="ASL", metavar="CODE", help="signed language (default: ASL)")
    signs.set_defaults(run=_signs)
    review = commands.add_parser(
        "review", help="write a page on which signers review the signs, or merge their verdicts"
    )
    _add_review(review)
    own = "your own signs beside the embedded ones: list, show, add, import, export, remove"
    add_dictionary(commands.add_parser("dictionary", help=own, description=_sentence(own)))
    notation = "tell how much of a SiGML or HamNoSys file is understood"
    add_hamnosys(commands.add_parser("hamnosys", help=notation, description=_sentence(notation)))
    body = commands.add_parser("export-body", help="write the embedded avatar as a plain SMPL-X .npz for other tools")
    body.add_argument("output", metavar="FILE", help="the .npz to write: 3 MB, but 130 MB in memory")
    body.set_defaults(run=_export_body)
    add_pose_files(commands)
    _add_training(commands)
    return parser


def _add_training(commands: Any) -> None:
    """The commands of training and its data, which the extension doesn't ship."""
    if find_spec(".training", __package__) is not None:
        from .prompt2sign.commands import add_prompt2sign
        from .training.commands import add_training

        add_training(commands)
        add_prompt2sign(commands)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _add_review(parser: argparse.ArgumentParser) -> None:
    from .review import cli

    cli.add_arguments(parser)


def _serve(options: argparse.Namespace) -> int:
    from .serving import serve

    return serve(options.log)


def _languages(options: argparse.Namespace) -> int:
    for language in languages.LANGUAGES:
        counts = f"{language.signs} signs, {language.letters} letters, {language.numbers} numbers"
        print(f"{language.code:8}{language.name:30}{counts if language.has_signs else 'no signs yet'}")
    return EXIT_OK


def _methods(options: argparse.Namespace) -> int:
    for name in registry.names():
        method = registry.get(name)
        print(f"{method.name:18}{method.description} ({', '.join(method.languages()) or 'no language yet'})")
    return EXIT_OK


def _signs(options: argparse.Namespace) -> int:
    from .lexicon.loader import load_language

    query = options.query.strip().casefold()
    signs = load_language(languages.require_signs(options.language).code).signs.values()
    found = [s for s in signs if any(query in name.casefold() for name in (s.gloss, *s.words))]
    for sign in sorted(found, key=lambda s: s.gloss):
        print(f"{sign.gloss:20}{', '.join(sign.words)}")
    if not found:
        raise EngineError("no_such_sign", f"No sign matches {options.query!r}.", "Leave the query out to see them all.")
    return EXIT_OK


def _export_body(options: argparse.Namespace) -> int:
    from .body import EMBEDDED_AVATAR, BodyModel, BodyModelError

    if not options.output.endswith(".npz"):
        raise EngineError(
            "wrong_file_type", f"{options.output} isn't an .npz file.", "Name the file SMPLX_NEUTRAL.npz."
        )
    try:
        BodyModel.load(EMBEDDED_AVATAR).save_smplx_npz(options.output)
    except BodyModelError as e:
        raise EngineError("body_model", str(e), "Install Signwright again: its avatar is damaged.") from e
    print(options.output)
    return EXIT_OK


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
