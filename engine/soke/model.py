"""A SOKE bundle ready to generate: text and retrieved signs to codes, codes to features. Needs torch."""

# pyright: reportMissingImports=false
from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from ..bundle import Bundle
from ..npz import Npz
from ..tokenizer.assembling import assembled, read_statistics
from ..tokenizer.features import PARTS
from ..tokenizer.vqvae import VqVae, VqVaeConfig
from .decoding import Decoded, decode
from .prompt import Codes, prompt
from .runtime import text_input
from .sampling import Constraint
from .torch_runtime import TorchRuntime
from .transformer import Transformer, TransformerConfig
from .vocabulary import Vocabulary

Array = NDArray[np.floating]
KIND = "soke"
_MAX_WORDS_BYTES = 64 << 20


@dataclass(frozen=True)
class Tokenizer:
    """The three VQ-VAEs, and mean and spread (133,) of the features."""

    parts: Mapping[str, VqVae]
    mean: Array
    std: Array

    @classmethod
    def load(cls, bundle: Bundle) -> Tokenizer:
        """Read the tokenizer of a bundle."""
        tensors = load_file(bundle.file("tokenizer.safetensors"))
        parts = {}
        for part, sizes in bundle.manifest.model["tokenizer"].items():
            vae = VqVae(VqVaeConfig(**sizes))
            vae.load_state_dict({k.removeprefix(f"{part}."): v for k, v in tensors.items() if k.startswith(f"{part}.")})
            parts[part] = vae.eval()
        return cls(parts, *read_statistics(bundle))

    @torch.inference_mode()
    def decode(self, codes: Codes) -> Array:
        """Codes by part to (T, 133) features; parts may differ in length (see `assembled`)."""
        return assembled({part: self._decode_part(part, codes[part]) for part in PARTS}) * self.std + self.mean

    def _decode_part(self, part: str, codes: Sequence[int]) -> Array | None:
        if len(codes) == 1:
            return None
        vae = self.parts[part]
        known = torch.tensor(codes).clamp(max=vae.config.codes - 1)
        return vae.decode(known[None])[0].numpy()


class Generator:
    """A loaded bundle with its generator."""

    def __init__(self, bundle: Bundle) -> None:
        settings: dict[str, Any] = dict(bundle.manifest.model["generator"])
        sizes = {f.name: settings[f.name] for f in fields(TransformerConfig) if f.name in settings}
        self.tokenizer = Tokenizer.load(bundle)
        model = Transformer(TransformerConfig(**sizes))
        model.load_state_dict(load_file(bundle.file("generator.safetensors")))
        self.vocabulary = Vocabulary(_pieces(bundle.file("sentencepiece.model")), _words(bundle), settings["sizes"])
        self.runtime = TorchRuntime(model, self.vocabulary, settings["fusion"])
        self._settings = settings

    def generate(
        self,
        texts: Sequence[str],
        retrieved: Sequence[Sequence[tuple[str, Codes]]],
        languages: Sequence[str],
        progress: Callable[[float], None] = lambda done: None,
    ) -> list[Decoded]:
        """Rows of each part for a batch of texts and their retrieved signs."""
        style = self._settings["prompt"]
        inputs = [
            text_input(self.vocabulary.input_rows(prompt(text, signs, language, style=style), language))
            for text, signs, language in zip(texts, retrieved, languages, strict=True)
        ]
        rules = [Constraint(max_steps=self._settings["steps"])] * len(inputs)
        return decode(self.runtime, inputs, languages, constraints=rules, progress=progress)

    def codes(self, decoded: Decoded) -> dict[str, list[int]]:
        """The codes among the generated rows; a part without any is the single code 0."""
        read = {p: [self.vocabulary.code_of(p, row) for row in decoded.rows[p]] for p in PARTS}
        return {part: [code for code in codes if code is not None] or [0] for part, codes in read.items()}


def read_dictionary(bundle: Bundle) -> dict[str, Codes]:
    """The bundle's words and their codes; empty when it has none."""
    if not bundle.has("dictionary.json"):
        return {}
    return json.loads(bundle.file("dictionary.json").read_text(encoding="utf-8"))


def _pieces(path: Path) -> Any:
    return sentencepiece.SentencePieceProcessor(model_file=str(path))


def _words(bundle: Bundle) -> dict[int, int]:
    with Npz(bundle.file("words.npz"), _MAX_WORDS_BYTES) as table:
        return dict(zip(table.read("tokens").tolist(), table.read("rows").tolist(), strict=True))
