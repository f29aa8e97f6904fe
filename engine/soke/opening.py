"""The model and the language of a request, and work that falls back from a graphics card to the processor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

from .. import bundles
from ..bundle import BundleError
from ..generators.base import EngineError, GenerateRequest
from ..kept import Kept
from ..languages import Language
from ..lexicon.loader import Lexicon
from ..planning import language_of
from .model import Device, Model, Precision
from .options import Options

T = TypeVar("T")
_models = Kept[Model](2)


@dataclass(frozen=True)
class Opened:
    """A model with the language of a request."""

    options: Options
    found: bundles.Listed
    model: Model
    language: Language
    lexicon: Lexicon

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """What makes the take, beside what the user chose."""
        manifest = self.model.bundle.manifest
        return {
            "bundle": self.found.id,
            "bundle_name": manifest.name,
            "bundle_sha256": self.model.digest,
            "bundle_licence": manifest.licence,
            "runtime": self.model.runtime.name,
        }


def open_model(found: bundles.Listed, device: Device = "auto", precision: Precision = "auto") -> Model:
    """The model of a bundle, kept for the next request. Raises `EngineError`: `bundle_damaged`."""
    bundle = bundles.verified(found)
    key = (bundle.folder, id(bundle), device, precision)
    try:
        return _models.get(key, lambda: Model.open(bundle, device, precision))
    except (BundleError, ValueError, OSError) as e:
        raise bundles.damaged(found, e) from e


def forget_models() -> None:
    """Let go of the models that are kept."""
    _models.clear()


def opened_for(request: GenerateRequest, **defaults: Any) -> Opened:
    """The model and the language of a request. defaults: of options that it doesn't give. Raises `EngineError`."""
    options = Options.of(request.options, **defaults)
    language, lexicon = language_of(request)
    found = bundles.choose(options.bundle, request.models, language.code)
    _require(found, language)
    return Opened(options, found, open_model(found, options.device, options.precision), language, lexicon)


def carried_out(opened: Opened, work: Callable[[Opened], T]) -> tuple[T, Opened, tuple[str, ...]]:
    """Do what needs a model. Where a graphics card fails, the processor does it anew.

    The outcome, with which model it was made, and what there is to tell of that.
    """
    try:
        return work(opened), opened, ()
    except RuntimeError as e:
        if "cuda" not in opened.model.runtime.name:
            raise
        note = f"The graphics card failed ({str(e).strip().partition(chr(10))[0][:120]}); the processor did it."
        plain = replace(opened, model=open_model(opened.found, "cpu"))
        return work(plain), plain, (note,)


def _require(found: bundles.Listed, language: Language) -> None:
    assert found.bundle is not None
    manifest = found.bundle.manifest
    if "generator" not in manifest.model:
        raise EngineError(
            "bundle_damaged",
            f"The model {manifest.name} has a tokenizer only: it can play and edit signs, not make them of a text.",
            "Choose a model with a generator.",
            "choose_bundle",
        )
    if language.code not in manifest.languages:
        raise EngineError(
            "bundle_language",
            f"The model {manifest.name} doesn't know {language.name}.",
            f"Choose one of its languages ({', '.join(manifest.languages)}), or another model.",
            "choose_language",
        )
