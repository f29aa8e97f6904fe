"""A bundle ready to use: the runtime of its generator, its tokenizer, its dictionary."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from .. import devices, native
from ..bundle import MANIFEST, Bundle, BundleError
from ..bundles import ONNX_GENERATOR, TORCH_GENERATOR
from ..take import PoseSequence
from ..tokenizer.features import FRAMES_PER_TOKEN, PARTS, Layout
from .code_dictionary import CodeDictionary
from .decoding import Constraint, Decoded, Sampling, decode
from .prompt import Codes, PromptSettings, encoder_input
from .residuals import read_residuals
from .runtime import Rows, Runtime, RuntimeUnfit
from .segments import CodeSpace
from .settings import check_model
from .vocabulary import Vocabulary
from .vocabulary_files import read_vocabulary

if TYPE_CHECKING:  # ONNX Runtime is missing where nothing can be generated, and that is told before
    from ..tokenizer.onnx_tokenizer import OnnxTokenizer

Device = Literal["auto", "cpu", "cuda"]
Computed = Literal["float32", "bf16", "fp16", "int8"]
Precision = Literal["auto"] | Computed
DEVICES: Final = ("auto", "cpu", "cuda")
PRECISIONS: Final = ("auto", "float32", "bf16", "fp16", "int8")

_NEEDS: Final = "It needs Visual C++'s runtime of 2019 on Windows, and macOS 14"
_SMALL_BYTES: Final = 256 << 20
"""Weights up to which ONNX Runtime is as quick on a processor as torch, and starts sooner."""
_HELD: Final = 3
"""Steps for which a code is held to see what it looks like."""


@dataclass(frozen=True)
class Choice:
    """What runs a generator. note: why it isn't what was asked for, empty when it is."""

    library: Literal["onnx", "torch"]
    device: Literal["cpu", "cuda"]
    precision: Computed
    note: str = ""


class Model:
    """An opened bundle."""

    def __init__(self, bundle: Bundle, tokenizer: OnnxTokenizer, runtime: Runtime | None, note: str = "") -> None:
        """runtime: `None` for a bundle of a tokenizer alone, or where only the tokenizer is wanted."""
        self.bundle, self.tokenizer = bundle, tokenizer
        self._runtime, self._note = runtime, note
        self.settings: Mapping[str, Any] = bundle.manifest.model.get("generator", {})

    @classmethod
    def open(
        cls, bundle: Bundle, device: Device = "auto", precision: Precision = "auto", threads: int | None = None
    ) -> Model:
        """Load a bundle with its generator; where the wanted device or precision can't be had, another one and a note.

        Raises `BundleError` when nothing here can run it.
        """
        try:
            from ..tokenizer.onnx_tokenizer import OnnxTokenizer
        except ImportError as e:
            raise BundleError(f"ONNX Runtime can't be loaded on this system: {_first_line(e)}. {_NEEDS}") from e

        check_model(bundle)
        vocabulary = read_vocabulary(bundle)
        tokenizer = OnnxTokenizer(bundle, threads=threads)
        choice = choose(bundle, device, precision)
        try:
            return cls(bundle, tokenizer, _runtime(bundle, vocabulary, choice, threads), choice.note)
        except (RuntimeUnfit, BundleError, ImportError, OSError, RuntimeError) as e:
            if choice.library == "torch" and isinstance(e, ImportError):
                native.drop_pack(_first_line(e))
            if choice == (plain := choose(bundle, "cpu", "float32")):
                raise BundleError(f"The generator of {bundle.folder.name} can't be loaded: {e}") from e
            note = f"{_named(choice)} can't be used ({_first_line(e)}); {_named(plain)} does it."
            return cls(bundle, tokenizer, _runtime(bundle, vocabulary, plain, threads), note)

    @property
    def runtime(self) -> Runtime:
        """What runs the generator. Raises `BundleError` for a bundle that has none."""
        if self._runtime is None:
            raise BundleError(f"{self.bundle.folder.name} has no generator, only a tokenizer.")
        return self._runtime

    @property
    def note(self) -> str:
        """What isn't as it was asked for, and why: another runtime, device or precision; mostly empty."""
        return " ".join(told for told in (self._note, getattr(self._runtime, "note", "")) if told)

    @property
    def vocabulary(self) -> Vocabulary:
        """The rows of the generator."""
        return self.runtime.vocabulary

    @property
    def layout(self) -> Layout:
        """Which numbers a frame of features has."""
        return self.tokenizer.layout

    @property
    def fps(self) -> float:
        """Frames a second of what it makes."""
        return float(self.bundle.manifest.model.get("fps", 24.0))

    @property
    def step_seconds(self) -> float:
        """Seconds of one step."""
        return FRAMES_PER_TOKEN / self.fps

    @property
    def longest_hold(self) -> int:
        """Steps in a row that a step may be held, as long as in what it was trained on; 0 where that isn't known."""
        return int(self.settings.get("longest_hold", 0))

    @cached_property
    def prompt(self) -> PromptSettings:
        """How its inputs are made."""
        return PromptSettings.of(self.settings)

    @cached_property
    def dictionary(self) -> CodeDictionary:
        """Its signs as codes, with what these lose where the bundle tells that."""
        signs = CodeDictionary.read(self.bundle)
        steps = {key: entry.steps for key, entry in signs.entries.items()}
        return signs.with_residuals(read_residuals(self.bundle, steps, self.layout.body))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the manifest, which holds those of all other files."""
        return hashlib.sha256((self.bundle.folder / MANIFEST).read_bytes()).hexdigest()

    @cached_property
    def space(self) -> CodeSpace:
        """Distances between its codes."""
        return CodeSpace({part: self._looks(part) for part in PARTS})

    def inputs(
        self,
        texts: Sequence[str],
        retrieved: Sequence[Sequence[tuple[str, Codes]]],
        languages: Sequence[str],
        settings: PromptSettings | None = None,
    ) -> list[Rows]:
        """The encoder's input of each text and its retrieved signs. settings: the bundle's own unless others are given.

        Raises `ValueError` for a language that the model doesn't know.
        """
        return [
            encoder_input(self.vocabulary, text, signs, language, settings or self.prompt)
            for text, signs, language in zip(texts, retrieved, languages, strict=True)
        ]

    def generate(
        self,
        inputs: Sequence[Rows],
        languages: Sequence[str],
        sampling: Sequence[Sampling],
        constraints: Sequence[Constraint],
        progress: Callable[[float], None] = lambda done: None,
    ) -> list[Decoded]:
        """Rows of each part for a batch of inputs."""
        variant = self.settings.get("variant", "multihead")
        return decode(self.runtime, inputs, languages, sampling, constraints, variant=variant, progress=progress)

    def codes(self, decoded: Decoded) -> dict[str, list[int]]:
        """The codes among the generated rows; a part without any is the single code 0, as in the published code."""
        read = {part: [self.vocabulary.code_of(part, row) for row in decoded.rows[part]] for part in PARTS}
        return {part: [code for code in codes if code is not None] or [0] for part, codes in read.items()}

    def decode(self, codes: Codes) -> PoseSequence:
        """The motion of codes; joints that the layout lacks are at rest."""
        poses, expression = self.layout.poses(self.tokenizer.decode(codes))
        still = np.zeros((len(poses), 3), np.float32)
        return PoseSequence(poses, still, expression, self.fps, self.layout.expression)

    def encode(self, sequence: PoseSequence) -> dict[str, list[int]]:
        """The codes of a motion, resampled to the model's frame rate; the last frame fills up the last step."""
        frames = sequence.resampled(self.fps)
        face = np.zeros((len(frames), len(self.layout.expression)), np.float32)
        for column, name in enumerate(self.layout.expression):
            if name in frames.expression_names:
                face[:, column] = frames.expression[:, frames.expression_names.index(name)]
        features = self.layout.features(frames.poses, face)
        missing = -len(features) % FRAMES_PER_TOKEN
        return self.tokenizer.encode(np.concatenate([features, np.repeat(features[-1:], missing, axis=0)]))

    def _looks(self, part: str) -> NDArray[np.floating]:
        """(codes, features) normalised features of each code of a part where it is held."""
        count = int(self.bundle.manifest.model["tokenizer"][part]["codes"])
        held = np.repeat(np.arange(count), _HELD).tolist()
        features = self.tokenizer.decode({p: held if p == part else [0, 0] for p in PARTS})
        columns = list(self.layout.columns[part])
        middle = features[:, columns].reshape(count, _HELD * FRAMES_PER_TOKEN, -1)
        rest = _HELD // 2 * FRAMES_PER_TOKEN
        return middle[:, rest : rest + FRAMES_PER_TOKEN].mean(axis=1) / np.maximum(self.tokenizer.std[columns], 1e-6)


def choose(bundle: Bundle, device: Device = "auto", precision: Precision = "auto") -> Choice:
    """What runs a bundle's generator best here. Raises `BundleError` when nothing can."""
    onnx = bool(devices.onnx_runtime()) and all(bundle.has(name) for name in ONNX_GENERATOR)
    torch = devices.torch() is not None and bundle.has(TORCH_GENERATOR)
    if not (onnx or torch):
        raise BundleError(f"Nothing here can run the generator of {bundle.folder.name}: PyTorch isn't installed.")
    cards = devices.cards()
    if device != "cpu" and cards.cards and torch:
        return Choice("torch", "cuda", "bf16" if precision == "auto" else precision)
    note = ""
    if device == "cuda":
        why = cards.problem or ("it needs PyTorch for CUDA" if torch or not onnx else "its files are for the CPU only")
        note = f"The graphics card can't be used: {why.rstrip('.')}. The processor does it."
    reduced = precision not in ("auto", "float32")
    if torch and (reduced or not onnx or bundle.manifest.files[TORCH_GENERATOR].bytes > _SMALL_BYTES):
        return Choice("torch", "cpu", "float32" if precision == "auto" else precision, note)
    if reduced:
        note = f"{note} {precision} needs PyTorch and the model's full weights: it computes as it was exported.".strip()
    return Choice("onnx", "cpu", "float32", note)


def _runtime(bundle: Bundle, vocabulary: Vocabulary, choice: Choice, threads: int | None) -> Runtime:
    if choice.library == "onnx":
        from .onnx_runtime import OnnxRuntime

        return OnnxRuntime(bundle, vocabulary, choice.device, threads)
    from .torch_runtime import TorchRuntime

    return TorchRuntime.load(bundle, vocabulary, choice.device, choice.precision)


def _named(choice: Choice) -> str:
    library = {"onnx": "ONNX Runtime", "torch": "PyTorch"}[choice.library]
    return f"{library} on {'the graphics card' if choice.device == 'cuda' else 'the processor'} ({choice.precision})"


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200].rstrip(".")
