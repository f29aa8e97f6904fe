"""Installs or removes a pack: `python -m engine.packs JOB.json`, run by the add-on in the engine's Python.

It writes a line of JSON at a time: `progress`, `ready` when the pack is built and tried, `done` or `error` in the end.
After `ready` it waits for the line `swap`, so that nothing uses the old pack while the new one takes its place. It
gives up when its standard input ends: the add-on cancels so, and a Blender that is gone does too.

The job: `action` (`install` or `remove`), `target` (folder), `log` (file), and to install: `pack` (what `pack.json`
will say), `groups` (of requirements: `files` with hashes, `lines` without, `index` or empty for the default one),
`folder` (of wheels, instead of an index), `download` and `installed` (bytes), `check` (command that tries a pack, its
folder to be added), `before` (command that must succeed first, or nothing).
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from .failures import UNTOUCHED, Cancelled, Failure
from .installer import Installer
from .pip_runs import explain


def _say(kind: str, **fields: Any) -> None:
    with contextlib.suppress(BrokenPipeError):  # the end of the input tells
        sys.stdout.write(json.dumps({"type": kind, **fields}) + "\n")
        sys.stdout.flush()


def main(path: str) -> int:
    """Do the job of a file; 0 when it was done."""
    job = json.loads(Path(path).read_text("utf-8"))
    installer = Installer(job, _say)
    installer.listen()
    try:
        _say("done", pack=installer.install() if job["action"] == "install" else installer.remove())
    except Cancelled:
        _say("error", code="cancelled", message="Cancelled.", hint=UNTOUCHED)
    except Failure as e:
        _say("error", code=e.code, message=e.message, hint=e.hint)
    except OSError as e:
        failure = explain(str(e))
        _say("error", code=failure.code, message=failure.message, hint=failure.hint)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
