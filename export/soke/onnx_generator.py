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
from engine.soke.transformer import TransformerConfig
from engine.tokenizer.features import PARTS

from .onnx_graph import Graph, Precision
from .onnx_layers import Layers, State

_BESIDE_FROM: Final = 512 << 20
"""Bytes of weights from which they get a file of their own; a graph in one file ends at 2 GB."""


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

    def layers(self, graph: Graph) -> Layers:
        """What writes its layers into a graph."""
        return Layers(graph, self.state, self.config.width, self.config.heads)


def write_generator(source: Source, folder: Path, precision: Precision = "float32") -> None:
    """Write both files, and those with their weights where these are large."""
    beside = source.bytes > _BESIDE_FROM
    with Graph(folder / ENCODER, precision, beside=beside) as graph:
        _encoder(graph, source)
    with Graph(folder / DECODER, precision, beside=beside) as graph:
        _decoder(graph, source)


def _encoder(graph: Graph, source: Source) -> None:
    config, layers = source.config, source.layers(graph)
    rows = graph.given("rows", np.int64, ("batch", "text", len(PARTS)))
    embedding = graph.weights("embedding", source.state["embedding.weight"])
    scale = config.width**0.5 if config.scale_encoder else 1.0
    fused = _fused(graph, source, graph.op("Gather", embedding, rows), scale)
    layers.give_memory(layers.encoded(fused, rows, config.encoder_layers), config.decoder_layers)


def _decoder(graph: Graph, source: Source) -> None:
    x = source.layers(graph).decoded(_last_step(graph, source), source.config.decoder_layers)
    _heads(graph, source, x)


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


def _fused(graph: Graph, source: Source, embedded: str, scale: float) -> str:
    """(..., 3, width) to (..., width)."""
    weights = np.array(fusion_weights(source.fusion), np.float32)[:, None] * scale
    return graph.op(
        "ReduceSum", graph.op("Mul", embedded, graph.weights("fusion", weights)), graph.whole(-2), keepdims=0
    )


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
