"""Which lines of a file a user means, like `1, 4-7`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ..generators.base import EngineError

_RANGE: Final = re.compile(r"(\d{1,9})(?:\s*[-–]\s*(\d{1,9}))?")


@dataclass(frozen=True)
class Lines:
    """ranges: first and last line of each, from 1; all lines where there are none."""

    ranges: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, text: str) -> Lines:
        """Read what a user wrote, an empty text as all lines. Raises `EngineError`: `bad_lines`."""
        ranges = []
        for part in filter(None, (p.strip() for p in re.split(r"[,;]", text))):
            match = _RANGE.fullmatch(part)
            first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
            if not 1 <= first <= last:
                raise EngineError(
                    "bad_lines", f"{part[:40]!r} is no line of a file.", "Write numbers from 1 on, like 1, 4-7."
                )
            ranges.append((first, last))
        return cls(tuple(ranges))

    def __contains__(self, line: int) -> bool:
        return not self.ranges or any(first <= line <= last for first, last in self.ranges)

    def within(self, count: int) -> int:
        """How many of a file's `count` lines are meant."""
        return sum(line in self for line in range(1, count + 1)) if self.ranges else count
