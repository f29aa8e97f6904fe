"""What goes wrong, told to the user: what happened, what it means, and the button that mends it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Report:
    """One message for the panel."""

    message: str
    hint: str = ""
    fix: str = ""
    """A key of `FIX_BUTTONS`, or empty."""
    code: str = ""
    severity: str = "ERROR"
    """As Blender's operators have it: `INFO`, `WARNING` or `ERROR`."""

    @property
    def text(self) -> str:
        """All of it in one string, for the console and for `RuntimeError`."""
        return f"{self.message} {self.hint}".strip()

    @classmethod
    def from_error(cls, answer: Mapping[str, Any]) -> Report:
        """The report of an engine's `error` answer."""
        fix = str(answer.get("fix", ""))
        return cls(
            message=str(answer.get("message", "")) or "The engine failed without saying why.",
            hint=str(answer.get("hint", "")),
            fix=fix if fix in FIX_BUTTONS else "",
            code=str(answer.get("code", "")),
        )


class UserError(Exception):
    """A failure that the user can understand and mend; carries its `Report`."""

    def __init__(self, message: str, hint: str = "", fix: str = "", code: str = "") -> None:
        super().__init__(message)
        self.report = Report(message, hint, fix, code)

    @classmethod
    def of(cls, report: Report) -> UserError:
        """The exception that carries this report."""
        return cls(report.message, report.hint, report.fix, report.code)


@contextlib.contextmanager
def explained(what: str, hint: str, *errors: type[Exception]) -> Iterator[None]:
    """Turn errors whose words a user can understand into a `UserError` that says what failed."""
    try:
        yield
    except errors as e:
        raise UserError(f"{what}: {e}", hint, code=type(e).__name__) from e


FIX_BUTTONS: dict[str, tuple[str, str]] = {
    "edit_text": ("Edit Text", "GREASEPENCIL"),
    "choose_language": ("Choose Language", "WORLD"),
    "choose_method": ("Choose Method", "PRESET"),
    "choose_folder": ("Choose Folder", "FILE_FOLDER"),
    "choose_bundle": ("Choose Model", "SHADERFX"),
    "open_models": ("Models and Packs", "PREFERENCES"),
    "restart_engine": ("Restart Engine", "FILE_REFRESH"),
    "open_log": ("Open Log", "TEXT"),
    "add_avatar": ("Add Avatar", "OUTLINER_OB_ARMATURE"),
    "open_dictionary": ("Open Dictionary Folder", "FILE_FOLDER"),
    "load_body": ("Load Another File", "FILE_FOLDER"),
    "build_studio": ("Build Studio", "LIGHT_AREA"),
    "frame_camera": ("Frame Camera", "CAMERA_DATA"),
}
"""Label and icon of each fix; `features/setup/operators.py` says what it does."""
