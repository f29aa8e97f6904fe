"""Licences that signs commonly have."""

from __future__ import annotations

from typing import Any

LICENCES = ("CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "All rights reserved")


def licence_suggestions(_self: Any, _context: Any, text: str) -> list[str]:
    """Licences to choose from; any other can be typed."""
    return [name for name in LICENCES if text.casefold() in name.casefold()]
