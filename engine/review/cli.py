"""`python -m engine review`: make the review page and contact sheets, or merge verdicts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from .. import languages
from ..commands import counted, existing_folder

DESCRIPTION = """\
Writes a page (review.html) that shows every sign moving, for fluent signers to accept, reject or comment on. It opens
in any current browser, without network. The reviewer sends back the file that the page downloads, for --merge.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.description = DESCRIPTION
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("-o", "--output", metavar="FOLDER", help="where to write the page")
    what.add_argument(
        "--merge", metavar="FILE", help="put the reviewer's name at the signs that a verdict file accepts"
    )
    parser.add_argument("--language", default="ASL", metavar="CODE", help="signed language, or all (default: ASL)")
    parser.add_argument(
        "--signs", nargs="+", default=[], metavar="GLOSS", help="only these (letters: fs-A, numbers: #7)"
    )
    parser.add_argument(
        "--dictionary", default="", metavar="FOLDER", help="your own dictionary, shown with the embedded one"
    )
    parser.add_argument("--contact-sheet", action="store_true", help="also write PNG pages of all signs (needs Pillow)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    folder = existing_folder(options.dictionary)
    folders = [folder] if folder else []
    return _merge(Path(options.merge), folders) if options.merge else _write(options, folders)


def _merge(path: Path, folders: list[Path]) -> int:
    from .merge import merge, read_verdicts

    verdicts = read_verdicts(path)
    done = merge(verdicts, folders)
    for title, lines in (
        (f"Accepted by {verdicts.reviewer}", done.accepted),
        ("To be mended", done.remarks),
        ("Left out", done.refused),
    ):
        if lines:
            print(f"{title} ({len(lines)}):")
            print("".join(f"  {line}\n" for line in lines), end="")
    print(f"{len(done.accepted)} accepted, {len(done.remarks)} to be mended, {len(done.refused)} left out.")
    return 0 if not done.refused else 1


def _write(options: argparse.Namespace, folders: list[Path]) -> int:
    from ..body import EMBEDDED_AVATAR, BodyModel
    from ..lexicon.loader import load_language
    from .page_builder import page
    from .records import records

    codes = [options.language]
    if options.language.lower() == "all":
        codes = [language.code for language in languages.with_signs()]
    lexicons = [load_language(languages.require_signs(code).code, folders) for code in codes]
    for problem in (p for lexicon in lexicons for p in lexicon.problems):
        print(f"Note: {problem}", file=sys.stderr)
    chosen = [(lexicon, records(lexicon, options.signs)) for lexicon in lexicons]
    body = BodyModel.load(EMBEDDED_AVATAR)
    folder = Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)
    if options.contact_sheet:
        from .sheets import write_sheets

        flat = [(lexicon, record) for lexicon, some in chosen for record in some]
        for sheet in write_sheets(flat, body, folder, _progress("drawing")):
            _clear()
            print(sheet)
    html = page(chosen, body, _progress("signing"))
    _clear()
    path = folder / "review.html"
    path.write_text(html, encoding="utf-8", newline="\n")
    count = sum(len(some) for _, some in chosen)
    print(f"{path}: {counted(count, 'sign')}, {path.stat().st_size / 1e6:.1f} MB. Open it in a browser.")
    return 0


def _progress(doing: str) -> Callable[[str, int, int], None]:
    def tell(gloss: str, done: int, total: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{done + 1:5} of {total} {doing} {gloss[:40]:40}")
            sys.stderr.flush()

    return tell


def _clear() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r" + " " * 70 + "\r")
