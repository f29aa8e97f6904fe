"""SignLLM's models as pairs of ONNX files: the encoder, once a text, and one step of the decoder with its cache.

`pose_encoder.onnx`: `tokens` and `mask` (batch, text). `pose_decoder.onnx`: `frame` (batch, values + 1) that is fed to
`next`, the frame after it, of the same shape; of the frames further ahead, which serve training, it holds none.
`gloss_encoder.onnx` is as the other. `gloss_decoder.onnx`: `gloss` (batch,) to `logits` (batch, glosses). What they
have in common is told in `export/soke/onnx_layers.py`.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from engine.signllm.config import GlossTransformerConfig, PoseTransformerConfig
from engine.signllm.model import STEP_UNIT, GlossTransformer, PoseTransformer, angles_of
from engine.signllm.model_files import DECODER, ENCODER

from ..soke.onnx_graph import Graph, Precision
from ..soke.onnx_layers import Layers, State

WHOLE: Final = ("frame_in", "frame_out")
"""Linear maps of frames, which are never rounded to whole numbers: the error would be one of the pose."""


def write_pose(model: PoseTransformer, folder: Path, precision: Precision = "float32") -> None:
    """Write both files of the model from tokens to frames."""
    config, state = model.config, _state(model)
    _write_encoder(folder / ENCODER["pose"], state, config, precision)
    with Graph(folder / DECODER["pose"], precision) as graph:
        layers = _layers(graph, state, config)
        given = graph.given("frame", np.float32, ("batch", config.frame))
        embedded = _plain(layers, _in(graph, given), *layers.of("frame_in"), "frame_in")
        counter = graph.op("Gather", given, graph.whole(config.values), axis=1)
        if config.counter_waves:
            embedded = graph.op("Add", embedded, _waves(graph, counter, config, state["waves_in.weight"]))
        x = layers.decoded(graph.op("Unsqueeze", embedded, graph.whole(1)), config.decoder_layers)
        weight, bias = (part[: config.frame] for part in layers.of("frame_out"))
        made = _plain(layers, graph.op("Squeeze", x, graph.whole(1)), weight, bias, "frame_out")
        made = graph.op("Cast", made, to=TensorProto.FLOAT)
        if config.counter_steps:
            made = _counted(graph, made, counter, config)
        graph.made(made, "next", np.float32, ("batch", config.frame))


def write_gloss(model: GlossTransformer, folder: Path, precision: Precision = "float32") -> None:
    """Write both files of the model from prompts to LangGloss."""
    config, state = model.config, _state(model)
    _write_encoder(folder / ENCODER["gloss"], state, config, precision)
    with Graph(folder / DECODER["gloss"], precision) as graph:
        layers = _layers(graph, state, config)
        gloss = graph.given("gloss", np.int64, ("batch",))
        embedded = graph.op("Gather", graph.stored("gloss_embedding", state["gloss_embedding.weight"]), gloss)
        x = layers.decoded(graph.op("Unsqueeze", embedded, graph.whole(1)), config.decoder_layers)
        logits = layers.linear(graph.op("Squeeze", x, graph.whole(1)), "gloss_out")
        graph.made(graph.op("Cast", logits, to=TensorProto.FLOAT), "logits", np.float32, ("batch", config.glosses))


def _write_encoder(
    path: Path, state: State, config: PoseTransformerConfig | GlossTransformerConfig, precision: Precision
) -> None:
    with Graph(path, precision) as graph:
        layers = _layers(graph, state, config)
        tokens = graph.given("tokens", np.int64, ("batch", "text"))
        embedded = graph.op("Gather", graph.stored("embedding", state["embedding.weight"]), tokens)
        layers.give_memory(layers.encoded(embedded, tokens, config.encoder_layers), config.decoder_layers)


def _layers(graph: Graph, state: State, config: PoseTransformerConfig | GlossTransformerConfig) -> Layers:
    return Layers(graph, state, config.width, config.heads)


def _plain(layers: Layers, x: str, weight: NDArray[np.float32], bias: NDArray[np.float32], name: str) -> str:
    """A linear map of frames."""
    graph = layers.graph
    product = graph.op("MatMul", x, graph.weights(name, np.ascontiguousarray(weight.T)))
    return graph.op("Add", product, graph.weights(f"{name}.bias", bias))


def _waves(graph: Graph, counter: str, config: PoseTransformerConfig, weight: NDArray[np.float32]) -> str:
    """What the counter's waves add to a frame; in float32, as half precision has no room for their angles."""
    angles = graph.op("Mul", counter, graph.constant("angles", angles_of(config.counter_waves).numpy()[None]))
    both = graph.op("Concat", graph.op("Sin", angles), graph.op("Cos", angles), axis=1)
    return graph.op("MatMul", _in(graph, both), graph.weights("waves_in", np.ascontiguousarray(weight.T)))


def _counted(graph: Graph, made: str, counter: str, config: PoseTransformerConfig) -> str:
    """A frame whose counter is a step, with the whole one."""
    units = np.ones((1, config.frame), np.float32)
    units[:, -1] = STEP_UNIT
    before = graph.op("Pad", counter, graph.whole(0, config.values, 0, 0))
    return graph.op("Add", graph.op("Mul", made, graph.constant("units", units)), before)


def _in(graph: Graph, x: str) -> str:
    """A frame in the graph's own kind of number."""
    return graph.op("Cast", x, to=TensorProto.FLOAT16) if graph.kind == np.float16 else x


def _state(model: PoseTransformer | GlossTransformer) -> State:
    return {name: tensor.detach().float().cpu().numpy() for name, tensor in model.state_dict().items()}
