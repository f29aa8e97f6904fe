"""What most tests of the engine sign with: the embedded avatar and ASL, read once."""

from __future__ import annotations

import pytest

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.lexicon.loader import Lexicon, load_language


@pytest.fixture(scope="session")
def body() -> BodyModel:
    return BodyModel.load(EMBEDDED_AVATAR)


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return load_language("ASL")
