"""The page of figures: rows become a table, notes that people wrote stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from export.release import quality
from export.release.console import BuildError, Stages
from export.release.environments import Environment

ROWS = [
    '{"row": {"section": "Size", "what": "ASL", "figure": "2 | 3", "wanted": "1", "source": "x"}}',
    "a library says something",
    '{"row": {"section": "Size", "what": "DGS", "figure": "4", "wanted": "", "source": "x"}}',
    '{"group": "counts", "seconds": 61.0}',
]


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "quality.md"
    monkeypatch.setattr(quality, "PAGE", path)
    monkeypatch.setattr(quality, "_plan", lambda left_out: left_out.append("the eye: gone") or [(here(), ("counts",))])
    monkeypatch.setattr(Environment, "ensure", lambda self: Path())
    return path


def here() -> Environment:
    return Environment("here", "3.11", Path(), "numpy")


def test_rows_become_a_table_with_one_heading_a_section(page: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(quality, "run", lambda *_, **__: "\n".join(ROWS))
    assert quality.write(Stages()) == page
    text = page.read_text("utf-8")
    assert text.count("| **Size** |") == 1
    assert "| ASL | 2 / 3 | 1 | x |" in text
    assert "| DGS | 4 |  | x |" in text
    assert "1 minutes" in text
    assert "Left out, the eye: gone." in text


def test_what_people_wrote_after_the_table_stays(page: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(quality, "run", lambda *_, **__: "\n".join(ROWS))
    page.write_text("old table <!-- notes -->\n\nWhat it means.\n", encoding="utf-8")
    quality.write(Stages())
    assert page.read_text("utf-8").endswith("<!-- notes -->\n\nWhat it means.\n")
    assert "old table" not in page.read_text("utf-8")


def test_a_group_that_ends_early_is_an_error_and_leaves_the_page(page: Path, monkeypatch: pytest.MonkeyPatch):
    page.write_text("as it was", encoding="utf-8")
    monkeypatch.setattr(quality, "run", lambda *_, **__: "\n".join(ROWS[:-1]))
    with pytest.raises(BuildError, match="counts"):
        quality.write(Stages())
    assert page.read_text("utf-8") == "as it was"
