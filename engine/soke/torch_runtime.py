"""The generator on torch: on a processor in float32, bf16, fp16 or int8, on a GPU in bf16 or fp16. Needs torch."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final, Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ..bundle import Bundle, BundleError
from .runtime import LAMBDA, Heads, Rows, RuntimeUnfit, Session, fusion_weights, head_rows
from .torch_linear import few_rows, half_weights, int8, replace_linears
from .torch_sessions import Frames, GrowingSession, Output, StaticSession
from .transformer import Transformer, TransformerConfig
from .vocabulary import PAD, Vocabulary

Precision = Literal["float32", "bf16", "fp16", "int8"]
WEIGHTS: Final = "generator.safetensors"


class TorchRuntime:
    """A `Runtime` that computes where the model is put, and makes the model over for its precision.

    note: what is not as it was asked for, for people; empty when all is.
    """

    def __init__(
        self,
        model: Transformer,
        vocabulary: Vocabulary,
        fusion: float = LAMBDA,
        device: str = "cpu",
        precision: Precision = "float32",
    ) -> None:
        """device: as torch names it. Raises `RuntimeUnfit` where this machine lacks the device or the precision."""
        self.vocabulary, self.name = vocabulary, f"torch-{torch.device(device).type}"
        self._notes: list[str] = []
        if self.name == "torch-cpu":
            self.model = self._for_processor(model.eval(), precision)
        else:
            self.model = self._for_gpu(model.eval(), device, precision)
        weight = self.model.embedding.weight
        self.fusion = torch.tensor(fusion_weights(fusion), device=weight.device, dtype=weight.dtype)
        self._outputs: dict[Heads, Output] = {}
        self._frames = None if self.name == "torch-cpu" else Frames(self.model, self.fusion, graphs=True)

    @classmethod
    def load(
        cls, bundle: Bundle, vocabulary: Vocabulary, device: str = "cpu", precision: Precision = "float32"
    ) -> TorchRuntime:
        """Read the weights of a bundle. Raises `BundleError` for weights that don't fit it, and `RuntimeUnfit`."""
        settings: dict[str, Any] = dict(bundle.manifest.model["generator"])
        sizes = {f.name: settings[f.name] for f in fields(TransformerConfig) if f.name in settings}
        with torch.device("meta"):
            model = Transformer(TransformerConfig(**sizes))
        try:
            model.load_state_dict(load_file(bundle.file(WEIGHTS)), assign=True)
        except (RuntimeError, SafetensorError) as e:
            raise BundleError(f"{WEIGHTS} in {bundle.folder.name} doesn't fit its manifest: {e}") from e
        return cls(model, vocabulary, settings["fusion"], device, precision)

    @property
    def note(self) -> str:
        """What is not as it was asked for, and why; empty when all is."""
        frames = self._frames.note if self._frames else ""
        return " ".join([*self._notes, *([frames] if frames else [])])

    @torch.inference_mode()
    def start(self, inputs: Sequence[Rows], steps: int, heads: Heads = "parts") -> Session:
        """Read texts and be ready for at most `steps` positions; see `Runtime.start`."""
        rows, mask = _padded(inputs)
        device = self.fusion.device
        mask = None if mask is None else mask.to(device)
        encoded = self.model.encode_embedded(self.model.embed_input(rows.to(device), self.fusion), mask)
        if heads not in self._outputs:
            self._outputs[heads] = Output(self.model, head_rows(self.vocabulary, heads))
        output = self._outputs[heads]
        if self._frames is not None:
            return StaticSession(self.model, self._frames, output, encoded, mask, steps)
        return GrowingSession(self.model, self.fusion, output, encoded, mask, steps)

    def _for_processor(self, model: Transformer, precision: Precision) -> Transformer:
        if precision == "float32":
            # The keys and values of the text are worked out once, for many rows.
            replace_linears(model.decoder, few_rows, but=("kv",))
        elif precision == "bf16":
            if not (torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()):
                self._notes.append("This processor has no bf16 of its own: float32 is quicker.")
            return model.to(torch.bfloat16)
        else:
            replace_linears(model, half_weights if precision == "fp16" else int8)
        return model

    def _for_gpu(self, model: Transformer, device: str, precision: Precision) -> Transformer:
        if not torch.cuda.is_available():
            raise RuntimeUnfit("PyTorch finds no GPU that it can use.")
        if precision == "int8":
            raise RuntimeUnfit("int8 is for processors; a GPU takes bf16 or fp16.")
        if precision == "bf16" and not torch.cuda.is_bf16_supported(including_emulation=False):
            self._notes.append("This GPU has no bf16: it computes in fp16.")
            precision = "fp16"
        types = {"float32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
        try:
            return model.to(device, types[precision])
        except torch.cuda.OutOfMemoryError as e:
            raise RuntimeUnfit("The GPU has too little free memory for this model.") from e


def _padded(inputs: Sequence[Rows]) -> tuple[Tensor, Tensor | None]:
    """(B, N, P) rows padded at the end, and (B, N) where they are; no mask when all are equally long."""
    lengths = torch.tensor([len(rows) for rows in inputs])
    longest = int(lengths.max())
    padded = torch.full((len(inputs), longest, inputs[0].shape[1]), PAD)
    for own, rows in zip(padded, inputs, strict=True):
        own[: len(rows)] = torch.from_numpy(rows)
    if bool((lengths == longest).all()):
        return padded, None
    return padded, torch.arange(longest)[None] < lengths[:, None]
