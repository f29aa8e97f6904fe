"""Things that take long to load are kept, the last ones that were asked for."""

from __future__ import annotations

import pytest

from engine.kept import Kept


def test_the_last_ones_are_kept_and_the_others_made_again() -> None:
    kept, made = Kept[str](2), list[str]()

    def make(key: str) -> str:
        made.append(key)
        return key.upper()

    def get(key: str) -> str:
        return kept.get(key, lambda: make(key))

    assert [get(key) for key in "abacab"] == list("ABACAB")
    assert made == ["a", "b", "c", "b"]
    kept.clear()
    assert get("a") == "A"
    assert made[-1] == "a"


def test_what_could_not_be_made_is_tried_again() -> None:
    kept = Kept[int](2)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 // 0)
    assert kept.get("a", lambda: 3) == 3
