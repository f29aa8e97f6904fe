"""The generator's training: what its samples are, what its loss counts, and that it goes on where it was cut off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
pytest.importorskip("lightning_fabric")

from engine.soke.decoding import decode, decode_text  # noqa: E402
from engine.soke.prompt import PromptSettings, encoder_input, sign_to_text_input  # noqa: E402
from engine.soke.torch_runtime import TorchRuntime  # noqa: E402
from engine.soke.vocabulary import PAD, Vocabulary, sign_tags, source_tags  # noqa: E402
from engine.tokenizer.features import PARTS  # noqa: E402
from engine.training.checkpoints import CheckpointUnfit  # noqa: E402
from engine.training.config import (  # noqa: E402
    CONFIGS,
    AugmentConfig,
    BatchConfig,
    ConfigError,
    GeneratorConfig,
    LossConfig,
    ModelConfig,
    OptimiserConfig,
    PromptConfig,
    RunConfig,
    Variant,
    from_table,
    read_config,
)
from engine.training.generator_data import IGNORED, Batches, Clip, Sample, Samples, Sign, collated, held  # noqa: E402
from engine.training.generator_model import GeneratorLoss, build_model, tensors  # noqa: E402
from engine.training.generator_training import GeneratorTraining, TrainingData, rate_factor  # noqa: E402
from engine.training.splicing import Splices  # noqa: E402

SIZES = {"body": 12, "left_hand": 9, "right_hand": 9}
LANGUAGES = {"ASL": "en", "DGS": "de"}
PROMPT = PromptSettings("fused", keywords=8, steps=10, longest=96)
NAMES = ("cat", "dog", "eat", "fish", "go", "house")


class Words:
    """A text tokenizer for the tests: a piece a word that it knows."""

    def encode(self, text: str) -> list[int]:
        return [3 + NAMES.index(word.lower()) if word.lower() in NAMES else 0 for word in text.split()]

    def decode(self, pieces: list[int]) -> str:
        return " ".join(NAMES[piece - 3] for piece in pieces)

    def get_piece_size(self) -> int:
        return 3 + len(NAMES)


def vocabulary(variant: Variant = "multihead") -> Vocabulary:
    tags = sign_tags(LANGUAGES, by_part=variant == "part")
    return Vocabulary(Words(), {i: i for i in range(36)}, SIZES, tags, source_tags(LANGUAGES))


def dictionary() -> dict[str, Sign]:
    rng = np.random.default_rng(1)
    most = np.array(list(SIZES.values()))
    return {name: Sign(name.upper(), rng.integers(0, most, (3, 3)), (name,)) for name in NAMES}


def clips(count: int = 24, seed: int = 2) -> list[Clip]:
    rng, signs = np.random.default_rng(seed), dictionary()
    made = []
    for number in range(count):
        words = [NAMES[i] for i in rng.integers(0, len(NAMES), rng.integers(1, 4))]
        codes = np.concatenate([signs[word].codes for word in words])
        places = tuple((word, 3 * i, 3 * i + 3) for i, word in enumerate(words))
        made.append(Clip(f"c{number}", " ".join(words), ("ASL", "DGS")[number % 2], codes, tuple(words), places))
    return made


def samples(variant: Variant = "multihead", **changes) -> Samples:
    return Samples(clips(), dictionary(), vocabulary(variant), PROMPT, variant, **changes)


def config(**changes) -> GeneratorConfig:
    plain = GeneratorConfig(
        ModelConfig(32, 1, 1, 4, 64, positions=128, dropout=0.1, steps=40, sinusoids=True),
        PromptConfig("fused", 8, 10, 96),
        AugmentConfig(no_keywords=0.15, some_keywords=0.25, sign_to_text=0.2),
        optimiser=OptimiserConfig(rate=3e-3, warmup_steps=2, clip=1.0),
        batch=BatchConfig(samples=6, tokens=400),
        run=RunConfig(steps=6, accelerator="cpu", log_every=2, validate_every=100, checkpoint_every=100),
    )
    return replace(plain, **changes)


def training(folder: Path, settings: GeneratorConfig, variant: Variant = "multihead") -> GeneratorTraining:
    held_out = Samples(clips(6, seed=5), dictionary(), vocabulary(variant), PROMPT, variant)
    return GeneratorTraining(TrainingData(samples(variant), held_out, vocabulary(variant)), settings, folder)


def weights(made: GeneratorTraining) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in made.model.state_dict().items()}


def test_a_sample_reads_what_generating_reads() -> None:
    clip, words, signs = clips()[4], vocabulary(), dictionary()
    made = samples()
    draw = next(d for d in made.plain("all") if d.clip.name == clip.name)
    retrieved = [(signs[key].gloss, signs[key].by_part) for key in clip.signs]
    assert np.array_equal(made.sample(draw).rows, encoder_input(words, clip.text, retrieved, clip.language, PROMPT))
    back = next(d for d in made.plain("none", reverse=True) if d.clip.name == clip.name)
    codes = {part: clip.codes[:, i].tolist() for i, part in enumerate(PARTS)}
    assert np.array_equal(made.sample(back).rows, sign_to_text_input(words, codes, clip.language))


def test_the_decoder_is_fed_what_it_shall_have_said_before() -> None:
    made = samples()
    draw = made.plain("none")[0]
    ((fed, said),) = made.sample(draw).outputs
    words = vocabulary()
    assert (fed[0] == words.sign_tag_row(draw.clip.language)).all()
    assert np.array_equal(fed[1:], said[:-1])
    assert (said[-1] == words.end_row).all()
    assert said[:-1].tolist() == [
        [words.first_code[p] + c for p, c in zip(PARTS, s, strict=True)] for s in draw.clip.codes
    ]


def test_the_variants_say_the_same_codes_in_their_own_order() -> None:
    ((_, fused),) = samples().sample(samples().plain("all")[3]).outputs
    flat_samples, part_samples = samples("flatten"), samples("part")
    ((fed, flat),) = flat_samples.sample(flat_samples.plain("all")[3]).outputs
    assert (fed == fed[:, :1]).all()
    assert [int(row[row != IGNORED][0]) for row in flat] == [*fused[:-1].reshape(-1).tolist(), int(fused[-1, 0])]
    three = part_samples.sample(part_samples.plain("all")[3]).outputs
    shift = vocabulary("part").first_code["body"] - vocabulary().first_code["body"]
    for i, (fed, said) in enumerate(three):
        assert fed[0, 0] == vocabulary("part").sign_tag_row("DGS", PARTS[i])
        assert (said[:-1, i] - shift).tolist() == fused[:-1, i].tolist()
        assert (np.delete(said, i, axis=1) == IGNORED).all()


def test_draws_are_the_same_for_the_same_seed_and_epoch_only() -> None:
    augment = AugmentConfig(no_keywords=0.2, some_keywords=0.3, sign_to_text=0.1)

    def told(seed: int, epoch: int) -> list[tuple]:
        return [(d.clip.name, d.reverse, d.drop, d.signs) for d in samples().drawn(augment, seed, epoch)]

    assert told(1, 0) == told(1, 0)
    assert told(1, 0) != told(1, 1)
    assert told(1, 0) != told(2, 0)


@pytest.mark.parametrize("stride", [1, 3])
def test_held_steps_are_those_before_and_the_tag_stays(stride: int) -> None:
    fed = np.repeat(np.arange(1 + 8 * stride)[:, None], 3, axis=1)
    shown = held(fed, 0.5, np.random.default_rng(0), stride)[:, 0]
    assert len(shown) == len(fed)
    assert shown[: 1 + stride].tolist() == list(range(1 + stride)), "tag and first step"
    steps, wanted = shown[1:].reshape(8, stride), fed[1:, 0].reshape(8, stride)
    for number in range(1, 8):
        assert steps[number].tolist() in (wanted[number].tolist(), steps[number - 1].tolist())
    assert (steps != wanted).any()
    assert np.array_equal(held(fed, 0.0, np.random.default_rng(0), stride), fed)


def test_codes_are_replaced_by_others_of_their_part() -> None:
    made, words = samples(), vocabulary()
    plain = made.plain("all")[0]
    ((fed, said),) = made.sample(replace(plain, corrupt=0.5, seed=3)).outputs
    ((before, same),) = made.sample(plain).outputs
    assert np.array_equal(said, same), "what shall be said doesn't change"
    assert (fed[1:] != before[1:]).any()
    assert np.array_equal(fed[0], before[0])
    for i, part in enumerate(PARTS):
        assert all(words.code_of(part, row) is not None for row in fed[1:, i])


def test_shares_of_the_augmentation_are_kept() -> None:
    many = Samples(clips(3000), dictionary(), vocabulary(), PROMPT, "multihead")
    drawn = many.drawn(AugmentConfig(drop_step=1 / 3, no_keywords=0.15, some_keywords=0.0, sign_to_text=0.2), 3, 0)
    for share, wanted in (
        (np.mean([d.drop > 0 for d in drawn]), 1 / 3),
        (np.mean([d.signs == () for d in drawn]), 0.15),
        (np.mean([d.reverse for d in drawn]), 0.2),
    ):
        assert abs(share - wanted) < 0.03
    for draw in drawn:
        steps = many.sample(draw).outputs[0][1].shape[0] if not draw.reverse else None
        assert steps in (None, len(draw.clip.codes) + 1 - (draw.drop > 0))


@given(st.integers(1, 9), st.integers(60, 400), st.integers(0, 5))
def test_every_draw_is_in_one_batch_and_no_batch_is_too_large(most: int, tokens: int, seed: int) -> None:
    made = samples()
    draws = made.drawn(AugmentConfig(sign_to_text=0.3, some_keywords=0.4), seed, 0)
    batches = list(Batches(made, draws, BatchConfig(most, tokens), np.random.default_rng(seed)))
    assert sum(len(batch.inputs) for batch in batches) == len(draws)
    for batch in batches:
        count = len(batch.inputs)
        assert count <= most
        assert count == 1 or count * (batch.inputs.shape[1] + batch.fed.shape[1]) <= tokens


def test_all_variants_learn_from_the_same_batches() -> None:
    each = []
    for variant in get_args(Variant):
        made = samples(variant)
        draws = made.drawn(AugmentConfig(sign_to_text=0.3), 0, 0)
        batches = Batches(made, draws, BatchConfig(9, 200), np.random.default_rng(0))
        each.append([(batch.head, len(batch.inputs)) for batch in batches])
    assert each[0] == each[1] == each[2]
    assert len(each[0]) > 3


def test_long_clips_are_let_in_little_by_little() -> None:
    made = Samples(clips(400), dictionary(), vocabulary(), PROMPT, "multihead")
    for warm, ordered in ((0, False), (200, True)):
        batches = list(Batches(made, made.plain("none"), BatchConfig(2), np.random.default_rng(0), warm))
        steps = [batch.fed.shape[1] for batch in batches]
        assert len(steps) == 200
        assert (np.mean(steps[:60]) < 0.7 * np.mean(steps[-60:])) == ordered


def test_spliced_sentences_are_made_of_signs_that_were_signed() -> None:
    splices = Splices(clips(), dictionary(), most_steps=20)
    made = list(splices.made(50, np.random.default_rng(0)))
    assert len(made) == 50
    for clip in made:
        assert len(clip.codes) <= 20
        assert clip.text == " ".join(clip.signs)
        assert np.array_equal(clip.codes, np.concatenate([dictionary()[key].codes for key in clip.signs]))


def loss_of(made: list[Sample], *, mask_padding: bool = True, variant: Variant = "multihead") -> float:
    torch.manual_seed(0)
    model = build_model(ModelConfig(32, 2, 2, 4, 64, positions=128, dropout=0.0), vocabulary(variant))
    loss = GeneratorLoss(model, vocabulary(variant), 0.4, LossConfig(mask_padding=mask_padding)).eval()
    return float(loss(*tensors(collated(made))).loss.detach())


@pytest.mark.parametrize("variant", ["multihead", "flatten", "part"])
def test_padding_neither_counts_nor_is_seen(variant: Variant) -> None:
    made = samples(variant)
    every = [made.sample(draw) for draw in made.plain("all")]
    short, long = min(every, key=lambda s: len(s.rows)), max(every, key=lambda s: len(s.rows))
    assert len(long.rows) > len(short.rows)
    assert long.positions > short.positions
    each = [loss_of([sample], variant=variant) for sample in (short, long)]
    counted = [sum((said != IGNORED).sum() for _, said in sample.outputs) for sample in (short, long)]
    weighted = float(np.average(each, weights=counted))
    assert loss_of([short, long], variant=variant) == pytest.approx(
        weighted, rel=0.02 if variant != "multihead" else 1e-5
    )


def test_the_published_training_counts_and_sees_padding() -> None:
    made = samples()
    every = sorted((made.sample(draw) for draw in made.plain("all")), key=lambda s: s.positions)
    short, long = every[0], every[-1]
    assert loss_of([short], mask_padding=False) == pytest.approx(loss_of([short]), rel=1e-6)
    assert loss_of([short, long], mask_padding=False) != pytest.approx(loss_of([short, long]), rel=1e-3)
    assert PAD in vocabulary().allowed_rows("body"), "so the published model can learn to say it"


def test_training_cut_off_and_resumed_gives_the_same_weights(tmp_path: Path) -> None:
    whole = training(tmp_path / "whole", config())
    whole.run()
    half = config(run=replace(config().run, steps=3), optimiser=replace(config().optimiser, decay_steps=0))
    same = replace(half, run=replace(half.run, steps=6))
    straight = training(tmp_path / "straight", same)
    straight.run()
    first = training(tmp_path / "two", half)
    assert first.run().finished
    second = training(tmp_path / "two", same)
    second.resume()
    assert second.run().steps == 6
    for name, value in weights(straight).items():
        assert torch.equal(value, second.model.state_dict()[name]), name
    assert any(not torch.equal(v, weights(whole)[k]) for k, v in weights(straight).items()), "the rates differ"


def test_a_checkpoint_of_other_sizes_is_told(tmp_path: Path) -> None:
    training(tmp_path, config(run=replace(config().run, steps=1))).run()
    other = training(tmp_path, config(model=replace(config().model, feed_forward=96)))
    with pytest.raises(CheckpointUnfit, match="sizes"):
        other.resume()


def test_a_training_ends_by_the_clock_and_can_go_on(tmp_path: Path) -> None:
    stopped = training(tmp_path, config(run=replace(config().run, minutes=1e-9))).run()
    assert (stopped.steps, stopped.finished) == (1, False)
    more = training(tmp_path, config())
    more.resume()
    assert more.run().finished


def test_accumulating_makes_steps_of_several_batches(tmp_path: Path) -> None:
    made = training(tmp_path, config(batch=BatchConfig(3, 0, accumulate=4), run=replace(config().run, steps=3)))
    assert made.run().steps == 3


def learned(variant: Variant, folder: Path) -> GeneratorTraining:
    settings = config(
        model=ModelConfig(48, 1, 2, 4, 96, positions=128, dropout=0.0, steps=40, sinusoids=True, variant=variant),
        augment=AugmentConfig(drop_step=0.0, sign_to_text=0.3 if variant == "multihead" else 0.0),
        batch=BatchConfig(samples=24),
        optimiser=OptimiserConfig(rate=4e-3, warmup_steps=10, clip=1.0),
        run=replace(config().run, steps=220, log_every=1000, validate_every=1000),
    )
    made = training(folder, settings, variant)
    made.run()
    return made


@pytest.mark.parametrize("variant", ["multihead", "flatten", "part"])
def test_what_was_learned_is_generated_and_ends_by_itself(tmp_path: Path, variant: Variant) -> None:
    made, words, signs = learned(variant, tmp_path), vocabulary(variant), dictionary()
    runtime = TorchRuntime(made.model, words)
    some = [clip for clip in clips() if clip.language == "ASL"][:6]
    retrieved = [[(signs[key].gloss, signs[key].by_part) for key in clip.signs] for clip in some]
    inputs = [encoder_input(words, c.text, r, c.language, PROMPT) for c, r in zip(some, retrieved, strict=True)]
    said = decode(runtime, inputs, ["ASL"] * len(some), variant=variant)
    right = 0
    for clip, one in zip(some, said, strict=True):
        wanted = {part: [words.first_code[part] + c for c in clip.codes[:, i]] for i, part in enumerate(PARTS)}
        right += one.ended and all(one.rows[part] == wanted[part] for part in PARTS)
    assert right >= 5
    if variant == "multihead":
        codes = [{part: clip.codes[:, i].tolist() for i, part in enumerate(PARTS)} for clip in some]
        read = decode_text(runtime, [sign_to_text_input(words, c, "ASL") for c in codes], "ASL", longest=12)
        assert sum(words.text_of(one.rows["text"]) == clip.text for one, clip in zip(read, some, strict=True)) >= 5


def test_the_rate_warms_up_stays_and_falls() -> None:
    plain = OptimiserConfig(rate=1e-3, warmup_steps=10, final_rate=1e-5)
    factors = [rate_factor(step, 100, plain) for step in range(101)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[10] == pytest.approx(1.0)
    assert factors[100] == pytest.approx(0.01)
    assert factors[10:] == sorted(factors[10:], reverse=True)
    late = replace(plain, decay_steps=20)
    assert {rate_factor(step, 100, late) for step in range(10, 81)} == {1.0}
    assert [rate_factor(s, 100, late) for s in range(60)] == [rate_factor(s, 80, late) for s in range(60)]


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("generator_*.toml")), ids=lambda p: p.stem)
def test_settings_that_come_along_are_whole(path: Path) -> None:
    read_config(path, GeneratorConfig)


def test_the_published_settings_are_the_published_ones() -> None:
    read = read_config(CONFIGS / "generator_soke.toml", GeneratorConfig)
    assert (read.model.width, read.model.encoder_layers, read.model.decoder_layers) == (1024, 12, 12)
    assert (read.run.epochs, read.batch.samples, read.run.devices, read.optimiser.rate) == (150, 32, 6, 2e-4)
    assert (read.prompt.keywords, read.prompt.steps, read.prompt.longest) == (3, 10, 256)
    assert read.augment.drop_step == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"run": {"steps": 1, "stepps": 2}}, "stepps"),
        ({"run": {"steps": "many"}}, "steps"),
        ({"run": {"steps": 1}, "model": {"variant": "fast"}}, "variant"),
        ({"run": {"steps": 1}, "model": {"width": 10, "heads": 3}}, "heads"),
        ({"run": {"steps": 1, "epochs": 1}}, "either"),
        ({"run": {"steps": 1}, "model": {"variant": "flatten", "positions": 300}}, "positions"),
        ({"run": {"steps": 1}, "optimiser": {"betas": [0.9]}}, "betas"),
        ({"run": 3}, "table"),
    ],
)
def test_wrong_settings_are_named(table: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        from_table(GeneratorConfig, table, "x.toml")


def test_a_change_on_the_command_line_wins() -> None:
    path = CONFIGS / "generator_soke.toml"
    read = read_config(path, GeneratorConfig, ["run.epochs=3", 'model.variant="part"'])
    assert (read.run.epochs, read.model.variant, read.model.width) == (3, "part", 1024)
    with pytest.raises(ConfigError, match="no change"):
        read_config(path, GeneratorConfig, ["run.epochs"])
