"""Training the tokenizer and turning a corpus into codes. Needs torch; elsewhere the file is skipped."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning_fabric")
pytest.importorskip("safetensors")

from engine.body import EMBEDDED_AVATAR, BodyModel  # noqa: E402
from engine.rotations import matrix_from_axis_angle  # noqa: E402
from engine.skeleton import JOINT_INDEX  # noqa: E402
from engine.tokenizer.features import PARTS, SIGNWRIGHT, SOKE  # noqa: E402
from engine.tokenizer.vqvae import Quantizer, VqVae, VqVaeConfig  # noqa: E402
from engine.training.cache import CacheWriter, ClipCache  # noqa: E402
from engine.training.checkpoints import CheckpointUnfit  # noqa: E402
from engine.training.config import CONFIGS, ConfigError, OptimiserConfig, RunConfig, read_config  # noqa: E402
from engine.training.positions import JointPositions, part_joints, reach_weights, rest_joints, rotations  # noqa: E402
from engine.training.quantising import EmaCodebook, chosen, perplexity  # noqa: E402
from engine.training.statistics import Statistics  # noqa: E402
from engine.training.tokenise import TokenCorpus, TrainedTokenizer, sign_steps, tokenise  # noqa: E402
from engine.training.tokenizer_config import (  # noqa: E402
    PartConfig,
    PartsConfig,
    QuantizerConfig,
    TokenizerConfig,
    TokenizerLossConfig,
    WindowConfig,
)
from engine.training.tokenizer_data import Windows, padded, whole_clips  # noqa: E402
from engine.training.tokenizer_model import PartTraining, TokenizerTrainingModel  # noqa: E402
from engine.training.tokenizer_training import TokenizerTraining  # noqa: E402

SMALL = PartConfig(codes=16, width=16, code_width=8)
CONFIG = TokenizerConfig(
    parts=PartsConfig(SMALL, SMALL, SMALL),
    quantizer=QuantizerConfig(least=0.05, start_step=4, start_batches=2, start_rounds=3),
    loss=TokenizerLossConfig(velocity=0.5, position=0.5, reach=0.5),
    windows=WindowConfig(frames=32, batch=8, shortest=8, longest=0, windows="length"),
    optimiser=OptimiserConfig(rate=3e-3, betas=(0.9, 0.99), weight_decay=0.0, warmup_steps=2, clip=1.0),
    run=RunConfig(seed=3, steps=8, accelerator="cpu", log_every=4, validate_every=100, checkpoint_every=4, threads=1),
    least_spread=0.02,
)


def motion(frames: int, seed: int, size: int = SIGNWRIGHT.size) -> np.ndarray:
    """Joints that swing together, so that few codes can tell all poses; the seed says where the swing begins."""
    offsets = np.random.default_rng(0).uniform(0, 6, size)
    phase = 2 * np.pi * 0.5 * np.arange(frames)[:, None] / 24 + seed
    return (0.3 * np.sin(phase + offsets)).astype(np.float32)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> ClipCache:
    """Twelve sentences of unlike length, two of them held out, and three isolated signs."""
    folder = tmp_path_factory.mktemp("corpus") / "corpus"
    with CacheWriter(folder, SIGNWRIGHT) as writer:
        common = {"fps": 24.0, "language": "ASL"}
        for i in range(12):
            about = {"source": "sentence", "split": "val" if i < 2 else "train", "text": f"Text {i}."}
            extra = {"retrieved": [["asl/A-1", "asl/A"], ["asl/B"]]}
            writer.add(motion(30 + 9 * i, i), name=f"s{i}", glosses=("A", "B"), extra=extra, **about, **common)
        for i, sign in enumerate("ABC"):
            segment = ((sign, "dictionary", f"asl/{sign}", 8, 29),)
            about = {"source": "isolated", "split": "train", "key": f"asl/{sign}", "extra": {"words": [sign.lower()]}}
            writer.add(motion(41, 50 + i), name=f"i{i}", segments=segment, **about, **common)
        writer.add(motion(41, 99), name="again", segments=segment, **about, **common)
    return ClipCache(folder)


@pytest.fixture(scope="module")
def tokenizer(cache: ClipCache, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training of a few steps."""
    folder = tmp_path_factory.mktemp("tokenizer") / "trained"
    trained(cache, folder)
    return folder


# ---------------------------------------------------------------- the code book


def test_the_code_book_follows_the_moving_averages_of_what_chose_it() -> None:
    quantizer = Quantizer(VqVaeConfig(3, 5, 4, 2))
    book = EmaCodebook(quantizer, QuantizerConfig(decay=0.9, least=0.0))
    rng = np.random.default_rng(0)
    start = rng.normal(size=(40, 2)).astype(np.float32)
    book.start(torch.tensor(start), torch.Generator().manual_seed(0))
    sums, counts = quantizer.codebook.numpy().astype(np.float64), np.ones(5)
    for step in range(4):
        samples = rng.normal(size=(30, 2)).astype(np.float32)
        codes = quantizer.nearest(torch.tensor(samples))
        for code in range(5):
            mine = samples[codes.numpy() == code]
            counts[code] = 0.9 * counts[code] + 0.1 * len(mine)
            sums[code] = 0.9 * sums[code] + 0.1 * mine.sum(axis=0)
        reset = book.update(torch.tensor(samples), *chosen(torch.tensor(samples), codes, 5), torch.Generator())
        assert reset == 0
        assert np.allclose(quantizer.codebook.numpy(), sums / counts[:, None], atol=1e-5), step


def test_a_code_that_nothing_uses_is_put_where_a_sample_is() -> None:
    quantizer = Quantizer(VqVaeConfig(3, 4, 4, 2))
    book = EmaCodebook(quantizer, QuantizerConfig(decay=0.5, least=0.2))
    book.start(torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [50.0, 50.0]]), torch.Generator().manual_seed(0))
    far = int((quantizer.codebook > 40).all(dim=1).nonzero())
    samples = torch.rand(32, 2, generator=torch.Generator().manual_seed(1))
    resets = []
    for step in range(6):
        codes = quantizer.nearest(samples)
        resets.append(book.update(samples, *chosen(samples, codes, 4), torch.Generator().manual_seed(step)))
    assert sum(resets) == 1
    assert (quantizer.codebook[far] <= 1).all(), "moved among the samples"
    assert len(quantizer.nearest(samples).unique()) == 4, "and in use"


def test_a_code_book_can_start_from_fewer_samples_than_codes() -> None:
    quantizer = Quantizer(VqVaeConfig(3, 9, 4, 2))
    book = EmaCodebook(quantizer, QuantizerConfig())
    book.start(torch.tensor([[0.0, 1.0], [2.0, 3.0]]), torch.Generator().manual_seed(0))
    assert bool(book.ready)
    assert len(torch.unique(quantizer.codebook, dim=0)) == 9


def test_rounds_of_lloyds_algorithm_bring_the_codes_nearer() -> None:
    samples = torch.randn(400, 3, generator=torch.Generator().manual_seed(0))

    def error(rounds: int) -> float:
        quantizer = Quantizer(VqVaeConfig(3, 12, 4, 3))
        EmaCodebook(quantizer, QuantizerConfig(start_rounds=rounds)).start(samples, torch.Generator().manual_seed(1))
        return float((samples - quantizer.lookup(quantizer.nearest(samples))).square().sum(1).mean())

    assert error(10) < error(1) < error(0)


def test_perplexity_is_the_number_of_codes_used_alike() -> None:
    assert perplexity(torch.tensor([5.0, 5.0, 5.0, 0.0])) == pytest.approx(3.0)
    assert perplexity(torch.tensor([7.0, 0.0])) == pytest.approx(1.0)


# ---------------------------------------------------------------- padding


@pytest.mark.parametrize("length", [4, 5, 7, 8, 22, 40, 63])
def test_padding_changes_neither_codes_nor_frames(length: int) -> None:
    torch.manual_seed(0)
    vae = VqVae(VqVaeConfig(6, 32, 24, 8)).eval()
    vae.quantizer.codebook.normal_(std=0.05)
    alone = torch.randn(1, length, 6)
    long = torch.randn(2, 64, 6)  # what stands in the padding must not matter
    long[0, :length] = alone[0]
    lengths = torch.tensor([length, 64])
    codes = vae.encode(long, lengths)
    count = length // 4
    assert torch.equal(codes[0, :count], vae.encode(alone)[0])
    frames = vae.decode(codes, lengths // 4)
    assert torch.allclose(frames[0, : 4 * count], vae.decode(codes[:1, :count])[0], atol=1e-5)
    assert torch.allclose(frames[1], vae.decode(codes[1:])[0], atol=1e-5)


def test_padding_changes_no_loss_and_teaches_the_code_book_nothing() -> None:
    torch.manual_seed(0)
    statistics = Statistics(np.zeros(SIGNWRIGHT.size), np.full(SIGNWRIGHT.size, 0.3))
    part = PartTraining(SIGNWRIGHT, "left_hand", CONFIG, statistics)
    part.vae.quantizer.codebook.normal_()
    x = torch.tensor(motion(24, 0)) / 0.3
    wide = torch.full((1, 40, SIGNWRIGHT.size), 9.0)
    wide[0, :24] = x
    lengths = torch.tensor([24])
    loss, pieces, uses = part(x[None], lengths)
    wide_loss, wide_pieces, wide_uses = part(wide, lengths)
    assert set(pieces) == {"features", "velocity", "position", "commitment"}
    assert wide_loss.item() == pytest.approx(loss.item(), rel=1e-5)
    assert {k: pytest.approx(v.item(), rel=1e-4) for k, v in pieces.items()} == {
        k: v.item() for k, v in wide_pieces.items()
    }
    assert torch.equal(uses.counts, wide_uses.counts)
    assert uses.counts.sum() == 6
    assert torch.allclose(uses.sums, wide_uses.sums, atol=1e-5)


def test_the_gradient_passes_straight_through_the_code_book() -> None:
    torch.manual_seed(0)
    statistics = Statistics(np.zeros(SIGNWRIGHT.size), np.ones(SIGNWRIGHT.size))
    part = PartTraining(SIGNWRIGHT, "right_hand", CONFIG, statistics)
    part.vae.quantizer.codebook.normal_()
    loss, _, _ = part(torch.tensor(motion(16, 1))[None], torch.tensor([16]))
    loss.backward()
    first = part.vae.encoder.model[0].weight.grad
    assert first is not None
    assert float(first.abs().sum()) > 0
    assert not part.vae.quantizer.codebook.requires_grad


# ---------------------------------------------------------------- places of joints


def test_places_are_those_of_the_body_model() -> None:
    layout, body = SIGNWRIGHT, BodyModel.load(EMBEDDED_AVATAR)
    features = np.random.default_rng(0).normal(0, 0.4, (3, layout.size))
    poses, _ = layout.poses(features)
    placed = body.forward_kinematics(poses)[:, :, :3, 3]
    module = JointPositions(layout.body, rest_joints())
    places = module(torch.tensor(features[:, : 3 * len(layout.body)], dtype=torch.float32)).numpy()
    rows = [JOINT_INDEX[name] for name in layout.body]
    assert np.allclose(places[:, : len(rows)], placed[:, rows] - placed[:, :1], atol=1e-5)


def test_places_of_a_hand_are_those_of_the_body_model_seen_from_the_wrist() -> None:
    layout, body = SOKE, BodyModel.load(EMBEDDED_AVATAR)
    features = np.random.default_rng(1).normal(0, 0.4, (2, layout.size))
    world = body.forward_kinematics(layout.poses(features)[0])
    wrist = world[:, JOINT_INDEX["right_wrist"]]
    rows = [JOINT_INDEX[name] for name in part_joints(layout, "right_hand")]
    seen = np.einsum("tba,tjb->tja", wrist[:, :3, :3], world[:, :, :3, 3][:, rows] - wrist[:, None, :3, 3])
    columns = list(layout.columns["right_hand"])
    module = JointPositions(part_joints(layout, "right_hand"), rest_joints())
    places = module(torch.tensor(features[:, columns], dtype=torch.float32)).numpy()
    assert np.allclose(places[:, :15], seen, atol=1e-5)
    assert places.shape[1] == 20, "five fingertips"


def test_rotations_are_those_of_the_engine_and_have_a_gradient_at_rest() -> None:
    vectors = np.random.default_rng(0).normal(0, 1.0, (50, 3))
    assert np.allclose(rotations(torch.tensor(vectors)).numpy(), matrix_from_axis_angle(vectors), atol=1e-6)
    still = torch.zeros(1, 3, requires_grad=True)
    rotations(still).sum().backward()
    assert still.grad is not None
    assert torch.isfinite(still.grad).all()


def test_joints_near_the_trunk_weigh_more() -> None:
    weights = reach_weights(SIGNWRIGHT, "body", np.full(len(SIGNWRIGHT.columns["body"]), 0.2), 0.5)
    shoulder, wrist = (3 * SIGNWRIGHT.body.index(f"left_{name}") for name in ("shoulder", "wrist"))
    assert weights[shoulder] > weights[wrist] > weights[-1]
    assert weights.mean() == pytest.approx(1.0)
    assert np.allclose(reach_weights(SIGNWRIGHT, "body", np.full(len(weights), 0.2), 0.0), 1.0)


# ---------------------------------------------------------------- windows


def test_windows_follow_from_seed_and_epoch_and_lie_in_their_clips(cache: ClipCache) -> None:
    config = WindowConfig(frames=32, batch=4, shortest=40, longest=100, windows="length")
    windows = Windows(cache, cache.of("train"), cache.statistics, config, 5)
    again = Windows(cache, cache.of("train"), cache.statistics, config, 5)
    assert all(40 <= clip.frames <= 100 for clip in windows.clips)
    assert np.array_equal(windows.epoch(2), again.epoch(2))
    assert not np.array_equal(windows.epoch(2), windows.epoch(3))
    for clip, first in windows.epoch(0):
        assert 0 <= first <= max(windows.clips[clip].frames - 32, 0)
    one = Windows(cache, cache.of("train"), cache.statistics, dataclasses.replace(config, windows="one"), 5)
    assert sorted(one.epoch(0)[:, 0]) == list(range(len(one.clips)))


def test_a_short_clip_is_padded_and_its_length_told(cache: ClipCache) -> None:
    batch = padded([np.ones((13, 3), np.float32), np.ones((40, 3), np.float32)[:32]], 32)
    assert batch.lengths.tolist() == [12, 32]
    assert not batch.features[0, 12:].any()
    whole = list(whole_clips(cache, cache.clips, cache.statistics, 4))
    assert sorted(clip.name for some, _ in whole for clip in some) == sorted(clip.name for clip in cache.clips)


def test_a_corpus_without_fitting_clips_is_an_error(cache: ClipCache) -> None:
    with pytest.raises(ValueError, match="no clips of 500 to 600 frames"):
        Windows(cache, cache.of("train"), cache.statistics, WindowConfig(shortest=500, longest=600), 0)


# ---------------------------------------------------------------- training


def trained(cache: ClipCache, folder: Path, config: TokenizerConfig = CONFIG) -> TokenizerTraining:
    training = TokenizerTraining(cache, config, folder)
    assert training.run()
    return training


def test_training_makes_the_error_smaller(cache: ClipCache, tmp_path: Path) -> None:
    longer = dataclasses.replace(CONFIG, run=dataclasses.replace(CONFIG.run, steps=40, log_every=40, validate_every=40))
    training = TokenizerTraining(cache, longer, tmp_path)
    before, figures = training.validate(), []
    training.run(lambda step, new: figures.append(new))
    after = next(f for f in reversed(figures) if "held_out/wrists_mm" in f)
    for name in ("wrists", "left_hand", "right_hand"):
        assert after[f"held_out/{name}_mm"] < 0.9 * before[f"held_out/{name}_mm"], name
    assert after["held_out/body_perplexity"] > 2
    assert (tmp_path / "log").is_dir()


def test_a_training_that_was_cut_off_ends_with_the_same_weights(cache: ClipCache, tmp_path: Path) -> None:
    whole = trained(cache, tmp_path / "whole").model.state_dict()
    stopped = dataclasses.replace(CONFIG, run=dataclasses.replace(CONFIG.run, minutes=1e-9))
    for _ in range(CONFIG.run.steps - 1):
        cut = TokenizerTraining(cache, stopped, tmp_path / "cut")
        if (tmp_path / "cut" / "latest.ckpt").exists():
            cut.resume()
        assert not cut.run()
    last = TokenizerTraining(cache, CONFIG, tmp_path / "cut")
    last.resume()
    assert last.step == CONFIG.run.steps - 1
    assert last.run()
    again = last.model.state_dict()
    assert all(torch.equal(again[key], value) for key, value in whole.items())
    assert {"parts.body.book.counts", "parts.body.book.sums"} <= set(whole)


def test_resuming_with_other_sizes_is_refused(cache: ClipCache, tokenizer: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointUnfit, match="no checkpoint"):
        TokenizerTraining(cache, CONFIG, tmp_path).resume()
    shutil.copy(tokenizer / "latest.ckpt", tmp_path)
    other = dataclasses.replace(CONFIG, parts=PartsConfig(dataclasses.replace(SMALL, width=24), SMALL, SMALL))
    with pytest.raises(CheckpointUnfit, match="other sizes"):
        TokenizerTraining(cache, other, tmp_path).resume()


def test_decoders_trained_further_leave_all_codes_as_they_were(
    cache: ClipCache, tokenizer: Path, tmp_path: Path
) -> None:
    frozen = dataclasses.replace(CONFIG, quantizer=dataclasses.replace(CONFIG.quantizer, frozen=True))
    further = TokenizerTraining(cache, frozen, tmp_path / "further")
    further.begin_with(tokenizer)
    before = {key: value.clone() for key, value in further.model.state_dict().items()}
    assert further.run()
    after = further.model.state_dict()
    changed = {key.split(".")[3] for key, value in after.items() if not torch.equal(value, before[key])}
    assert changed == {"decoder"}
    tokenise(cache, tokenizer, tmp_path / "codes")
    tokenise(cache, tmp_path / "further", tmp_path / "codes again")
    assert np.array_equal(TokenCorpus.read(tmp_path / "codes").codes, TokenCorpus.read(tmp_path / "codes again").codes)


def test_decoders_can_not_be_trained_to_codes_that_are_not_there(cache: ClipCache, tmp_path: Path) -> None:
    frozen = dataclasses.replace(CONFIG, quantizer=dataclasses.replace(CONFIG.quantizer, frozen=True))
    with pytest.raises(ValueError, match="--begin-with"):
        TokenizerTraining(cache, frozen, tmp_path).run()


def test_all_parts_are_trained_each_by_its_own_columns(cache: ClipCache) -> None:
    torch.manual_seed(0)
    model = TokenizerTrainingModel(SIGNWRIGHT, CONFIG, cache.statistics)
    for part in PARTS:
        model.part(part).vae.quantizer.codebook.normal_()
    x = torch.tensor(motion(16, 2))[None]
    _, figures, uses = model(x, torch.tensor([16]))
    changed = x.clone()
    changed[..., list(SIGNWRIGHT.columns["left_hand"])] += 1
    _, others, _ = model(changed, torch.tensor([16]))
    assert set(uses) == set(PARTS)
    for part in PARTS:
        same = figures[f"{part}/features"] == others[f"{part}/features"]
        assert bool(same) == (part != "left_hand")


# ---------------------------------------------------------------- codes


def test_a_corpus_becomes_codes_and_a_dictionary(cache: ClipCache, tokenizer: Path, tmp_path: Path) -> None:
    tokenise(cache, tokenizer, tmp_path, progress=False)
    corpus = TokenCorpus.read(tmp_path)
    assert [clip["name"] for clip in corpus.clips] == [clip.name for clip in cache.clips]
    assert [len(corpus.of(i)) for i in range(len(corpus.clips))] == [clip.frames // 4 for clip in cache.clips]
    read = TrainedTokenizer.read(tmp_path)
    clip = cache.clips[5]
    whole_codes = cache.features(clip)[: clip.frames // 4 * 4]
    normalised = torch.tensor(read.statistics.normalised(whole_codes))[None]
    for i, part in enumerate(PARTS):
        alone = read.parts[part].encode(normalised[..., list(SIGNWRIGHT.columns[part])])[0]
        assert corpus.of(5)[:, i].tolist() == alone.tolist()
    assert corpus.clips[0]["retrieved"] == [["asl/A-1", "asl/A"], ["asl/B"]]
    assert set(corpus.dictionary) == {"asl/A", "asl/B", "asl/C"}
    entry = corpus.dictionary["asl/C"]
    number = [clip["name"] for clip in corpus.clips].index("i2")
    assert entry["body"] == corpus.of(number)[2:7, 0].tolist(), "the first clip of the sign, without the rest around it"
    assert (entry["language"], entry["gloss"], entry["words"]) == ("ASL", "C", ["c"])


def test_parts_of_a_tokenised_corpus_must_belong_together(cache: ClipCache, tokenizer: Path, tmp_path: Path) -> None:
    tokenise(cache, tokenizer, tmp_path, progress=False)
    lines = (tmp_path / "clips.jsonl").read_text().splitlines()
    (tmp_path / "clips.jsonl").write_text("\n".join(lines[:-1]) + "\n")
    with pytest.raises(ValueError, match="don't belong together"):
        TokenCorpus.read(tmp_path)


def test_a_tokenizer_of_another_layout_is_refused(cache: ClipCache, tokenizer: Path, tmp_path: Path) -> None:
    for name in ("model.json", "tokenizer.safetensors", "statistics.npz"):
        shutil.copy(tokenizer / name, tmp_path)
    about = json.loads((tmp_path / "model.json").read_text())
    about["features"] = SOKE.to_json()
    (tmp_path / "model.json").write_text(json.dumps(about))
    with pytest.raises(ValueError, match="other features"):
        list(TrainedTokenizer.read(tmp_path).encode(cache, cache.clips))


@pytest.mark.parametrize(
    ("start", "end", "steps", "wanted"),
    [(8, 29, 10, (2, 7)), (9, 30, 10, (2, 8)), (0, 1, 10, (0, 1)), (38, 40, 10, (9, 10)), (60, 80, 10, (9, 10))],
)
def test_a_sign_has_the_steps_that_lie_in_it_by_half(start: int, end: int, steps: int, wanted: tuple[int, int]) -> None:
    assert sign_steps(start, end, steps) == wanted


# ---------------------------------------------------------------- settings


def test_the_published_settings_are_readable() -> None:
    config = read_config(CONFIGS / "tokenizer_soke.toml", TokenizerConfig)
    assert (config.parts.body.codes, config.parts.left_hand.codes, config.parts.right_hand.codes) == (96, 192, 192)
    assert (config.quantizer.decay, config.loss.commitment, config.windows.frames) == (0.99, 0.02, 64)
    assert (config.optimiser.rate, config.optimiser.final_rate, config.run.epochs) == (2e-4, 1e-6, 500)
    assert config.loss.position == config.loss.velocity == config.loss.reach == 0.0


def test_our_settings_are_readable_and_can_be_changed() -> None:
    changed = read_config(CONFIGS / "tokenizer_signwright.toml", TokenizerConfig, ["windows.batch=8"])
    assert changed.windows.batch == 8
    with pytest.raises(ConfigError, match="multiple of 4"):
        read_config(CONFIGS / "tokenizer_signwright.toml", TokenizerConfig, ["windows.frames=30"])
