"""Pose files on the command line: `python -m engine import-takes FILE ...` and `python -m engine export-take TAKE`."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from ..commands import Progress, counted
from ..requests import handler
from . import FORMATS


def add_pose_files(commands: Any) -> None:
    """Add both commands to the command line."""
    imported: argparse.ArgumentParser = commands.add_parser(
        "import-takes", help="make takes of .skels, OpenPose folders, DWPose .npz, .pose", description=_import.__doc__
    )
    imported.add_argument("paths", nargs="+", metavar="FILE", help="file, or folder with OpenPose's frames")
    imported.add_argument("-o", "--output", required=True, metavar="FILE", help="the .npz of the first take")
    imported.add_argument("--fps", type=float, metavar="N", help="of files that don't say it (25)")
    imported.add_argument("--lines", default="", metavar="N,N-N", help="of a .skels file (all)")
    imported.add_argument(
        "--counter", choices=("detect", "with", "without"), default="detect", help="of .skels' frames (detect)"
    )
    imported.add_argument("--language", default="ASL", metavar="CODE", help="signed language (default: ASL)")
    imported.set_defaults(run=_import)
    exported: argparse.ArgumentParser = commands.add_parser(
        "export-take", help="write a take as .skels, OpenPose's frames or DWPose .npz", description=_export.__doc__
    )
    exported.add_argument("take", metavar="TAKE", help="the take's .npz")
    exported.add_argument("-o", "--output", required=True, metavar="FILE", help="file, or new folder of frames")
    exported.add_argument("--format", choices=FORMATS, default="skels", help="what is written (default: skels)")
    exported.add_argument("--fps", type=float, metavar="N", help="frames a second (the take's)")
    exported.add_argument("--scale", type=float, default=9.0, metavar="N", help=".skels are divided by it (default: 9)")
    exported.add_argument("--no-counter", action="store_true", help="150 numbers a frame in .skels, not 151")
    exported.add_argument("--body", default="", metavar="FILE", help="SMPL-X model (default: the embedded avatar)")
    exported.set_defaults(run=_export)


def _import(options: argparse.Namespace) -> int:
    """Make a take of each motion; further ones are written beside the first. What was left out is told."""
    names = ("paths", "output", "fps", "lines", "counter", "language")
    answer = _asked("takes_import", {name: getattr(options, name) for name in names})
    for entry in answer["skipped"]:
        print(f"Left out: {entry['what']}: {entry['why']}", file=sys.stderr)
    for warning in answer["warnings"]:
        print(f"Note: {warning}", file=sys.stderr)
    for made in answer["variations"]:
        print(f"{made['path']}: {made['name']}, {made['frames']} frames at {made['fps']:g} a second")
    return 0


def _export(options: argparse.Namespace) -> int:
    """Write a take as a file of joints or keypoints, seen from the front where the format is a picture's."""
    message = {name: getattr(options, name) for name in ("take", "output", "format", "fps", "scale")}
    answer = _asked("take_export", {**message, "counter": not options.no_counter, "body_model": options.body})
    for warning in answer["warnings"]:
        print(f"Note: {warning}", file=sys.stderr)
    files = counted(answer["files"], "file")
    print(f"{answer['path']}: {files}, {answer['frames']} frames at {answer['fps']:g} a second")
    return 0


def _asked(kind: str, message: dict[str, Any]) -> dict[str, Any]:
    progress = Progress()
    try:
        return handler(kind)(message, progress)
    finally:
        progress.end()
