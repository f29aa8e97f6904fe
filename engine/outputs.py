"""Reading and writing takes, with errors that a user can act on."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

from .generators.base import EngineError

if TYPE_CHECKING:
    from .take import Take

_FULL = frozenset(getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name))
_DENIED = frozenset((errno.EACCES, errno.EPERM, errno.EROFS))


def check_output(output: object) -> Path:
    """The path, after trying that a file can be made there: before the work, not after it.

    Raises `EngineError` when it is no path or nothing can be written there.
    """
    if not isinstance(output, str) or not output.strip() or "\0" in output:
        raise EngineError("bad_request", "The request doesn't say which file to write.")
    path = Path(output)
    try:
        _try(path)
    except OSError as e:
        raise readable_error(e, path) from e
    except UnicodeError as e:
        raise EngineError(
            "bad_request", f"{output!r} can't be the name of a file here.", "Choose another name.", "choose_folder"
        ) from e
    return path


def _try(path: Path) -> None:
    if not path.parent.is_dir():
        raise EngineError(
            "output_folder_missing",
            f"The folder {path.parent} doesn't exist.",
            "Make it, or choose another folder for takes.",
            "choose_folder",
        )
    if path.is_dir():
        raise EngineError("bad_request", f"{path} is a folder, not a file to write.", "Name a file.", "choose_folder")
    trial = path.with_name(path.name + ".part")
    try:
        with open(trial, "ab"):
            pass
    finally:
        trial.unlink(missing_ok=True)


def read_take(path: object) -> Take:
    """The take of a message. Raises `EngineError`: `bad_request`, `take_damaged`."""
    if not isinstance(path, str) or not path.strip():
        raise EngineError("bad_request", "The request doesn't say which take it is about.")
    from .take import Take, TakeError

    try:
        take = Take.load(Path(path))
    except (TakeError, ValueError) as e:
        raise EngineError("take_damaged", f"The take can't be read: {e}", "Choose another take.") from e
    if len(take.sequence) < 2:
        raise EngineError("take_damaged", f"{Path(path).name} has {len(take.sequence)} frames; 2 are needed at least.")
    return take


def save_take(take: Take, path: Path) -> None:
    """Write the take. Raises `EngineError` when the disk is full or the folder can't be written to."""
    try:
        take.save(path)
    except OSError as e:
        raise readable_error(e, path) from e


def readable_error(error: OSError, path: Path) -> EngineError:
    """The error for the user when a file can't be written."""
    if error.errno in _FULL:
        return EngineError(
            "disk_full",
            f"The disk is full: {path.name} could not be written to {path.parent}.",
            "Free some space or choose a folder on another disk. Nothing that was there is lost.",
            "choose_folder",
        )
    if error.errno in _DENIED:
        return EngineError(
            "no_permission",
            f"You may not write to the folder {path.parent}.",
            "Choose a folder that you may write to, like one in your home folder.",
            "choose_folder",
        )
    return EngineError(
        "write_failed",
        f"{path.name} could not be written to {path.parent}: {error.strerror or error}.",
        "Choose another folder or a shorter name.",
        "choose_folder",
    )
