"""Small bundles with random weights for the tests of the neural method, made once. Skips where torch is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

for _name in ("torch", "onnx", "onnxruntime", "safetensors", "sentencepiece"):
    pytest.importorskip(_name)  # skips the module of tests that imports this one

from engine.soke import opening  # noqa: E402
from engine.soke.model import Model  # noqa: E402
from tests.engine import tiny_bundle  # noqa: E402

OURS, THEIRS, TOKENIZER = "own/ours", "own/theirs", "own/tokenizer"


def quiet(stage: str, fraction: float) -> None:
    """Progress that nobody looks at."""


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A user's folder with a bundle of our kind, one in the published layout, one of a tokenizer alone."""
    folder = tmp_path_factory.mktemp("models")
    tiny_bundle.make(folder, "ours")
    tiny_bundle.make(folder, "theirs", published=True)
    tiny_bundle.make(folder, "tokenizer", generator=False)
    yield str(folder)
    opening.forget_models()


@pytest.fixture(scope="session")
def model(models: str) -> Model:
    """The bundle of our kind, opened."""
    return Model.open(tiny_bundle.opened(Path(models) / "ours"), threads=1)


def options(bundle: str = OURS, **more: Any) -> dict[str, Any]:
    """Options of a request by the bundle of our kind."""
    return {"bundle": bundle, **more}
