"""What Blender printed while the other GUI tests used it; this file comes last."""

from __future__ import annotations

from conftest import Blender


def test_nothing_went_wrong_that_blenders_log_would_tell(blender: Blender) -> None:
    blender.ask("True")
    log = blender.log_text()
    assert "Traceback" not in log
    assert "Policy violation" not in log
