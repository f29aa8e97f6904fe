"""SignLLM's models in torch: tokens to frames, and prompts to LangGloss.

Both are encoder-decoders of the blocks in `engine/soke/transformer.py` (pre-norm, attention by
`scaled_dot_product_attention`, preallocated caches). The one from tokens to frames is an autoregressive decoder over
continuous frames with a counter, as Progressive Transformers (Saunders et al. 2020) and SignLLM (Fang et al. 2024).
Positions start as sinusoids (Vaswani et al. 2017) and are learned from there.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..soke.transformer import POSITION_OFFSET, DecoderLayer, EncoderLayer, Stack, TransformerConfig, sinusoidal
from . import free_running
from .config import GlossTransformerConfig, PoseTransformerConfig

STEP_UNIT: Final = 1.0 / 64.0
"""Of a counter that is predicted as a step: about one of a sentence, so that what the model gives is about 1."""


@dataclass
class Cache:
    """What one-step decoding has worked out so far.

    own: (layers, 2, B, heads, longest, width / heads), keys and values of the positions so far. memory: (layers, 2, B,
    heads, S, width / heads), those of the text. mask: (B, 1, 1, S), true where there is text. position: of the next
    step.
    """

    own: Tensor
    memory: Tensor
    mask: Tensor
    position: int = 0

    def select(self, index: Tensor) -> None:
        """Go on with these samples of the batch, in this order; (M,) indices, which may repeat."""
        self.own = self.own.index_select(2, index)
        self.memory = self.memory.index_select(2, index)
        self.mask = self.mask.index_select(0, index)


class TransformerCore(nn.Module):
    """Tokens into an encoder, a decoder that looks at them; what goes into the decoder is the subclass's matter."""

    def __init__(self, config: PoseTransformerConfig | GlossTransformerConfig, longest_output: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(config.pieces, config.width)
        given, made = _layer_config(config, config.longest_text), _layer_config(config, longest_output)
        self.encoder = Stack(given, [EncoderLayer(given) for _ in range(config.encoder_layers)])
        self.decoder = Stack(made, [DecoderLayer(made) for _ in range(config.decoder_layers)])
        self._heads = config.heads
        for stack in (self.encoder, self.decoder):
            _start_positions(stack)

    @property
    def decoder_layers(self) -> list[DecoderLayer]:
        """The layers of the decoder."""
        return [layer for layer in self.decoder.layers if isinstance(layer, DecoderLayer)]

    def encode(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Read (B, S) int64 tokens, of which the first (B,) `lengths` count: the memory (B, S, width)."""
        x = self.encoder.placed(self.embedding(tokens))
        mask = _mask(lengths, tokens.shape[1])
        for layer in self.encoder.layers:
            x = layer(x, mask)
        return self.encoder.norm(x)

    def _decoded(self, embedded: Tensor, memory: Tensor, text_lengths: Tensor) -> Tensor:
        """All positions at once, each seeing itself and those before: (B, T, width) to (B, T, width)."""
        x, mask = self.decoder.placed(embedded), _mask(text_lengths, memory.shape[1])
        for layer in self.decoder_layers:
            x = layer(x, layer.cross.memory(memory), mask)
        return self.decoder.norm(x)

    @torch.no_grad()
    def start(self, memory: Tensor, text_lengths: Tensor, longest: int) -> Cache:
        """A cache for at most `longest` steps over a memory (B, S, width) of `encode`."""
        b, s, width = memory.shape
        shape = (len(self.decoder_layers), 2, b, self._heads, longest, width // self._heads)
        cross = torch.stack([layer.cross.memory(memory) for layer in self.decoder_layers])
        return Cache(memory.new_zeros(shape), cross, _mask(text_lengths, s))

    def _stepped(self, embedded: Tensor, cache: Cache) -> Tensor:
        """One position (B, width) to its state (B, width); the cache moves on."""
        at = torch.tensor([cache.position], device=embedded.device)
        x = self.decoder.placed(embedded[:, None], first=cache.position)
        for layer, own, text in zip(self.decoder_layers, cache.own, cache.memory, strict=True):
            x = layer.step(x, own[:, :, :, : cache.position + 1], at, None, text, cache.mask)
        cache.position += 1
        return self.decoder.norm(x)[:, 0]


class PoseTransformer(TransformerCore):
    """Tokens of a text or of LangGloss to frames of `values` numbers and the counter.

    Frames are normalised by the mean and the spread of the training's; the counter is not.
    """

    def __init__(self, config: PoseTransformerConfig) -> None:
        super().__init__(config, config.longest_frames)
        self.config = config
        self.frame_in = nn.Linear(config.frame, config.width)
        self.frame_out = nn.Linear(config.width, config.future * config.frame)
        if config.counter_waves:
            self.waves_in = nn.Linear(2 * config.counter_waves, config.width, bias=False)

    def forward(self, tokens: Tensor, lengths: Tensor, frames: Tensor) -> Tensor:
        """`decode` of `encode`, for training."""
        return self.decode(self.encode(tokens, lengths), lengths, frames)

    def decode(self, memory: Tensor, text_lengths: Tensor, frames: Tensor) -> Tensor:
        """Teacher forcing: frames (B, T, values + 1) that are fed to (B, T, future, values + 1).

        After the frame fed at t the prediction at t, 0 is the next frame, the one at t, k the k-th after that.
        """
        x = self._decoded(self._embedded(frames), memory, text_lengths)
        made = self.frame_out(x).unflatten(-1, (self.config.future, self.config.frame))
        return self._counted(made, frames[..., None, -1:])

    @torch.no_grad()
    def step(self, frame: Tensor, cache: Cache) -> Tensor:
        """The next frame (B, values + 1) after the one given, by the cache; the same as `decode` says at t, 0."""
        state = self._stepped(self._embedded(frame), cache)
        return self._counted(self.frame_out(state)[:, : self.config.frame], frame[:, -1:])

    def _embedded(self, frames: Tensor) -> Tensor:
        """(..., values + 1) to (..., width)."""
        if not self.config.counter_waves:
            return self.frame_in(frames)
        return self.frame_in(frames) + self.waves_in(waves(frames[..., -1:], self.config.counter_waves))

    def _counted(self, made: Tensor, fed: Tensor) -> Tensor:
        """Frames (..., values + 1) with their counter whole. fed: (..., 1), the counters after which they come."""
        if not self.config.counter_steps:
            return made
        return torch.cat([made[..., :-1], fed + STEP_UNIT * made[..., -1:]], dim=-1)


class GlossTransformer(TransformerCore):
    """Tokens of a prompt to tokens of LangGloss."""

    def __init__(self, config: GlossTransformerConfig) -> None:
        super().__init__(config, config.longest_gloss)
        self.config = config
        self.gloss_embedding = nn.Embedding(config.glosses, config.width)
        self.gloss_out = nn.Linear(config.width, config.glosses)

    def forward(self, tokens: Tensor, lengths: Tensor, gloss_in: Tensor) -> Tensor:
        """Teacher forcing: (B, S) tokens of prompts and (B, T) LangGloss tokens that are fed to logits (B, T, glosses).

        The logits at t are for the token after the one fed at t.
        """
        memory = self.encode(tokens, lengths)
        return self.gloss_out(self._decoded(self.gloss_embedding(gloss_in), memory, lengths))

    @torch.no_grad()
    def step(self, gloss: Tensor, cache: Cache) -> Tensor:
        """Logits (B, glosses) of the token after the (B,) ones given, by the cache."""
        return self.gloss_out(self._stepped(self.gloss_embedding(gloss), cache))


def waves(counters: Tensor, octaves: int) -> Tensor:
    """Counters (..., 1) as sines, then cosines (..., 2 octaves), of half a turn and of twice as much each time.

    The counter alone is one number, in which a place in the text is hard to tell apart from the one beside it.
    """
    angles = counters * angles_of(octaves).to(counters)
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


def angles_of(octaves: int) -> Tensor:
    """(octaves,) radians of a whole counter."""
    return math.pi * 2.0 ** torch.arange(octaves, dtype=torch.float32)


def shifted(frames: Tensor) -> Tensor:
    """What is fed to predict frames (B, T, values + 1): a frame of zeros, which is the mean pose with the counter at
    0, and all but the last."""
    return torch.cat([torch.zeros_like(frames[:, :1]), frames[:, :-1]], dim=1)


@torch.no_grad()
def free_run(
    model: PoseTransformer,
    tokens: Tensor,
    lengths: Tensor,
    longest: int,
    progress: Callable[[float], None] = lambda _: None,
) -> list[Tensor]:
    """Generate the frames of (B, S) tokens: by sample (T_i, values + 1), on the model's device.

    A sample ends by its own predicted counter (see `counter`), at most after `longest` frames. progress: see
    `free_running.run`. The model must be in evaluation mode if it has dropout.
    """
    longest = min(longest, model.config.longest_frames)
    cache = model.start(model.encode(tokens, lengths), lengths, longest)
    session = TorchFrames(model, cache)
    made = free_running.run(session, len(tokens), model.config.frame, longest, progress)
    return [torch.from_numpy(frames).to(tokens.device) for frames in made]


@dataclass
class TorchFrames:
    """A `free_running.FrameSession` over a model and its cache."""

    model: PoseTransformer
    cache: Cache

    def step(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `FrameSession.step`."""
        given = torch.from_numpy(frames).to(self.cache.own)
        return self.model.step(given, self.cache).float().cpu().numpy()


@dataclass
class TorchGlosses:
    """A `gloss_decoding.GlossSession` over a model and its cache."""

    model: GlossTransformer
    cache: Cache

    def step(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """See `GlossSession.step`."""
        return self.model.step(torch.from_numpy(rows).to(self.cache.own.device), self.cache).float().cpu().numpy()

    def select(self, index: NDArray[np.int64]) -> None:
        """See `GlossSession.select`."""
        self.cache.select(torch.from_numpy(index).to(self.cache.own.device))


def gloss_session(model: GlossTransformer, tokens: Tensor, lengths: Tensor) -> TorchGlosses:
    """Read (B, S) tokens of prompts and be ready to decode their LangGloss."""
    memory = model.encode(tokens, lengths)
    return TorchGlosses(model, model.start(memory, lengths, model.config.longest_gloss))


def _mask(lengths: Tensor, size: int) -> Tensor:
    """(B, 1, 1, size), true where there is text."""
    return (torch.arange(size, device=lengths.device) < lengths[:, None])[:, None, None]


def _layer_config(config: PoseTransformerConfig | GlossTransformerConfig, positions: int) -> Any:
    return TransformerConfig(
        vocabulary=config.pieces,
        width=config.width,
        heads=config.heads,
        feed_forward=config.feed_forward,
        positions=positions,
        dropout=config.dropout,
    )


@torch.no_grad()
def _start_positions(stack: Stack) -> None:
    table = stack.positions.weight[POSITION_OFFSET:]
    table.copy_(sinusoidal(*table.shape))
