"""How an installation ends, other than well."""

from __future__ import annotations

UNTOUCHED = "ONNX Runtime on the processor serves as before."


class Failure(Exception):
    """What happened, and how to mend it."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


class Cancelled(Exception):
    """Nobody wants the pack any more."""
