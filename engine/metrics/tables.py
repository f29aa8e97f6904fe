"""Tables in Markdown for reports."""

from __future__ import annotations

from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[object]], digits: int = 2) -> str:
    """A table: numbers stand at the right with so many digits, `None` as a dash."""
    if any(len(row) != len(header) for row in rows):
        raise ValueError("Each row of a table needs a cell for each column.")
    numeric = [bool(rows) and all(isinstance(row[i], int | float | None) for row in rows) for i in range(len(header))]
    lines = [header, ["---:" if right else "---" for right in numeric]]
    lines += [[_cell(value, digits) for value in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value: object, digits: int) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.{digits}f}"
    return str(value).replace("|", "\\|").replace("\n", " ")
