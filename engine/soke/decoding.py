"""Multi-head decoding: a step of the decoder gives a token of each part (Zuo et al., ICCV 2025). Needs torch."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..tokenizer.features import PARTS
from .transformer import DecoderState, Transformer
from .vocabulary import END, Vocabulary

LAMBDA = 0.4
"""Weight of each hand in the fused embedding, that of the published code (the paper has 1/3)."""
MAX_STEPS = 100


@dataclass(frozen=True)
class Decoded:
    """rows: by part the rows that were generated, the end left out. margins: (steps, 3) gap between the best and the
    second logit of body, left hand, right hand."""

    rows: dict[str, list[int]]
    margins: Tensor


@dataclass
class Heads:
    """The output rows of the three parts, cut out of the embedding once."""

    rows: list[Tensor]
    """(R,) allowed rows by part, ascending."""
    weights: Tensor
    """(sum of R, D)."""
    bias: Tensor
    splits: list[int]

    @classmethod
    def of(cls, model: Transformer, vocabulary: Vocabulary) -> Heads:
        """The heads of a model."""
        device = model.embedding.weight.device
        rows = [torch.tensor(vocabulary.allowed_rows(part), device=device) for part in PARTS]
        joined = torch.cat(rows)
        return cls(rows, model.embedding.weight[joined], model.output_bias[joined], [len(r) for r in rows])

    def logits(self, state: Tensor) -> tuple[Tensor, ...]:
        """(B, D) to (B, R) of each part."""
        return torch.nn.functional.linear(state, self.weights, self.bias).split(self.splits, dim=1)


def fusion_weights(weight: float = LAMBDA) -> tuple[float, float, float]:
    """Weights of body, left and right hand in the decoder's input."""
    return 1.0 - 2.0 * weight, weight, weight


@torch.inference_mode()
def greedy(
    model: Transformer,
    vocabulary: Vocabulary,
    inputs: Sequence[Sequence[int]],
    languages: Sequence[str],
    *,
    weight: float = LAMBDA,
    steps: int = MAX_STEPS,
    progress: Callable[[float], None] = lambda done: None,
) -> list[Decoded]:
    """The most likely token of each part at each step, for a batch of texts given as rows.

    A sample ends with the body's end token, whatever the others do; each gets what it would get alone.
    """
    device = model.embedding.weight.device
    rows, mask = _padded(inputs, device)
    state = DecoderState(model, model.encode(rows, mask), mask, steps)
    heads = Heads.of(model, vocabulary)
    fusion = torch.tensor(fusion_weights(weight), device=device, dtype=heads.weights.dtype)
    current = torch.tensor([[vocabulary.sign_tag_row(x)] * len(PARTS) for x in languages], device=device)
    alive = list(range(len(inputs)))
    generated: list[list[list[int]]] = [[] for _ in inputs]
    margins: list[list[Tensor]] = [[] for _ in inputs]
    for step in range(steps):
        logits = heads.logits(state.step(model.embed_output(current[:, None], fusion)))
        best = [part.topk(2, dim=1) for part in logits]
        current = torch.stack([r[b.indices[:, 0]] for r, b in zip(heads.rows, best, strict=True)], dim=1)
        gaps = torch.stack([b.values[:, 0] - b.values[:, 1] for b in best], dim=1).float().cpu()
        chosen = current.tolist()
        for k, sample in enumerate(alive):
            margins[sample].append(gaps[k])
            if chosen[k][0] != END:
                generated[sample].append(chosen[k])
        keep = [k for k in range(len(alive)) if chosen[k][0] != END]
        progress((step + 1) / steps)
        if not keep:
            break
        if len(keep) < len(alive):
            index = torch.tensor(keep, device=device)
            state.keep(index)
            current, alive = current[index], [alive[k] for k in keep]
    return [
        Decoded({part: [row[i] for row in rows] for i, part in enumerate(PARTS)}, torch.stack(gaps))
        for rows, gaps in zip(generated, margins, strict=True)
    ]


def _padded(inputs: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor | None]:
    """(B, N) rows padded at the end, and where they are; no mask when all are equally long."""
    longest = max(len(x) for x in inputs)
    rows = torch.ones(len(inputs), longest, dtype=torch.long)
    for i, x in enumerate(inputs):
        rows[i, : len(x)] = torch.tensor(x)
    lengths = torch.tensor([len(x) for x in inputs])
    if bool((lengths == longest).all()):
        return rows.to(device), None
    return rows.to(device), (torch.arange(longest)[None] < lengths[:, None]).to(device)
