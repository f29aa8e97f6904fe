"""The layers of `engine/soke/transformer.py` written op by op, for every model that is made of them.

The encoder's file has `mask` (batch, text), true where there is text, and gives `cross_key_N` and `cross_value_N`
(batch, heads, text, width / heads) of each layer of the decoder. The decoder's file is one step: it has these,
`position` (), `mask`, and `past_key_N`, `past_value_N` (batch, heads, past, width / heads), and gives `key_N` and
`value_N`, one longer than the past.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.soke.transformer import POSITION_OFFSET

from .onnx_graph import Graph

_KINDS: Final = ("key", "value")

State = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Layers:
    """Writes the layers of one model into a graph. state: weights under the names of its modules, `encoder` and
    `decoder` among them."""

    graph: Graph
    state: State
    width: int
    heads: int

    def of(self, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Weight and bias of a module."""
        return self.state[f"{name}.weight"], self.state[f"{name}.bias"]

    def linear(self, x: str, name: str) -> str:
        """A linear map by its name."""
        return self.graph.linear(x, name, *self.of(name))

    def norm(self, x: str, name: str) -> str:
        """A layer normalisation by its name."""
        return self.graph.norm(x, name, *self.of(name))

    def positions(self, stack: str) -> str:
        """The table of positions of `encoder` or `decoder`."""
        return self.graph.stored(f"{stack}.positions", self.state[f"{stack}.positions.weight"][POSITION_OFFSET:])

    def encoded(self, embedded: str, tokens: str, layers: int) -> str:
        """(batch, text, width) embeddings of `tokens`, whose second axis is the text, to what the encoder says."""
        graph = self.graph
        mask = graph.op("Unsqueeze", graph.given("mask", np.bool_, ("batch", "text")), graph.whole(1, 2))
        length = graph.op("Shape", tokens, start=1, end=2)
        # ONNX Runtime wants the mask for each position of the query
        mask = graph.op("Expand", mask, graph.op("Concat", graph.whole(1, 1), length, graph.whole(1), axis=0))
        places = graph.op("Slice", self.positions("encoder"), graph.whole(0), length, graph.whole(0))
        x = self.norm(graph.op("Add", embedded, places), "encoder.embedding_norm")
        for n in range(layers):
            name = f"encoder.layers.{n}"
            q, k, v = self._qkv(self.norm(x, f"{name}.attention_norm"), name)
            seen = graph.op("Attention", q, k, v, mask, q_num_heads=self.heads, kv_num_heads=self.heads)
            x = self._fed(graph.op("Add", x, self.linear(seen, f"{name}.attention.out")), name)
        return self.norm(x, "encoder.norm")

    def give_memory(self, encoded: str, layers: int) -> None:
        """Declare keys and values of the text for each layer of the decoder as outputs."""
        graph, shape = self.graph, ("batch", self.heads, "text", self.width // self.heads)
        for n in range(layers):
            both = self.linear(encoded, f"decoder.layers.{n}.cross.kv")
            for kind, x in zip(_KINDS, graph.ops("Split", both, outputs=2, axis=-1, num_outputs=2), strict=True):
                graph.made(self._by_head(x), f"cross_{kind}_{n}", graph.kind, shape)

    def decoded(self, embedded: str, layers: int) -> str:
        """(batch, 1, width) embedding of one step to its state, normalised."""
        graph = self.graph
        place = graph.op("Gather", self.positions("decoder"), graph.given("position", np.int64, ()))
        x = self.norm(graph.op("Add", embedded, place), "decoder.embedding_norm")
        mask = graph.op("Unsqueeze", graph.given("mask", np.bool_, ("batch", "text")), graph.whole(1, 2))
        for n in range(layers):
            x = graph.op("Add", x, self._look_back(x, n))
            x = graph.op("Add", x, self._look_at_text(x, mask, n))
            x = self._fed(x, f"decoder.layers.{n}")
        return self.norm(x, "decoder.norm")

    def _look_back(self, x: str, n: int) -> str:
        graph, name = self.graph, f"decoder.layers.{n}"
        q, k, v = self._qkv(self.norm(x, f"{name}.attention_norm"), name)
        size = self.width // self.heads
        past = [graph.given(f"past_{kind}_{n}", graph.kind, ("batch", self.heads, "past", size)) for kind in _KINDS]
        count = self.heads
        seen, *present = graph.ops("Attention", q, k, v, "", *past, outputs=3, q_num_heads=count, kv_num_heads=count)
        for kind, value in zip(_KINDS, present, strict=True):
            graph.made(value, f"{kind}_{n}", graph.kind, ("batch", self.heads, "present", size))
        return self.linear(seen, f"{name}.attention.out")

    def _look_at_text(self, x: str, mask: str, n: int) -> str:
        graph, name = self.graph, f"decoder.layers.{n}"
        q = self.linear(self.norm(x, f"{name}.cross_norm"), f"{name}.cross.q")
        shape = ("batch", self.heads, "text", self.width // self.heads)
        memory = [graph.given(f"cross_{kind}_{n}", graph.kind, shape) for kind in _KINDS]
        seen = graph.op("Attention", self._by_head(q), *memory, mask)
        joined = graph.op("Reshape", graph.op("Transpose", seen, perm=[0, 2, 1, 3]), graph.whole(0, 0, self.width))
        return self.linear(joined, f"{name}.cross.out")

    def _qkv(self, x: str, layer: str) -> list[str]:
        return self.graph.ops("Split", self.linear(x, f"{layer}.attention.qkv"), outputs=3, axis=-1, num_outputs=3)

    def _fed(self, x: str, layer: str) -> str:
        wide = self.linear(self.norm(x, f"{layer}.feed_norm"), f"{layer}.feed.wide")
        return self.graph.op("Add", x, self.linear(self.graph.op("Gelu", wide), f"{layer}.feed.narrow"))

    def _by_head(self, x: str) -> str:
        """(batch, N, width) to (batch, heads, N, width / heads)."""
        shape = self.graph.whole(0, 0, self.heads, self.width // self.heads)
        return self.graph.op("Transpose", self.graph.op("Reshape", x, shape), perm=[0, 2, 1, 3])
