"""The generator as two ONNX files: the encoder, once a text, and one step of the decoder with its cache.

`generator_encoder.onnx`: `rows` (batch, text, 3) of the vocabulary, fused by the stored weights, and `mask`
(batch, text), true where there is text, to `cross_key_N` and `cross_value_N` (batch, heads, text, width / heads) of
each layer of the decoder.

`generator_decoder.onnx`: `rows` (batch, 3) of the parts' last step, its `position` (), `mask`, the cross keys and
values and `past_key_N`, `past_value_N` (batch, heads, past, width / heads) to `logits_PART` (batch, rows that the part
may generate, ascending) and `key_N`, `value_N`, one longer than the past. Models that caption have `logits_text` too.

Only rows that may be generated can come into the decoder or out of it, so its file holds no others.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from engine.soke.onnx_runtime import DECODER, ENCODER
from engine.soke.runtime import LAMBDA, fusion_weights
from engine.soke.transformer import POSITION_OFFSET, TransformerConfig
from engine.tokenizer.features import PARTS

from .onnx_graph import Graph, Precision

_BESIDE_FROM: Final = 512 << 20
"""Bytes of weights from which they get a file of their own; a graph in one file ends at 2 GB."""

_KINDS: Final = ("key", "value")

State = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Source:
    """What is exported: weights under the names of `Transformer`, and rows that each part may generate.

    fusion: weight of each hand in the fused embedding. words: rows that captions may consist of; none for a model that
    makes no captions.
    """

    state: State
    config: TransformerConfig
    allowed: Mapping[str, Sequence[int]]
    fusion: float = LAMBDA
    words: Sequence[int] = ()

    @property
    def bytes(self) -> int:
        """Size of the weights in float32."""
        return sum(4 * x.size for x in self.state.values())

    def of(self, prefix: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Weight and bias of a module."""
        return self.state[f"{prefix}.weight"], self.state[f"{prefix}.bias"]


def write_generator(source: Source, folder: Path, precision: Precision = "float32") -> None:
    """Write both files, and those with their weights where these are large."""
    beside = source.bytes > _BESIDE_FROM
    with Graph(folder / ENCODER, precision, beside=beside) as graph:
        _encoder(graph, source)
    with Graph(folder / DECODER, precision, beside=beside) as graph:
        _decoder(graph, source)


def _encoder(graph: Graph, source: Source) -> None:
    config = source.config
    rows = graph.given("rows", np.int64, ("batch", "text", len(PARTS)))
    mask = graph.op("Unsqueeze", graph.given("mask", np.bool_, ("batch", "text")), graph.whole(1, 2))
    embedding = graph.weights("embedding", source.state["embedding.weight"])
    scale = config.width**0.5 if config.scale_encoder else 1.0
    x = _fused(graph, source, graph.op("Gather", embedding, rows), scale)
    table = graph.weights("positions", source.state["encoder.positions.weight"][POSITION_OFFSET:])
    length = graph.op("Shape", rows, start=1, end=2)
    # ONNX Runtime wants the mask for each position of the query
    mask = graph.op("Expand", mask, graph.op("Concat", graph.whole(1, 1), length, graph.whole(1), axis=0))
    places = graph.op("Slice", table, graph.whole(0), length, graph.whole(0))
    x = _norm(graph, source, graph.op("Add", x, places), "encoder.embedding_norm")
    for n in range(config.encoder_layers):
        name = f"encoder.layers.{n}"
        q, k, v = _qkv(graph, source, _norm(graph, source, x, f"{name}.attention_norm"), name)
        seen = graph.op("Attention", q, k, v, mask, q_num_heads=config.heads, kv_num_heads=config.heads)
        x = _fed(graph, source, graph.op("Add", x, _linear(graph, source, seen, f"{name}.attention.out")), name)
    _cross_memory(graph, source, _norm(graph, source, x, "encoder.norm"))


def _cross_memory(graph: Graph, source: Source, encoded: str) -> None:
    config = source.config
    shape = ("batch", config.heads, "text", config.width // config.heads)
    for n in range(config.decoder_layers):
        both = _linear(graph, source, encoded, f"decoder.layers.{n}.cross.kv")
        for kind, x in zip(_KINDS, graph.ops("Split", both, outputs=2, axis=-1, num_outputs=2), strict=True):
            graph.made(_by_head(graph, x, config), f"cross_{kind}_{n}", graph.kind, shape)


def _decoder(graph: Graph, source: Source) -> None:
    config = source.config
    x = graph.op("Add", _last_step(graph, source), _place(graph, source))
    x = _norm(graph, source, x, "decoder.embedding_norm")
    mask = graph.op("Unsqueeze", graph.given("mask", np.bool_, ("batch", "text")), graph.whole(1, 2))
    for n in range(config.decoder_layers):
        name = f"decoder.layers.{n}"
        x = graph.op("Add", x, _look_back(graph, source, x, n))
        x = graph.op("Add", x, _look_at_text(graph, source, x, mask, n))
        x = _fed(graph, source, x, name)
    _heads(graph, source, _norm(graph, source, x, "decoder.norm"))


def _codes(source: Source) -> NDArray[np.int64]:
    """Rows that some part may generate."""
    return np.array(sorted(set().union(*source.allowed.values())), np.int64)


def _known(source: Source) -> NDArray[np.int64]:
    """Rows that the decoder may be fed."""
    return np.array(sorted({*_codes(source).tolist(), *source.words}), np.int64)


def _table(graph: Graph, source: Source) -> str:
    """Embedding of what the decoder may be fed, and output matrix."""
    return graph.weights("embedding", source.state["embedding.weight"][_known(source)])


def _last_step(graph: Graph, source: Source) -> str:
    known = _known(source)
    places = np.zeros(source.config.vocabulary, np.int64)
    places[known] = np.arange(len(known))
    rows = graph.given("rows", np.int64, ("batch", len(PARTS)))
    chosen = graph.op("Gather", graph.constant("places", places), rows)
    embedded = graph.op("Gather", _table(graph, source), chosen)
    scale = source.config.width**0.5 if source.config.scale_decoder else 1.0
    return graph.op("Unsqueeze", _fused(graph, source, embedded, scale), graph.whole(1))


def _place(graph: Graph, source: Source) -> str:
    table = graph.weights("positions", source.state["decoder.positions.weight"][POSITION_OFFSET:])
    return graph.op("Gather", table, graph.given("position", np.int64, ()))


def _fused(graph: Graph, source: Source, embedded: str, scale: float) -> str:
    """(..., 3, width) to (..., width)."""
    weights = np.array(fusion_weights(source.fusion), np.float32)[:, None] * scale
    return graph.op(
        "ReduceSum", graph.op("Mul", embedded, graph.weights("fusion", weights)), graph.whole(-2), keepdims=0
    )


def _look_back(graph: Graph, source: Source, x: str, n: int) -> str:
    config, name = source.config, f"decoder.layers.{n}"
    q, k, v = _qkv(graph, source, _norm(graph, source, x, f"{name}.attention_norm"), name)
    size = config.width // config.heads
    past = [graph.given(f"past_{kind}_{n}", graph.kind, ("batch", config.heads, "past", size)) for kind in _KINDS]
    count = config.heads
    seen, *present = graph.ops("Attention", q, k, v, "", *past, outputs=3, q_num_heads=count, kv_num_heads=count)
    for kind, value in zip(_KINDS, present, strict=True):
        graph.made(value, f"{kind}_{n}", graph.kind, ("batch", config.heads, "present", size))
    return _linear(graph, source, seen, f"{name}.attention.out")


def _look_at_text(graph: Graph, source: Source, x: str, mask: str, n: int) -> str:
    config, name = source.config, f"decoder.layers.{n}"
    q = _linear(graph, source, _norm(graph, source, x, f"{name}.cross_norm"), f"{name}.cross.q")
    shape = ("batch", config.heads, "text", config.width // config.heads)
    memory = [graph.given(f"cross_{kind}_{n}", graph.kind, shape) for kind in _KINDS]
    seen = graph.op("Attention", _by_head(graph, q, config), *memory, mask)
    joined = graph.op("Reshape", graph.op("Transpose", seen, perm=[0, 2, 1, 3]), graph.whole(0, 0, config.width))
    return _linear(graph, source, joined, f"{name}.cross.out")


def _heads(graph: Graph, source: Source, x: str) -> None:
    state, codes, known = graph.op("Squeeze", x, graph.whole(1)), _codes(source), _known(source)
    table = _table(graph, source)
    # with words the table is large, and steps that read codes multiply with theirs only
    of_codes = table if len(known) == len(codes) else graph.weights("codes", source.state["embedding.weight"][codes])
    logits = _logits(graph, source, state, of_codes, codes)
    for part in PARTS:
        _head(graph, logits, part, codes, source.allowed[part])
    if source.words:
        _head(graph, _logits(graph, source, state, table, known), "text", known, source.words)


def _logits(graph: Graph, source: Source, state: str, matrix: str, rows: NDArray[np.int64]) -> str:
    bias = graph.weights(f"{matrix}.bias", source.state["output_bias"][rows])
    return graph.op("Cast", graph.op("Gemm", state, matrix, bias, transB=1), to=TensorProto.FLOAT)


def _head(graph: Graph, logits: str, name: str, there: NDArray[np.int64], wanted: Sequence[int]) -> None:
    columns = graph.constant(f"columns_{name}", np.searchsorted(there, wanted).astype(np.int64))
    chosen = graph.op("Gather", logits, columns, axis=1)
    graph.made(chosen, f"logits_{name}", np.float32, ("batch", len(wanted)))


def _qkv(graph: Graph, source: Source, x: str, layer: str) -> list[str]:
    joined = _linear(graph, source, x, f"{layer}.attention.qkv")
    return graph.ops("Split", joined, outputs=3, axis=-1, num_outputs=3)


def _fed(graph: Graph, source: Source, x: str, layer: str) -> str:
    wide = _linear(graph, source, _norm(graph, source, x, f"{layer}.feed_norm"), f"{layer}.feed.wide")
    return graph.op("Add", x, _linear(graph, source, graph.op("Gelu", wide), f"{layer}.feed.narrow"))


def _by_head(graph: Graph, x: str, config: TransformerConfig) -> str:
    """(batch, N, width) to (batch, heads, N, width / heads)."""
    shape = graph.whole(0, 0, config.heads, config.width // config.heads)
    return graph.op("Transpose", graph.op("Reshape", x, shape), perm=[0, 2, 1, 3])


def _linear(graph: Graph, source: Source, x: str, name: str) -> str:
    return graph.linear(x, name, *source.of(name))


def _norm(graph: Graph, source: Source, x: str, name: str) -> str:
    return graph.norm(x, name, *source.of(name))
