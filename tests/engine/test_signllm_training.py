"""SignLLM's trainings: what is fed, what the loss counts, and that a training goes on where it was cut off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.skels_kit import RUN, SIZES, settings, write_files

pytest.importorskip("torch")
pytest.importorskip("lightning_fabric")
pytest.importorskip("tensorboard")
pytest.importorskip("sentencepiece")
pytest.importorskip("torchmetrics")

import torch

from engine.formats.skels import VALUES
from engine.signllm.config import PoseTransformerConfig
from engine.signllm.model import PoseTransformer, shifted
from engine.signllm.torch_files import load
from engine.training.checkpoints import LATEST, CheckpointUnfit, read_checkpoint
from engine.training.config import CONFIGS, BatchConfig, ConfigError, from_table, read_config
from engine.training.signllm_config import PoseAugmentConfig, ReaderConfig, SignLlmConfig
from engine.training.signllm_data import PoseSpace, SkelsFolder
from engine.training.signllm_evaluation import Settings, asked_clips, evaluated
from engine.training.signllm_gloss import glosses_of
from engine.training.signllm_loop import grouped
from engine.training.signllm_pose import PoseLoss, PoseSample, for_plain_frames, frame_errors, pose_batch
from engine.training.signllm_producers import OtherProducer, TrainedProducer
from engine.training.signllm_reader import Reader
from engine.training.signllm_training import Job, train_reader, train_signllm


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_files(tmp_path_factory.mktemp("files"))


def configured(mode: str, steps: int = 6, **pose: Any) -> SignLlmConfig:
    return from_table(SignLlmConfig, settings(mode, steps, **pose), "a test")


def tiny(future: int = 3, dropout: float = 0.0, seed: int = 0) -> PoseTransformer:
    torch.manual_seed(seed)
    return PoseTransformer(PoseTransformerConfig(20, 150, 32, 2, 1, 2, 64, dropout, future, 32, 64))


def samples(lengths: tuple[int, ...] = (9, 14, 5)) -> list[PoseSample]:
    rng, made = np.random.default_rng(0), []
    for count in lengths:
        frames = rng.normal(size=(count, VALUES)).astype(np.float32)
        made.append(PoseSample(tuple(rng.integers(4, 20, 4).tolist()), count, lambda frames=frames: frames))
    return made


def weights(folder: Path) -> dict[str, Any]:
    return read_checkpoint(folder / LATEST)["weights"]


# ---------------------------------------------------------------- the loss


def test_the_counter_runs_evenly_from_one_frame_s_share_to_one() -> None:
    _, _, frames, counts = pose_batch(samples())
    assert counts.tolist() == [9, 14, 5]
    for row, count in zip(frames, counts.tolist(), strict=True):
        assert np.allclose(row[:count, VALUES], np.arange(1, count + 1) / count, atol=1e-5)


def test_each_of_the_next_frames_is_held_against_its_own() -> None:
    _, _, frames, counts = pose_batch(samples())
    perfect = torch.stack([frames.roll(-k, dims=1) for k in range(3)], dim=2)
    errors, counted = frame_errors(perfect, frames, counts, 2.0)
    assert not errors.any()
    assert counted.sum(dim=(1, 2)).tolist() == [9 + 8 + 7, 14 + 13 + 12, 5 + 4 + 3]
    wrong = perfect.clone()
    wrong[0, 2, 1, 7] += 3.0
    wrong[0, 3, 0, VALUES] += 0.5
    errors, _ = frame_errors(wrong, frames, counts, 2.0)
    assert errors.nonzero().tolist() == [[0, 2, 1], [0, 3, 0]]
    assert errors[0, 2, 1] == pytest.approx(9.0 / VALUES)
    assert errors[0, 3, 0] == pytest.approx(2.0 * 0.25)


def test_padding_neither_counts_nor_is_seen() -> None:
    loss = PoseLoss(tiny(), PoseAugmentConfig(), 10.0).eval()
    one, two = samples()[:2]
    with torch.no_grad():
        each = [float(loss(0, *pose_batch([sample])).rewards[0]) for sample in (one, two)]
        both = loss(0, *pose_batch([one, two]))
    assert both.rewards.tolist() == pytest.approx(each, rel=1e-5)
    numbers = np.array([9 + 8 + 7, 14 + 13 + 12])
    assert float(both.loss) == pytest.approx(-float(np.average(each, weights=numbers)), rel=1e-5)


def test_where_joints_are_hidden_only_the_counter_is_seen() -> None:
    hidden = PoseLoss(tiny(), PoseAugmentConfig(hidden=1.0), 10.0).eval()
    seen = PoseLoss(tiny(), PoseAugmentConfig(hidden=0.5), 10.0).eval()
    tokens, lengths, frames, _ = pose_batch(samples())
    other = torch.cat([torch.randn_like(frames[..., :VALUES]), frames[..., VALUES:]], dim=-1)
    for loss, same in ((hidden, True), (seen, False)):
        made = [loss.model(tokens, lengths, shifted(x)) for x in (frames, other)]
        assert torch.allclose(*made, atol=1e-6) == same
    moved = torch.cat([frames[..., :VALUES], 0.5 * frames[..., VALUES:]], dim=-1)
    made = [hidden.model(tokens, lengths, shifted(x)) for x in (frames, moved)]
    assert not torch.allclose(*made, atol=1e-6)


def test_free_running_begins_when_it_shall_and_feeds_own_predictions() -> None:
    augment = PoseAugmentConfig(free=0.8, free_from=10, free_steps=20)
    assert [augment.free_share(step) for step in (0, 10, 20, 30, 99)] == [0.0, 0.0, 0.4, 0.8, 0.8]
    loss = PoseLoss(tiny(), PoseAugmentConfig(free=1.0), 10.0).train()
    batch = pose_batch(samples())
    assert float(loss(0, *batch).loss) == pytest.approx(float(loss.eval()(0, *batch).loss), rel=1e-5)
    assert float(loss.train()(99, *batch).loss) != pytest.approx(float(loss.eval()(0, *batch).loss), rel=1e-3)


def test_noise_is_on_joints_and_only_in_training() -> None:
    loss = PoseLoss(tiny(), PoseAugmentConfig(noise=0.5), 10.0)
    batch = pose_batch(samples())
    assert float(loss.train()(0, *batch).loss.detach()) != float(loss.train()(0, *batch).loss.detach())
    assert float(loss.eval()(0, *batch).loss.detach()) == float(loss.eval()(0, *batch).loss.detach())


def test_a_model_for_plain_frames_makes_the_same_motion() -> None:
    rng = np.random.default_rng(1)
    clips = [rng.normal(0, 0.1, (40, 150)) + rng.normal(0, 0.3, 150) for _ in range(3)]
    space = PoseSpace.of(lambda: iter(clips), 0.01, True)
    model = tiny().eval()
    plain = for_plain_frames(model, space)
    tokens, lengths, frames, _ = pose_batch(samples())
    with torch.no_grad():
        seen = model(tokens, lengths, frames)
        # the same frames as plainly normalised joints
        back = np.linalg.inv(space.matrix).T.astype(np.float32)
        given = torch.cat([frames[..., :VALUES] @ torch.from_numpy(back), frames[..., VALUES:]], dim=-1)
        made = plain(tokens, lengths, given)
    assert torch.allclose(made[..., VALUES:], seen[..., VALUES:], atol=1e-4)
    ours = space.back(seen[..., :VALUES].numpy())
    theirs = space.plain.undone(made[..., :VALUES].numpy())
    assert np.allclose(ours, theirs, atol=1e-3)


# ---------------------------------------------------------------- the loop


def test_batches_hold_what_the_settings_allow() -> None:
    sizes = np.random.default_rng(0).integers(1, 30, (200, 2))
    order = np.argsort(sizes.sum(axis=1))
    made = list(grouped(order, sizes, BatchConfig(samples=16, tokens=300)))
    assert np.concatenate(made).tolist() == order.tolist()
    for batch in made:
        assert len(batch) <= 16
        assert len(batch) * sizes[batch].max(axis=0).sum() <= 300


@pytest.mark.parametrize("loss", ["mse", "rl_plc"])
def test_training_cut_off_and_resumed_gives_the_same_weights(files: Path, tmp_path: Path, loss: str) -> None:
    changes = {
        "loss": {"kind": loss, "eta": 2.0, "window": 4},
        "augment": {"noise": 0.1, "hidden": 0.3, "free": 0.5},
        "model": SIZES | {"future": 2, "dropout": 0.1},
        "batch": {"samples": 6, "accumulate": 2},
        "optimiser": {"rate": 1e-4, "warmup_steps": 2, "clip": 1.0},
    }
    whole = configured("mlsf", 14, **changes)
    whole = replace(whole, data=replace(whole.data, languages=("ASL",)))
    assert train_signllm(files, whole, Job(tmp_path / "straight"))
    run = replace(whole.pose.run, minutes=1e-9)
    cut = replace(whole, pose=replace(whole.pose, run=run))
    assert not train_signllm(files, cut, Job(tmp_path / "cut")), "stopped by the clock"
    for _ in range(4):
        assert not train_signllm(files, cut, Job(tmp_path / "cut", resume=True))
    assert read_checkpoint(tmp_path / "cut/ASL" / LATEST)["place"]["step"] == 5
    assert train_signllm(files, whole, Job(tmp_path / "cut", resume=True))
    straight, resumed = (weights(tmp_path / name / "ASL") for name in ("straight", "cut"))
    assert straight.keys() == resumed.keys()
    for name, value in straight.items():
        assert torch.equal(value, resumed[name]), name
    if loss == "rl_plc":
        assert read_checkpoint(tmp_path / "cut/ASL" / LATEST)["place"]["skipped"] > 0


def test_the_losses_learn_differently(files: Path, tmp_path: Path) -> None:
    made = []
    for kind in ("mse", "rl", "rl_plc"):
        config = configured("mlsf", 12, loss={"kind": kind, "eta": 3.0, "window": 2})
        config = replace(config, data=replace(config.data, languages=("ASL",)))
        train_signllm(files, config, Job(tmp_path / kind))
        made.append(weights(tmp_path / kind / "ASL")["model.frame_out.weight"])
    assert not any(torch.equal(made[a], made[b]) for a, b in ((0, 1), (1, 2), (0, 2)))


def test_a_checkpoint_of_other_sizes_or_data_is_told(files: Path, tmp_path: Path) -> None:
    config = configured("mlsf", 2)
    cut = replace(config, pose=replace(config.pose, run=replace(config.pose.run, minutes=1e-9)))
    train_signllm(files, cut, Job(tmp_path / "a"))
    wider = configured("mlsf", 2, model=SIZES | {"feed_forward": 96})
    with pytest.raises(CheckpointUnfit, match="doesn't fit"):
        train_signllm(files, wider, Job(tmp_path / "a", resume=True))
    fewer = write_files(tmp_path / "fewer", train=7)
    with pytest.raises(CheckpointUnfit, match="doesn't fit"):
        train_signllm(fewer, config, Job(tmp_path / "a", resume=True))


# ---------------------------------------------------------------- the modes


def test_a_language_is_added_to_mlsf_without_touching_the_others(files: Path, tmp_path: Path) -> None:
    config = configured("mlsf", 3)
    first = replace(config, data=replace(config.data, languages=("DGS",)))
    train_signllm(files, first, Job(tmp_path))
    before = {p.name: p.read_bytes() for p in (tmp_path / "DGS").iterdir() if p.is_file()}
    train_signllm(files, config, Job(tmp_path, resume=True))
    assert {p.name: p.read_bytes() for p in (tmp_path / "DGS").iterdir() if p.is_file()} == before
    assert load(tmp_path / "ASL").text.codes == ("ASL",)
    assert TrainedProducer.load(tmp_path).languages == ("ASL", "DGS")


def test_a_group_is_the_same_with_and_without_others_beside_it(files: Path, tmp_path: Path) -> None:
    config = configured("mlsf", 3)
    train_signllm(files, config, Job(tmp_path / "both"))
    alone = replace(config, data=replace(config.data, languages=("DGS",)))
    train_signllm(files, alone, Job(tmp_path / "alone"))
    for name, value in weights(tmp_path / "both/DGS").items():
        assert torch.equal(value, weights(tmp_path / "alone/DGS")[name])


def test_what_was_learned_is_signed_freely_and_ends_by_itself(files: Path, tmp_path: Path) -> None:
    changes: dict[str, Any] = {
        "optimiser": {"rate": 4e-3, "warmup_steps": 10, "clip": 1.0},
        "augment": {"hidden": 1.0, "counter_noise": 0.05, "overrun": 0.2},
        "loss": {"counter": 100.0},
        "batch": {"samples": 24},
    }
    config = configured("prompt2langgloss", 150, **changes)
    gloss = replace(config.gloss, optimiser=config.pose.optimiser, batch=config.pose.batch)
    data = replace(config.data, languages=("ASL",))
    assert train_signllm(files, replace(config, gloss=gloss, data=data), Job(tmp_path))
    producer = TrainedProducer.load(tmp_path)
    asked, _ = asked_clips(files, Settings("train"), producer.fps, ["ASL"])
    ours, other = evaluated([producer, OtherProducer()], asked, producer.fps, None)
    assert ours.mean("ASL", "ended")[0] == 1.0
    assert ours.mean("ASL", "length")[0] == pytest.approx(1.0, abs=0.15)
    assert ours.mean("ASL", "DTW")[0] < 0.7 * other.mean("ASL", "DTW")[0]
    planned = ours.planned_error("ASL")
    assert planned is not None
    assert planned < 0.2


def test_more_texts_teach_glosses_of_words_that_no_clip_has(files: Path, tmp_path: Path) -> None:
    texts = tmp_path / "texts/ASL"
    texts.mkdir(parents=True)
    words = ("cows", "houses", "drinks", "waters", "mothers")
    pairs = [(f"{a} {b}", f"{a[:-1]} {b[:-1]}".upper()) for a in words for b in words] * 2
    (texts / "train.text").write_text("".join(f"{text}\n" for text, _ in pairs), encoding="utf-8")
    (texts / "train.gloss").write_text("".join(f"{gloss}\n" for _, gloss in pairs), encoding="utf-8")
    config = configured("prompt2langgloss", 200, optimiser={"rate": 4e-3, "warmup_steps": 10, "clip": 1.0})
    gloss = replace(config.gloss, optimiser=config.pose.optimiser, batch=replace(config.gloss.batch, samples=24))
    pose = replace(config.pose, run=replace(config.pose.run, steps=1))
    config = replace(config, gloss=gloss, pose=pose, data=replace(config.data, languages=("ASL",)))
    assert train_signllm(files, config, Job(tmp_path / "model"), tmp_path / "texts")
    made = load(tmp_path / "model")
    assert made.gloss is not None
    assert made.glosses is not None
    assert made.about["texts"] == len(pairs)
    said = [glosses_of(made.gloss, made.text, made.glosses, text, "ASL") for text, _ in pairs[:25]]
    wanted = [[f"<ASL_{gloss}>" for gloss in line.split()] for _, line in pairs[:25]]
    assert np.mean([a == b for a, b in zip(said, wanted, strict=True)]) > 0.8


def test_mlsf_has_no_use_for_texts_without_motion(files: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="without motion"):
        train_signllm(files, configured("mlsf"), Job(tmp_path / "model"), tmp_path)


def test_an_overrun_goes_on_with_the_last_pose_and_the_counter() -> None:
    _, _, frames, counts = pose_batch(samples((10,)), overrun=0.2)
    assert counts.tolist() == [12]
    assert torch.equal(frames[0, 9, :VALUES], frames[0, 11, :VALUES])
    assert np.allclose(frames[0, 8:, VALUES], [0.9, 1.0, 1.1, 1.2], atol=1e-5)


def test_a_reader_reads_what_it_learned(files: Path, tmp_path: Path) -> None:
    table = {"model": SIZES, "run": RUN | {"steps": 150}, "batch": {"samples": 24}}
    table |= {"optimiser": {"rate": 4e-3, "warmup_steps": 10, "clip": 1.0}}
    assert train_reader(files, from_table(ReaderConfig, table, "a test"), Job(tmp_path, "command"))
    reader = Reader.load(tmp_path)
    assert reader.about["command"] == "command"
    split = SkelsFolder.read(files).split("ASL", "train")
    read = reader.read([split.points(clip) for clip in split.clips[:8]], "ASL")
    (long,) = reader.read([np.concatenate([split.points(clip) for clip in split.clips] * 3)], "ASL")
    assert long[0], "more than it has places for"
    assert [text for text, _ in read] == [clip.text for clip in split.clips[:8]]
    seen = [" ".join(glosses) for _, glosses in read]
    wanted = [" ".join(f"<ASL_{gloss}>" for gloss in clip.gloss.split()) for clip in split.clips[:8]]
    assert np.mean([a == b for a, b in zip(seen, wanted, strict=True)]) > 0.5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["pose.run.steps=3"], "either steps or epochs"),
        (["pose.model.heads=5"], "can't be"),
        (["pose.augment.hidden=1.5"], "from 0 to 1"),
        (["pose.loss.kind='plc'"], "rl_plc"),
        (["data.every=0"], "at least 1"),
    ],
)
def test_settings_that_cannot_be_are_told(changes: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_config(CONFIGS / "signllm_mlsf.toml", SignLlmConfig, changes)


@pytest.mark.parametrize("name", ["signllm_mlsf", "signllm_prompt2langgloss"])
def test_the_settings_that_come_along_can_be_read(name: str) -> None:
    assert read_config(CONFIGS / f"{name}.toml", SignLlmConfig).data.hands_from_wrists
    assert read_config(CONFIGS / "signllm_reader.toml", ReaderConfig).ctc
