"""The dictionary's side of the command line: `python -m engine dictionary ...` and `python -m engine hamnosys FILE`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ..commands import counted
from ..generators.base import EngineError
from ..requests import handler

_OWN = "the folder of your dictionary; it is made with the first sign"


def add_dictionary(parser: argparse.ArgumentParser) -> None:
    """Describe `dictionary` and its actions."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listed = _action(actions, "list", "list signs, all or those that a query finds", _list, own=False)
    listed.add_argument("query", nargs="?", default="", metavar="QUERY", help="part of a gloss, a word, a description")
    listed.add_argument("--own", action="store_true", help="only signs of your own")
    shown = _action(actions, "show", "show all that is known of a sign", _show, own=False)
    shown.add_argument("gloss", metavar="GLOSS")
    added = _action(actions, "add", "add a sign out of a recording (.npz or .pose)", _add)
    added.add_argument("gloss", metavar="GLOSS")
    added.add_argument("motion", metavar="FILE")
    added.add_argument("--words", default="", metavar="WORDS", help='what it means, like "good evening, evening"')
    added.add_argument("--start", type=float, default=0.0, metavar="S", help="seconds where the sign begins")
    added.add_argument("--end", type=float, default=None, metavar="S", help="seconds where it ends")
    added.add_argument("--replace", action="store_true", help="replace a sign of your own that has the name")
    added.add_argument("--pos", default="", metavar="CLASS", help="noun, verb, adjective, ...")
    added.add_argument("--description", default="", metavar="TEXT")
    _add_recording(added)
    _add_rights(added)
    imported = _action(actions, "import", "import files and folders of signs", _import)
    imported.add_argument("paths", nargs="+", metavar="FILE", help=".npz, .pose, .sigml, .hns, .zip, or a folder")
    imported.add_argument(
        "--duplicates",
        choices=("skip", "replace", "rename"),
        default="skip",
        help="what to do with a name that is taken",
    )
    _add_recording(imported)
    _add_rights(imported)
    exported = _action(actions, "export", "write signs of your own into a zip that others can import", _export)
    exported.add_argument("glosses", nargs="*", metavar="GLOSS", help="all of the language when none is given")
    exported.add_argument("-o", "--output", required=True, metavar="FILE", help="the .zip to write")
    removed = _action(actions, "remove", "remove signs of your own", _remove)
    removed.add_argument("glosses", nargs="+", metavar="GLOSS")


def add_hamnosys(parser: argparse.ArgumentParser) -> None:
    """Describe `hamnosys`."""
    parser.add_argument("file", metavar="FILE", help="a .sigml file, or a text of glosses and HamNoSys characters")
    parser.add_argument("--toml", action="store_true", help="print the signs as this program writes them down")
    parser.set_defaults(run=_hamnosys)


def _action(actions: Any, name: str, text: str, run: Any, own: bool = True) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.add_argument("--dictionary", default="", required=own, metavar="FOLDER", help=_OWN)
    parser.add_argument("--language", default="ASL", metavar="CODE", help="signed language (default: ASL)")
    parser.set_defaults(run=run)
    return parser


def _add_recording(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--left-handed", action="store_true", help="the recording shows a left-handed signer")
    parser.add_argument("--keep-rest", action="store_true", help="keep the way from and to rest at the ends")


def _add_rights(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--author", default="", metavar="NAME", help="whose signs they are")
    parser.add_argument("--licence", default="", metavar="LICENCE", help="like CC0-1.0 or CC-BY-4.0")


def _message(options: argparse.Namespace, **fields: Any) -> dict[str, Any]:
    return {"dictionary": options.dictionary, "language": options.language, **fields}


def _rights(options: argparse.Namespace) -> dict[str, str]:
    return {"author": options.author, "licence": options.licence}


def _report(stage: str, fraction: float) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{fraction:4.0%} {stage[:60]:60}")
        sys.stderr.flush()


def _ask(kind: str, message: dict[str, Any]) -> dict[str, Any]:
    """A request of the protocol, answered here."""
    return handler(kind)(message, _report)


def _say(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r" + " " * 66 + "\r")
    print(text, file=sys.stderr)


def _list(options: argparse.Namespace) -> int:
    found = _ask("signs", _message(options, query=options.query, own=options.own, limit=2000))
    for problem in found["problems"]:
        _say(f"Note: {problem}")
    for sign in found["signs"]:
        mark = "*" if sign["own"] else " "
        print(f"{mark} {sign['gloss']:24}{', '.join(sign['words'])}")
    if not found["signs"]:
        raise _nothing_found(options)
    _say(f"{counted(found['total'], 'sign')}; * marks your own.")
    return 0


def _nothing_found(options: argparse.Namespace) -> EngineError:
    if options.query:
        whose = " of your own" if options.own else ""
        what = f"No sign{whose} matches {options.query!r}."
        return EngineError("no_such_sign", what, "Leave the query out to see them all.")
    if options.own:
        return EngineError(
            "no_such_sign",
            f"You have no signs of your own in {options.language.upper()} yet.",
            "Add one with `dictionary add` or `dictionary import`.",
        )
    return EngineError("no_such_sign", f"There are no signs of {options.language.upper()} yet.")


def _show(options: argparse.Namespace) -> int:
    found = _ask("signs", _message(options, query=options.gloss, limit=2000))["signs"]
    sign = next((s for s in found if s["gloss"] == options.gloss.upper()), None)
    if sign is None:
        near = ", ".join(s["gloss"] for s in found[:8])
        hint = f"Near it: {near}." if near else "`dictionary list` shows them all."
        raise EngineError("no_such_sign", f"There is no sign {options.gloss!r}.", hint)
    for key, value in sign.items():
        text = ", ".join(value) if isinstance(value, list) else value
        if text not in ("", None, 0.0):
            print(f"{key:14}{text}")
    return 0


def _add(options: argparse.Namespace) -> int:
    done = _ask(
        "sign_add",
        _message(
            options,
            gloss=options.gloss,
            motion=options.motion,
            words=options.words,
            start=options.start,
            end=options.end,
            mirror=options.left_handed,
            trim=not options.keep_rest,
            replace=options.replace,
            pos=options.pos,
            description=options.description,
            origin=Path(options.motion).name,
            **_rights(options),
        ),
    )
    for note in done["warnings"]:
        _say(f"Note: {note}")
    print(f"{done['sign']['gloss']}: {done['sign']['seconds']:.2f} s, {', '.join(done['sign']['words'])}")
    return 0


def _import(options: argparse.Namespace) -> int:
    fields = {"paths": options.paths, "duplicates": options.duplicates, **_rights(options)}
    done = _ask("signs_import", _message(options, mirror=options.left_handed, trim=not options.keep_rest, **fields))
    for note in done["warnings"]:
        _say(f"Note: {note}")
    for skipped in done["skipped"]:
        _say(f"Skipped {skipped['what']}: {skipped['why']}")
    print(f"{len(done['added'])} added, {len(done['replaced'])} replaced, {len(done['skipped'])} skipped")
    return 0 if done["added"] or done["replaced"] else 1


def _export(options: argparse.Namespace) -> int:
    done = _ask("signs_export", _message(options, glosses=options.glosses, output=options.output))
    print(f"{done['path']}: {counted(done['count'], 'sign')}")
    return 0


def _remove(options: argparse.Namespace) -> int:
    done = _ask("signs_remove", _message(options, glosses=options.glosses))
    print(f"Removed {', '.join(done['removed'])}")
    return 0


def _hamnosys(options: argparse.Namespace) -> int:
    """Tell how much of a file is understood, sign by sign, and what is not."""
    from ..formats.hamnosys_symbols import meaning
    from ..formats.notation import coverage, read_notation
    from . import editing, library
    from .store import good_gloss
    from .toml_writer import handshape_text, sign_text

    signs = read_notation(Path(options.file), library.embedded("ASL").handshapes)
    if options.toml:
        for sign in signs:
            gloss = good_gloss(sign.gloss)
            for shape in sign.handshapes.values():
                print(f"# in handshapes.toml\n{handshape_text(shape)}")
            print(sign_text(gloss, editing.complete(sign.record, gloss)))
        return 0
    for sign in signs:
        told = f"not understood: {', '.join(sign.unread)}" if sign.unread else "understood"
        print(f"{sign.gloss[:30]:32}{sign.symbols:4} symbols, {told}")
        for note in sign.notes:
            print(f"{'':32}{note}")
    total = coverage(signs)
    print(f"\n{total}")
    for name, count in total.unread.most_common():
        known = meaning(name)
        print(f"{count:6}  {name}{f': {known}' if known else ''}")
    return 0
