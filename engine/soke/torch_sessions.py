"""A batch under way on torch: with a cache that is read as far as it is filled, or with fixed shapes for a GPU.

Launching the hundreds of kernels of a step takes a GPU's processor longer than running them. A CUDA graph launches all
at once, but only on the same memory, of the same shapes: so caches have their full length, texts are padded, and what
isn't there yet is masked.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import linear

from .runtime import Logits, Rows
from .transformer import Transformer

_STEPS, _TEXT = 32, 64
"""Lengths of caches and texts are rounded up to these, so that many sentences share a graph."""
_WARM_UP: Final = 3


class Output:
    """The rows of the shared output matrix that the heads read, cut out once, in float32."""

    def __init__(self, model: Transformer, rows: Sequence[Rows]) -> None:
        weight = model.embedding.weight
        joined = torch.from_numpy(np.concatenate(rows)).to(weight.device)
        self._weight, self._bias = weight[joined].float(), model.output_bias[joined].float()
        self._splits = [len(r) for r in rows]

    @property
    def size(self) -> int:
        """Logits of all heads together."""
        return sum(self._splits)

    def joined(self, state: Tensor) -> Tensor:
        """(B, D) to the logits of all heads (B, R)."""
        return linear(state.float(), self._weight, self._bias)

    def split(self, logits: Tensor) -> list[Logits]:
        """(B, R) to those of each head, in NumPy."""
        return [part.numpy() for part in logits.cpu().split(self._splits, dim=1)]


class GrowingSession:
    """Attention reads as much of the cache as is filled: best for a processor."""

    def __init__(
        self, model: Transformer, fusion: Tensor, output: Output, encoded: Tensor, mask: Tensor | None, steps: int
    ) -> None:
        """encoded: (B, N, D). mask: (B, N), true where the text is, or `None` where it is everywhere."""
        self._model, self._fusion, self._output = model, fusion, output
        self._memory = model.memory(encoded)
        self._mask = None if mask is None else mask[:, None, None, :]
        self._cache = encoded.new_empty(_cache_shape(self._memory, steps))
        self._samples = np.arange(len(encoded))
        self._at = 0

    @torch.inference_mode()
    def step(self, rows: Rows) -> list[Logits]:
        """See `Session.step`."""
        embedded = _embedded(self._model, torch.from_numpy(rows), self._fusion)
        at, filled = torch.tensor([self._at]), self._cache[..., : self._at + 1, :]
        state = self._model.step(embedded, filled, at, None, self._memory, self._mask)
        self._at += 1
        return self._output.split(self._output.joined(state))

    @torch.inference_mode()
    def select(self, index: Rows) -> None:
        """See `Session.select`. What was read of the text is moved only where it is another sample's."""
        chosen, filled = torch.from_numpy(index), slice(self._at)
        cache = self._cache.new_empty(*self._cache.shape[:2], len(index), *self._cache.shape[3:])
        cache[..., filled, :] = self._cache[..., filled, :].index_select(2, chosen)
        self._cache = cache
        samples = self._samples[index]
        if not np.array_equal(samples, self._samples):
            self._samples = samples
            self._memory = self._memory.index_select(2, chosen)
            self._mask = None if self._mask is None else self._mask[chosen]


class Frame:
    """Memory of fixed shapes and the graph that runs a step on it. room: most samples."""

    def __init__(self, model: Transformer, fusion: Tensor, output: Output, shape: tuple[int, int, int, int]) -> None:
        """shape: room, parts in a row, longest text, most steps."""
        room, parts, text, steps = shape
        config = model.config
        size = (config.decoder_layers, 2, room, config.heads, text, config.width // config.heads)
        self._model, self._fusion, self._output = model, fusion, output
        self.room = room
        self.memory = fusion.new_zeros(size)
        self.cache = fusion.new_zeros(_cache_shape(self.memory, steps))
        self.mask = torch.zeros(1, 1, room, 1, 1, text, dtype=torch.bool, device=fusion.device)
        self.kept = (self.memory, self.cache, self.mask)
        """What belongs to the samples, (., ., room, ...)."""
        self.rows = torch.zeros(room, parts, dtype=torch.long, device=fusion.device)
        self.at = torch.zeros(1, dtype=torch.long, device=fusion.device)
        self._places = torch.arange(steps, device=fusion.device)
        self._graph: Any = None
        self._logits = fusion.new_empty(0)
        self._user: weakref.ref[StaticSession] | None = None

    def free(self) -> bool:
        """Whether no session works on it."""
        return self._user is None or self._user() is None

    def take(self, session: StaticSession) -> None:
        """Let a session work on it."""
        self._user = weakref.ref(session)

    def run(self) -> Tensor:
        """Logits (room, R) of `rows` at `at`."""
        if self._graph is None:
            return self._step()
        self._graph.replay()
        return self._logits

    def capture(self) -> None:
        """Record the step as a CUDA graph. Raises `RuntimeError` where that can't be done; it runs without then."""
        if self._graph is not None:
            return
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UP):
                self._step()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._logits = self._step()
        self._graph = graph

    def _step(self) -> Tensor:
        embedded = _embedded(self._model, self.rows, self._fusion)
        seen = (self._places <= self.at)[None]
        return self._output.joined(self._model.step(embedded, self.cache, self.at, seen, self.memory, self.mask[0, 0]))


class Frames:
    """The frames of a model, kept for the next sentence. note: why there are no graphs, empty when there are."""

    def __init__(self, model: Transformer, fusion: Tensor, *, graphs: bool, most: int = 8) -> None:
        self._model, self._fusion, self._most = model, fusion, most
        self._kept: dict[tuple[Output, tuple[int, int, int, int]], Frame] = {}
        self.graphs, self.note = graphs, ""

    def frame(self, session: StaticSession, output: Output, shape: tuple[int, int, int, int]) -> Frame:
        """One that fits, for a session; the oldest is forgotten when there are too many."""
        key = (output, shape)
        frame = self._kept.pop(key, None)
        if frame is None or not frame.free():
            frame = Frame(self._model, self._fusion, output, shape)
        self._kept[key] = frame
        while len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]
        frame.take(session)
        return frame

    def prepare(self, frame: Frame) -> None:
        """Give a frame its graph, where there are graphs."""
        if not self.graphs:
            return
        try:
            frame.capture()
        except RuntimeError as e:
            reason = str(e).partition("\n")[0]
            self.graphs, self.note = False, f"CUDA graphs can't be used here ({reason}): steps take longer."


class StaticSession:
    """All shapes are fixed: best for a GPU. Rows of samples that are done go on empty."""

    def __init__(
        self, model: Transformer, frames: Frames, output: Output, encoded: Tensor, mask: Tensor | None, steps: int
    ) -> None:
        """encoded: (B, N, D). mask: (B, N), true where the text is, or `None` where it is everywhere."""
        self._frames, self._output, self._at = frames, output, 0
        self._steps = _rounded(steps, _STEPS)
        everywhere = torch.ones(encoded.shape[:2], dtype=torch.bool, device=encoded.device)
        self._memory, self._mask = model.memory(encoded), everywhere if mask is None else mask
        self._samples = np.arange(len(encoded))
        self._frame: Frame | None = None

    @torch.inference_mode()
    def step(self, rows: Rows) -> list[Logits]:
        """See `Session.step`."""
        if self._frame is None:
            self._frame = self._first_frame(rows.shape[1])
        frame, count = self._frame, len(self._samples)
        frame.rows[:count] = torch.from_numpy(rows).to(frame.rows.device)
        frame.at.fill_(self._at)
        self._frames.prepare(frame)
        self._at += 1
        return self._output.split(frame.run()[:count])

    @torch.inference_mode()
    def select(self, index: Rows) -> None:
        """See `Session.select`."""
        self._samples = self._samples[index]
        if self._frame is None:
            return
        source, chosen = self._frame, torch.from_numpy(index).to(self._frame.at.device)
        if len(index) > source.room:
            self._frame = self._new_frame(source.rows.shape[1], source.memory.shape[4])
        for kept, moved in zip(self._frame.kept, source.kept, strict=True):
            kept.narrow(2, 0, len(index)).copy_(moved.index_select(2, chosen))

    def _new_frame(self, parts: int, text: int) -> Frame:
        return self._frames.frame(self, self._output, (len(self._samples), parts, text, self._steps))

    def _first_frame(self, parts: int) -> Frame:
        """The frame that the session begins on, when it is known how many samples there are."""
        length = self._mask.shape[1]
        frame = self._new_frame(parts, _rounded(length, _TEXT))
        chosen = torch.from_numpy(self._samples).to(self._mask.device)
        for kept in frame.kept:
            kept.zero_()
        frame.memory[..., :length, :] = self._memory.index_select(2, chosen)
        frame.mask[0, 0, :, 0, 0, :length] = self._mask[chosen]
        return frame


def _embedded(model: Transformer, rows: Tensor, fusion: Tensor) -> Tensor:
    """(B, P) rows to (B, 1, D); one part alone is taken as it is."""
    weights = fusion if rows.shape[1] > 1 else torch.ones_like(fusion[:1])
    return model.embed_output(rows[:, None], weights)


def _cache_shape(memory: Tensor, steps: int) -> tuple[int, ...]:
    """Of the keys and values of so many steps, from those of the text."""
    return (*memory.shape[:4], steps, memory.shape[5])


def _rounded(count: int, multiple: int) -> int:
    return -(-count // multiple) * multiple
