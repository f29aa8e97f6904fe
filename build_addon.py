#!/usr/bin/env python3
"""Signwright's one entry point for people: `python build_addon.py --help`.

This file runs on any Python, to tell its user which one is needed; the work is in `export/release/`.
"""

import subprocess
import sys


def main(arguments):
    """Run the command here, or in a Python that Blender's module exists for."""
    if sys.version_info < (3, 7):  # noqa: UP036 - it runs on any
        sys.stderr.write("build_addon.py needs Python 3.11 or 3.13, and this is " + sys.version.split()[0] + ".\n")
        return 2
    from export.release import pythons

    if pythons.running() in pythons.SUPPORTED:
        from export.release import cli

        return cli.main(arguments)
    wanted = " or ".join(pythons.SUPPORTED)
    problem = "Blender's module needs Python " + wanted + "; this is " + sys.version.split()[0]
    for version in pythons.SUPPORTED:
        other = pythons.find(version)
        if other:
            sys.stderr.write(problem + ". Going on with " + str(other) + "\n")
            return subprocess.call([str(other), __file__] + arguments)  # noqa: RUF005
    sys.stderr.write(problem + ", and no other was found. This gives you one:\n")
    sys.stderr.write(pythons.how_to_get(pythons.SUPPORTED[0]) + "\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
