"""One writer at a time in a dictionary's folder.

The lock is the operating system's, on a file that stays: it ends with the process that holds it, so that a crash never
leaves a folder locked.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ..generators.base import EngineError

LOCK_NAME = ".lock"
_RETRY_S = 0.05

if sys.platform == "win32":
    import msvcrt

    def _try(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _release(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _release(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextlib.contextmanager
def writing(folder: Path, wait_s: float = 15.0) -> Iterator[None]:
    """Hold the folder's lock. Raises `EngineError` when another process holds it for longer than `wait_s`."""
    descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + wait_s
        while True:
            try:
                _try(descriptor)
                break
            except OSError as e:
                if time.monotonic() > deadline:
                    raise EngineError(
                        "dictionary_busy",
                        f"Another program is writing to your dictionary in {folder}.",
                        "Wait until it has finished, or close the other Blender, then try again.",
                        "open_dictionary",
                    ) from e
                time.sleep(_RETRY_S)
        try:
            yield
        finally:
            _release(descriptor)
    finally:
        os.close(descriptor)
