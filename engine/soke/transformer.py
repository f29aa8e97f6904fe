"""An mBART-type encoder-decoder made for generating: attention caches, no padding on single sentences. Needs torch.

Architecture: Liu et al. 2020 (mBART), pre-norm, learned positions from row 2 on, embeddings scaled by the root of the
width. Weights of q, k and v lie in one matrix, as one product reads memory faster than three.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

LONGEST_WAVE = 10_000.0
POSITION_OFFSET = 2
"""Row of the first position in the table of positions."""


@dataclass(frozen=True)
class TransformerConfig:
    """Sizes of the model. scale_encoder, scale_decoder: whether embeddings are multiplied by the root of the width.

    dropout: share of the embeddings and of what each layer adds that is left out; in training only.
    """

    vocabulary: int
    width: int = 1024
    encoder_layers: int = 12
    decoder_layers: int = 12
    heads: int = 16
    feed_forward: int = 4096
    positions: int = 1024
    scale_encoder: bool = True
    scale_decoder: bool = True
    dropout: float = 0.0


class SelfAttention(nn.Module):
    """Attention of a sequence to itself, or to a cache of what came before."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.out = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor, mask: Tensor | None = None, *, causal: bool = False) -> Tensor:
        """x: (B, N, D). mask: (B, 1, 1, N), true where attention may look."""
        q, k, v = self._split(x)
        return self._joined(functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal))

    def step(self, x: Tensor, cache: Tensor, at: Tensor, seen: Tensor | None) -> Tensor:
        """One position x: (B, 1, D) that looks back. cache: (2, B, heads, steps, D / heads), keys and values.

        at: (1,) its place in the cache. seen: (1, steps), true where attention may look; `None` is everywhere.
        """
        q, k, v = self._split(x)
        cache[0].index_copy_(2, at, k)
        cache[1].index_copy_(2, at, v)
        return self._joined(functional.scaled_dot_product_attention(q, cache[0], cache[1], attn_mask=seen))

    def _split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        b, n, d = x.shape
        qkv = self.qkv(x).view(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        return qkv[0], qkv[1], qkv[2]

    def _joined(self, heads: Tensor) -> Tensor:
        b, h, n, d = heads.shape
        return self.out(heads.transpose(1, 2).reshape(b, n, h * d))


class CrossAttention(nn.Module):
    """Attention of the decoder to what the encoder made of the text."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.q = nn.Linear(config.width, config.width)
        self.kv = nn.Linear(config.width, 2 * config.width)
        self.out = nn.Linear(config.width, config.width)

    def memory(self, encoded: Tensor) -> Tensor:
        """Keys and values (2, B, heads, N, D / heads) of (B, N, D), worked out once a text."""
        b, n, d = encoded.shape
        return self.kv(encoded).view(b, n, 2, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor | None) -> Tensor:
        """x: (B, N, D). mask: (B, 1, 1, M), true where the text is."""
        b, n, d = x.shape
        q = self.q(x).view(b, n, self.heads, d // self.heads).transpose(1, 2)
        heads = functional.scaled_dot_product_attention(q, memory[0], memory[1], attn_mask=mask)
        return self.out(heads.transpose(1, 2).reshape(b, n, d))


class FeedForward(nn.Module):
    """Two linear maps with GELU between them."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.wide = nn.Linear(config.width, config.feed_forward)
        self.narrow = nn.Linear(config.feed_forward, config.width)

    def forward(self, x: Tensor) -> Tensor:
        return self.narrow(functional.gelu(self.wide(x)))


class EncoderLayer(nn.Module):
    """Pre-norm self-attention and feed-forward."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.width)
        self.attention = SelfAttention(config)
        self.feed_norm = nn.LayerNorm(config.width)
        self.feed = FeedForward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        x = x + self.dropout(self.attention(self.attention_norm(x), mask))
        return x + self.dropout(self.feed(self.feed_norm(x)))


class DecoderLayer(nn.Module):
    """Pre-norm self-attention, cross-attention and feed-forward."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.width)
        self.attention = SelfAttention(config)
        self.cross_norm = nn.LayerNorm(config.width)
        self.cross = CrossAttention(config)
        self.feed_norm = nn.LayerNorm(config.width)
        self.feed = FeedForward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor | None) -> Tensor:
        """All positions at once, for training. x: (B, N, D)."""
        x = x + self.dropout(self.attention(self.attention_norm(x), causal=True))
        return self._rest(x, memory, mask)

    def step(
        self, x: Tensor, cache: Tensor, at: Tensor, seen: Tensor | None, memory: Tensor, mask: Tensor | None
    ) -> Tensor:
        """One position x: (B, 1, D), the ones before it in the cache; see `SelfAttention.step`."""
        x = x + self.attention.step(self.attention_norm(x), cache, at, seen)
        return self._rest(x, memory, mask)

    def _rest(self, x: Tensor, memory: Tensor, mask: Tensor | None) -> Tensor:
        x = x + self.dropout(self.cross(self.cross_norm(x), memory, mask))
        return x + self.dropout(self.feed(self.feed_norm(x)))


class Stack(nn.Module):
    """What encoder and decoder have in common: positions, a norm before and one after the layers."""

    def __init__(self, config: TransformerConfig, layers: list[nn.Module]) -> None:
        super().__init__()
        self.positions = nn.Embedding(config.positions + POSITION_OFFSET, config.width)
        self.embedding_norm = nn.LayerNorm(config.width)
        self.layers = nn.ModuleList(layers)
        self.norm = nn.LayerNorm(config.width)
        self.dropout = nn.Dropout(config.dropout)

    def placed(self, embedded: Tensor, first: int = 0) -> Tensor:
        """(B, N, D) embeddings with their positions from `first` on, normalised."""
        rows = self.positions.weight[POSITION_OFFSET + first : POSITION_OFFSET + first + embedded.shape[1]]
        return self.dropout(self.embedding_norm(embedded + rows))


def sinusoidal(rows: int, width: int) -> Tensor:
    """(rows, width) positions as waves, from one of few rows to one of `LONGEST_WAVE` (Vaswani et al. 2017)."""
    wave = torch.exp(torch.arange(0, width, 2) * (-math.log(LONGEST_WAVE) / width))
    angles = torch.arange(rows)[:, None] * wave
    return torch.stack([angles.sin(), angles.cos()], dim=2).reshape(rows, -1)[:, :width]


class Transformer(nn.Module):
    """The whole model; one matrix is the embedding of both sides and the output."""

    output_bias: Tensor

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        self.encoder = Stack(config, [EncoderLayer(config) for _ in range(config.encoder_layers)])
        self.decoder = Stack(config, [DecoderLayer(config) for _ in range(config.decoder_layers)])
        self.register_buffer("output_bias", torch.zeros(config.vocabulary))

    @property
    def decoder_layers(self) -> list[DecoderLayer]:
        """The layers of the decoder."""
        return [layer for layer in self.decoder.layers if isinstance(layer, DecoderLayer)]

    def encode(self, rows: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, N) rows of the vocabulary to (B, N, D). mask: (B, N), true where there is text; `None` is everywhere."""
        return self.encode_embedded(self.embedding(rows) * self._encoder_scale, mask)

    def embed_input(self, rows: Tensor, weights: Tensor) -> Tensor:
        """(B, N, P) rows of P parts, fused by the (P,) weights, to the encoder's (B, N, D).

        A row that stands in all parts is taken as it is, without the rounding of a sum.
        """
        embedded = self.embedding(rows) * self._encoder_scale
        plain = (rows == rows[..., :1]).all(dim=2)
        return torch.where(plain[..., None], embedded[:, :, 0], (embedded * weights[:, None]).sum(dim=2))

    @property
    def _encoder_scale(self) -> float:
        return self.config.width**0.5 if self.config.scale_encoder else 1.0

    def encode_embedded(self, embedded: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, N, D) embeddings to (B, N, D). mask: (B, N), true where there is text."""
        x = self.encoder.placed(embedded)
        wide = None if mask is None else mask[:, None, None, :]
        for layer in self.encoder.layers:
            x = layer(x, wide)
        return self.encoder.norm(x)

    def embed_output(self, rows: Tensor, weights: Tensor) -> Tensor:
        """(B, N, P) rows of P parts, fused by the (P,) weights, to (B, N, D)."""
        scale = self.config.width**0.5 if self.config.scale_decoder else 1.0
        return (self.embedding(rows) * scale * weights[:, None]).sum(dim=2)

    def decode(self, embedded: Tensor, encoded: Tensor, mask: Tensor | None = None) -> Tensor:
        """All positions at once, for training: (B, N, D) and the encoded text (B, M, D) to (B, N, D)."""
        x = self.decoder.placed(embedded)
        wide = None if mask is None else mask[:, None, None, :]
        for layer in self.decoder_layers:
            x = layer(x, layer.cross.memory(encoded), wide)
        return self.decoder.norm(x)

    def memory(self, encoded: Tensor) -> Tensor:
        """Each layer's keys and values of the text, (layers, 2, B, heads, N, D / heads)."""
        return torch.stack([layer.cross.memory(encoded) for layer in self.decoder_layers])

    def step(
        self,
        embedded: Tensor,
        cache: Tensor,
        at: Tensor,
        seen: Tensor | None,
        memory: Tensor,
        mask: Tensor | None,
    ) -> Tensor:
        """One position (B, 1, D) to its state (B, D). cache: (layers, 2, B, heads, steps, D / heads).

        at, seen: see `SelfAttention.step`. mask: (B, 1, 1, N), true where the text is.
        """
        stack = self.decoder
        x = stack.embedding_norm(embedded + stack.positions.weight.index_select(0, at + POSITION_OFFSET))
        for layer, own, text in zip(self.decoder_layers, cache, memory, strict=True):
            x = layer.step(x, own, at, seen, text, mask)
        return stack.norm(x)[:, 0]
