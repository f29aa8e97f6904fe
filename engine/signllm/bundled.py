"""A bundle of SignLLM ready to use: vocabularies, ONNX models, and what turns frames into joints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from .. import bundles
from ..bundle import MANIFEST, Bundle, BundleError
from ..formats.skeleton50 import JOINT_COUNT
from ..kept import Kept
from ..npz import Npz, NpzError
from ..soke.vocabulary_files import open_pieces
from . import free_running, gloss_decoding
from .gloss_decoding import Glosses
from .model_files import MAX_STATISTICS_BYTES, MAX_VOCABULARY_BYTES, PIECES, STATISTICS, VOCABULARY
from .settings import check_model, gloss_config, pose_config
from .vocabulary import GlossVocabulary, TextVocabulary, most_glosses

if TYPE_CHECKING:  # ONNX Runtime is missing where nothing can be generated, and that is told before
    from .onnx_runtime import OnnxTransformer

_KEPT: Final = 4
"""Models that stay loaded: with MLSF that is so many languages."""
_opened: Kept[Model] = Kept(_KEPT)


@dataclass(frozen=True)
class Signing:
    """One sentence. points: (T, 50, 3) joints in the unit and the axes of the training's. complete: whether its counter
    ended it."""

    points: NDArray[np.float32]
    complete: bool


class Model:
    """An opened bundle: a group of MLSF, or Prompt2LangGloss."""

    def __init__(self, bundle: Bundle, threads: int | None = None) -> None:
        """Load it. Raises `BundleError`."""
        from .onnx_runtime import OnnxTransformer

        check_model(bundle)
        self.bundle = bundle
        self.config = pose_config(bundle.manifest.model)
        self.text, self.glosses = _vocabularies(bundle)
        statistics = _statistics(bundle, self.config.values, 0 if self.glosses is None else len(self.glosses))
        self._mean, self._std, self._durations = statistics
        self._pose = OnnxTransformer(bundle, "pose", threads=threads)
        self._gloss: OnnxTransformer | None = None
        pieces = len(self.text) if self.glosses is None else len(self.glosses)
        _require(bundle, "pose", self.config.pieces, pieces)
        if self.glosses is not None:
            sizes = gloss_config(bundle.manifest.model)
            _require(bundle, "gloss", sizes.pieces, len(self.text))
            _require(bundle, "gloss", sizes.glosses, len(self.glosses))
            self._gloss, self._longest_gloss = OnnxTransformer(bundle, "gloss", threads=threads), sizes.longest_gloss
            self.longest_text = sizes.longest_text
        else:
            self.longest_text = self.config.longest_text

    @property
    def fps(self) -> float:
        """Frames a second of what it makes."""
        return float(self.bundle.manifest.model["fps"])

    @property
    def runtime(self) -> str:
        """What runs it, for people."""
        return self._pose.name

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest, which holds those of all other files."""
        return hashlib.sha256((self.bundle.folder / MANIFEST).read_bytes()).hexdigest()

    def write_glosses(self, text: str, code: str, beams: int, progress: Callable[[float], None]) -> Glosses:
        """The first step of Prompt2LangGloss: rows of LangGloss of one language for a text, one at least."""
        assert self._gloss is not None and self.glosses is not None
        session = self._gloss.glosses(self.text.encode(text, code, self.longest_text))
        longest = min(self._longest_gloss - 1, self.config.longest_text - 1, most_glosses(text))
        return gloss_decoding.decode(
            session, self.glosses.of_language(code), longest, beams, least=1, progress=progress
        )

    def durations(self, line: Iterable[str]) -> list[float]:
        """About how many frames each LangGloss token of a line takes, all of which the vocabulary has."""
        assert self.glosses is not None
        return [float(self._durations[row]) for token in line for row in self.glosses.encode([token])[:-1]]

    def sign(self, tokens: Sequence[Sequence[int]], progress: Callable[[float], None]) -> list[Signing]:
        """Frames of several sentences, made together. tokens: rows of texts, or of LangGloss in Prompt2LangGloss."""
        session = self._pose.frames(tokens)
        made = free_running.run(session, len(tokens), self.config.frame, self.config.longest_frames, progress)
        return [Signing(self._points(frames), free_running.ended(frames)) for frames in made]

    def _points(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        values = frames[:, : self.config.values] * self._std + self._mean
        return values.reshape(len(frames), JOINT_COUNT, 3)


def opened(found: bundles.Listed) -> Model:
    """The model of a bundle, kept for the next request. Raises `EngineError`: `bundle_damaged`."""
    bundle = bundles.verified(found)
    key = (bundle.folder, id(bundle))
    try:
        return _opened.get(key, lambda: Model(bundle))
    except (BundleError, ImportError, OSError) as e:
        raise bundles.damaged(found, e) from e


def _vocabularies(bundle: Bundle) -> tuple[TextVocabulary, GlossVocabulary | None]:
    path = bundle.file(VOCABULARY)
    try:
        if path.stat().st_size > MAX_VOCABULARY_BYTES:
            raise ValueError(f"it is larger than {MAX_VOCABULARY_BYTES >> 20} MB")
        stored = json.loads(path.read_text(encoding="utf-8"))
        text = TextVocabulary.from_settings(open_pieces(bundle.file(PIECES)), stored["text"])
        if bundle.manifest.model["mode"] == "mlsf":
            return text, None
        return text, GlossVocabulary.from_settings(stored["glosses"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as e:
        raise BundleError(f"{VOCABULARY} in {bundle.folder.name} can't be read: {e}") from e


def _statistics(bundle: Bundle, values: int, glosses: int) -> list[NDArray[np.float32]]:
    """Mean and spread of a frame's values, and how long each of so many LangGloss tokens takes, nothing for none."""
    sizes = {"mean": values, "std": values, **({"durations": glosses} if glosses else {})}
    try:
        with Npz(bundle.file(STATISTICS), MAX_STATISTICS_BYTES) as file:
            made = [np.asarray(file.read(name), np.float32) for name in sizes]
        for (name, size), array in zip(sizes.items(), made, strict=True):
            if array.shape != (size,):
                raise NpzError(f"{name} must have {size} numbers.")
            if not np.isfinite(array).all() or (name == "durations" and array.min() <= 0.0):
                raise NpzError(f"{name} holds values that can't be.")
    except (NpzError, ValueError) as e:
        raise BundleError(f"{STATISTICS} in {bundle.folder.name} can't be read: {e}") from e
    return made if glosses else [*made, np.zeros(0, np.float32)]


def _require(bundle: Bundle, part: str, told: int, there: int) -> None:
    if told != there:
        raise BundleError(f"The model {part} of {bundle.folder.name} has {told} tokens, its vocabulary {there}.")
