"""SignLLM's models as ONNX files say what torch says, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
for package in ("onnx", "onnxruntime"):
    pytest.importorskip(package)

import onnx  # noqa: E402

from engine.bundle import Bundle, Manifest, write_manifest  # noqa: E402
from engine.signllm import free_running, gloss_decoding  # noqa: E402
from engine.signllm.config import GlossTransformerConfig, PoseTransformerConfig  # noqa: E402
from engine.signllm.model import GlossTransformer, PoseTransformer, free_run, gloss_session  # noqa: E402
from engine.signllm.onnx_runtime import OnnxTransformer  # noqa: E402
from export.signllm.onnx_models import write_gloss, write_pose  # noqa: E402
from export.soke.onnx_graph import Precision  # noqa: E402

TEXTS = [[4, 9, 17, 2], [5, 8, 21, 29, 11, 2]]
TOKENS = torch.tensor([[4, 9, 17, 2, 0, 0], TEXTS[1]])
LENGTHS = torch.tensor([4, 6])
POSE = PoseTransformerConfig(30, width=64, heads=4, feed_forward=96, longest_text=12, longest_frames=60, future=3)
GLOSS = GlossTransformerConfig(30, 40, 64, 4, feed_forward=96, longest_text=12, longest_gloss=20)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(3)
    yield
    torch.set_num_threads(before)


def bundle(folder: Path) -> Bundle:
    return write_manifest(folder, Manifest("signllm", "", (), "", "", {}), [p.name for p in folder.iterdir()])


@torch.no_grad()
def counting(model: PoseTransformer, ends: list[int]) -> PoseTransformer:
    """The model with the counters of the samples fitted to its states, so that each ends where it shall."""
    model.eval().frame_in.weight[:, -1] = 0.0
    cache, longest = model.start(model.encode(TOKENS, LENGTHS), LENGTHS, 60), max(ends)
    states: list[torch.Tensor] = []
    hook = model.decoder.norm.register_forward_hook(lambda module, given, made: states.append(made[:, 0]))
    frame = torch.zeros(2, POSE.frame)
    for _ in range(longest):
        frame = model.step(frame, cache)
    hook.remove()
    wanted = torch.tensor([[(t + 1) / end for end in ends] for t in range(longest)])
    fit = torch.linalg.lstsq(torch.stack(states).flatten(0, 1), wanted.flatten()[:, None], driver="gelsd").solution
    model.frame_out.weight[POSE.frame - 1] = fit[:, 0]
    model.frame_out.bias[POSE.frame - 1] = 0.0
    return model


@pytest.fixture
def pose() -> PoseTransformer:
    return counting(PoseTransformer(POSE), [9, 13])


@pytest.mark.parametrize(("precision", "error"), [("float32", 1e-5), ("float16", 2e-2)])
def test_a_counter_with_waves_and_steps_is_the_same_in_both(tmp_path: Path, precision: Precision, error: float) -> None:
    config = replace(POSE, counter_waves=7, counter_steps=True)
    model = PoseTransformer(config).eval()
    write_pose(model, tmp_path, precision)
    session = OnnxTransformer(bundle(tmp_path), "pose", threads=1).frames(TEXTS)
    cache = model.start(model.encode(TOKENS, LENGTHS), LENGTHS, 8)
    frame = np.zeros((2, config.frame), np.float32)
    for number in range(8):
        frame[:, -1] = 0.11 * number
        theirs = model.step(torch.from_numpy(frame), cache).numpy()
        np.testing.assert_allclose(session.step(frame), theirs, rtol=0.0, atol=error)
        frame = theirs.copy()


def test_both_generate_the_same_frames_and_end_with_the_same(pose: PoseTransformer, tmp_path: Path) -> None:
    write_pose(pose, tmp_path)
    runtime = OnnxTransformer(bundle(tmp_path), "pose", threads=1)
    ours = free_running.run(runtime.frames(TEXTS), 2, POSE.frame, 50)
    theirs = free_run(pose, TOKENS, LENGTHS, 50)
    assert [len(x) for x in ours] == [len(x) for x in theirs]
    assert [len(x) for x in ours] == [9, 13]
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b.numpy(), atol=1e-4)


@pytest.mark.parametrize("length", [1, 2, 7, 40])
def test_both_say_the_same_of_frames_that_are_given(pose: PoseTransformer, tmp_path: Path, length: int) -> None:
    write_pose(pose, tmp_path)
    session = OnnxTransformer(bundle(tmp_path), "pose", threads=1).frames(TEXTS)
    fed = torch.randn(2, length, POSE.frame)
    with torch.no_grad():
        said = pose(TOKENS, LENGTHS, fed)[:, -1, 0]
    for t in range(length):
        made = session.step(fed[:, t].numpy())
    np.testing.assert_allclose(made, said.numpy(), atol=1e-4)


@pytest.mark.parametrize("beams", [1, 3])
def test_both_write_the_same_glosses(tmp_path: Path, beams: int) -> None:
    model = GlossTransformer(GLOSS).eval()
    write_gloss(model, tmp_path)
    runtime = OnnxTransformer(bundle(tmp_path), "gloss", threads=1)
    allowed = list(range(4, 40))
    ours = gloss_decoding.decode(runtime.glosses(TEXTS[1]), allowed, 15, beams)
    theirs = gloss_decoding.decode(gloss_session(model, TOKENS[1:], LENGTHS[1:]), allowed, 15, beams)
    assert ours.rows == theirs.rows
    assert len(ours.rows) > 2
    assert ours.score == pytest.approx(theirs.score, abs=1e-4)


@pytest.mark.parametrize("precision", ["float32", "float16", "int8"])
def test_files_are_of_a_kind_that_the_embedded_runtime_reads(
    pose: PoseTransformer, tmp_path: Path, precision: Precision
) -> None:
    write_pose(pose, tmp_path, precision)
    for path in tmp_path.glob("*.onnx"):
        assert onnx.load(path).ir_version <= 13
    session = OnnxTransformer(bundle(tmp_path), "pose", threads=1).frames(TEXTS)
    assert session.step(np.zeros((2, POSE.frame), np.float32)).shape == (2, POSE.frame)


def test_weights_in_eight_bits_take_less_room_and_stay_near(pose: PoseTransformer, tmp_path: Path) -> None:
    sizes, made = [], []
    for precision in ("float32", "int8"):
        folder = tmp_path / precision
        folder.mkdir()
        write_pose(pose, folder, precision)
        sizes.append(sum(p.stat().st_size for p in folder.iterdir()))
        session = OnnxTransformer(bundle(folder), "pose", threads=1).frames(TEXTS)
        made.append(session.step(np.ones((2, POSE.frame), np.float32)))
    assert sizes[1] < 0.6 * sizes[0]
    assert 0.0 < np.abs(made[0] - made[1]).max() < 0.05
