"""Importing a checkpoint as large as mBART-large: `python -m tests.bench.bench_import [ONNX PRECISION ...]`.

Method: a checkpoint in the published Lightning layout with 12 + 12 layers of width 1024, 20,000 words, a tokenizer of
the published width, objects in `hyper_parameters` and 80 MB of `metrics.*`, its numbers drawn at random; then the
command `python -m export soke` in a process of its own, its parity report included, without ONNX files of the
generator and with those of each PRECISION. Seconds on the clock and of the processor, and the largest resident memory,
are the operating system's figures of that process.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece
import torch
from torch import Tensor

from engine.soke.vocabulary import EXTRA_CODES, SIGN_TAGS
from engine.tokenizer.features import CODES, PARTS, SOKE
from engine.tokenizer.vqvae import VqVae, VqVaeConfig

WORDS, WIDTH, LAYERS, FEED, POSITIONS = 20_000, 1024, 12, 4096, 1026
ROWS = WORDS + len(SIGN_TAGS) + sum(size + EXTRA_CODES for size in CODES.values())
PREFIX = "lm.language_model.main_lm."
MEGABYTE = 1 << 20


class Settings:
    """Stands for the configuration objects of the published checkpoints."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


def numbers(*shape: int) -> Tensor:
    """Normal numbers of spread 0.02, one block over and over, as drawing them all takes long."""
    block = torch.randn(min(MEGABYTE, int(np.prod(shape))), generator=torch.Generator().manual_seed(len(shape))) * 0.02
    count = int(np.prod(shape))
    return block.repeat(-(-count // len(block)))[:count].reshape(shape)


def module(name: str, outputs: int, inputs: int) -> dict[str, Tensor]:
    return {f"{name}.weight": numbers(outputs, inputs), f"{name}.bias": numbers(outputs)}


def norm(name: str) -> dict[str, Tensor]:
    return {f"{name}.weight": torch.ones(WIDTH), f"{name}.bias": torch.zeros(WIDTH)}


def layer(name: str, attentions: list[str]) -> dict[str, Tensor]:
    state = {**norm(f"{name}.final_layer_norm")}
    for attention in attentions:
        state |= norm(f"{name}.{attention}_layer_norm")
        for projection in ("q_proj", "k_proj", "v_proj", "out_proj"):
            state |= module(f"{name}.{attention}.{projection}", WIDTH, WIDTH)
    return {**state, **module(f"{name}.fc1", FEED, WIDTH), **module(f"{name}.fc2", WIDTH, FEED)}


def generator() -> dict[str, Tensor]:
    """The published model's weights under its names; the embedding four times, as they have it."""
    embedding = numbers(ROWS, WIDTH)
    state = {"final_logits_bias": torch.zeros(1, ROWS), "lm_head.weight": embedding, "model.shared.weight": embedding}
    for side, attentions in (("encoder", ["self_attn"]), ("decoder", ["self_attn", "encoder_attn"])):
        state[f"model.{side}.embed_tokens.weight"] = embedding
        state[f"model.{side}.embed_positions.weight"] = numbers(POSITIONS, WIDTH)
        state |= norm(f"model.{side}.layernorm_embedding") | norm(f"model.{side}.layer_norm")
        for number in range(LAYERS):
            state |= layer(f"model.{side}.layers.{number}", attentions)
    return {PREFIX + name: tensor for name, tensor in state.items()}


def tokenizer() -> dict[str, Tensor]:
    state = {}
    for part, prefix in zip(PARTS, ("vae.", "hand_vae.", "rhand_vae."), strict=True):
        vae = VqVae(VqVaeConfig(len(SOKE.columns[part]), CODES[part]))
        vae.quantizer.codebook.normal_()
        state |= {prefix + name: tensor for name, tensor in vae.state_dict().items()}
    return state


def saved(path: Path, state: dict[str, Tensor]) -> Path:
    """A checkpoint with objects that only stubs can stand for, and what metrics leave in it."""
    junk = {f"metrics.TM2TMetrics.body{i}": torch.zeros(MEGABYTE) for i in range(20)}
    content = {"epoch": 149, "callbacks": {"x": Settings(path=Path("/x"))}, "hyper_parameters": Settings(lr=2e-4)}
    torch.save({**content, "state_dict": {**state, **junk}}, path)
    return path


def language_folder(folder: Path) -> Path:
    """A text tokenizer that the bench trains on numbers, and a table of 20,000 rows."""
    folder.mkdir()
    lines = folder / "lines.txt"
    lines.write_text("\n".join(" ".join(str(i * j) for j in range(1, 9)) for i in range(400)), "utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(lines), model_prefix=str(folder / "sentencepiece.bpe"), vocab_size=80, hard_vocab_limit=False,
        minloglevel=2,
    )  # fmt: skip
    (folder / "map_ids.pkl").write_bytes(pickle.dumps({i: i for i in range(WORDS)}))
    (folder / "config.json").write_text(json.dumps({"encoder_attention_heads": 16, "d_model": WIDTH}), "utf-8")
    return folder


def measured(command: list[str]) -> str:
    """Runs a command; the last lines that it printed, and what it took."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    report = "\n".join(f"    {line}" for line in said.splitlines() if not line.startswith(" "))
    return (
        f"{time.perf_counter() - began:6.1f} s, processor {usage.ru_utime + usage.ru_stime:6.1f} s, "
        f"peak {usage.ru_maxrss / 1e6:.2f} GB, exit code {process.returncode}\n{report}"
    )


def main() -> None:
    """Print what each import took, and its report."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        mean, std = folder / "mean.pt", folder / "std.pt"
        torch.save(torch.zeros(179), mean)
        torch.save(torch.ones(179), std)
        vaes, lm = saved(folder / "tokenizer.ckpt", tokenizer()), language_folder(folder / "lm")
        whole = saved(folder / "generator.ckpt", generator())
        print(f"checkpoints: {whole.stat().st_size / 1e6:.0f} MB and {vaes.stat().st_size / 1e6:.0f} MB", flush=True)
        files = ["--tokenizer-checkpoint", vaes, "--checkpoint", whole, "--lm", lm, "--stats", mean, std]
        command = ["-m", "export", "soke", *map(str, files), "-o"]
        for precision in (None, *sys.argv[1:]):
            made = folder / f"bundle-{precision}"
            onnx = ["--onnx", precision] if precision else []
            print(f"ONNX generator {precision or 'none':13} {measured([*command, str(made), *onnx])}", flush=True)


if __name__ == "__main__":
    main()
