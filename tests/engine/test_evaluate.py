"""Evaluations say what they measured: means over clips that can be worked out again, by language and method."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxruntime")
pytest.importorskip("sentencepiece")
pytest.importorskip("sacrebleu")
pytest.importorskip("torchmetrics")

from engine.__main__ import main
from engine.body import BodyModel
from engine.metrics.errors import Motion, generator_errors, reconstruction_errors
from engine.metrics.points import MeasuredBody
from engine.soke.model import Model
from engine.take import PoseSequence
from engine.tokenizer.features import PARTS, SIGNWRIGHT
from engine.training.cache import CacheWriter, Clip, ClipCache
from engine.training.evaluate import (
    Settings,
    back_translated,
    chosen_clips,
    evaluate_signers,
    evaluate_tokenizer,
    reads_motion,
)
from engine.training.sample_keywords import read_sample_keywords, with_keywords
from engine.training.signers import (
    CodesSigner,
    DictionarySigner,
    GeneratorSigner,
    ReconstructionSigner,
    planned,
    signs_of,
)
from tests.engine import tiny_bundle

TEXTS = {"ASL": ("Hello.", "Thank you, mother.", "I am 5."), "DGS": ("Hallo.",)}


@pytest.fixture(scope="module")
def measured(body: BodyModel) -> MeasuredBody:
    return MeasuredBody(body)


@pytest.fixture(scope="module")
def cache(body: BodyModel, tmp_path_factory: pytest.TempPathFactory) -> ClipCache:
    """Four sentences by the synthesiser, and one clip without a text."""
    folder = tmp_path_factory.mktemp("corpora") / "tiny corpus"
    signer = DictionarySigner(body, seed=7)
    with CacheWriter(folder, SIGNWRIGHT) as writer:
        for code, texts in TEXTS.items():
            for number, text in enumerate(texts):
                about = {"name": f"{code}-{number}", "fps": 24.0, "language": code, "source": "sentence", "text": text}
                clip = Clip(start=0, frames=0, split="test", **about)
                (sequence,) = signer.sign([clip])
                assert sequence is not None
                writer.add(SIGNWRIGHT.features(sequence.poses, sequence.expression), split="test", **about)
        writer.add(np.zeros((8, SIGNWRIGHT.size)), name="A", fps=24.0, language="ASL", source="isolated", split="test")
    return ClipCache(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bundle.make(tmp_path_factory.mktemp("bundles"))


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    return Model.open(tiny_bundle.opened(folder), "cpu")


@dataclasses.dataclass
class Echo:
    """Signs the recordings themselves, every frame so many times, less well by so much; can't sign some."""

    cache: ClipCache
    times: int = 1
    noise: float = 0.0
    silent: tuple[str, ...] = ()
    name: str = "echo"
    runs_on: str = "cpu"

    def sign(self, clips: Sequence[Clip]) -> list[PoseSequence | None]:
        return [None if clip.name in self.silent else self._sign(clip) for clip in clips]

    def _sign(self, clip: Clip) -> PoseSequence:
        features = np.repeat(self.cache.features(clip), self.times, axis=0)
        noise = np.random.default_rng(clip.start).normal(0, self.noise, features.shape)
        poses, face = SIGNWRIGHT.poses(features + noise)
        return PoseSequence(poses, np.zeros((len(poses), 3)), face, clip.fps, SIGNWRIGHT.expression)


def test_a_method_that_signs_the_recordings_errs_by_nothing(cache: ClipCache, measured: MeasuredBody) -> None:
    clips = chosen_clips(cache, Settings())
    echo, slow = evaluate_signers([Echo(cache), Echo(cache, times=2)], cache, clips, measured, Settings())
    for result, length in ((echo, 1.0), (slow, 2.0)):
        assert [s.length for s in result.scored] == [length] * 4
        for code in ("all", "ASL", "DGS"):
            for part in ("body", "left_hand", "right_hand", "hands"):
                assert all(mean == pytest.approx(0.0, abs=1e-4) for mean, _ in result.figures(code)[part].values())


def test_figures_are_means_over_clips_with_their_standard_error(cache: ClipCache, measured: MeasuredBody) -> None:
    clips = chosen_clips(cache, Settings())
    signer = Echo(cache, noise=0.2)
    (result,) = evaluate_signers([signer], cache, clips, measured, Settings())
    sums = []
    for clip, sequence in zip(clips, signer.sign(clips), strict=True):
        assert sequence is not None
        ours, _ = SIGNWRIGHT.poses(SIGNWRIGHT.features(sequence.poses, sequence.expression))
        truth, _ = SIGNWRIGHT.poses(cache.features(clip))
        sums.append(generator_errors(measured, ours, truth)["body"].jpe)
    mean, error = result.figures("all")["body"]["DTW-JPE"]
    assert mean == pytest.approx(np.mean(sums), rel=1e-6)
    assert error == pytest.approx(np.std(sums, ddof=1) / 2, rel=1e-6)
    assert result.figures("ASL")["body"]["DTW-JPE"][0] == pytest.approx(np.mean(sums[:3]), rel=1e-6)
    assert result.seconds > 0


def test_the_dictionary_is_nearer_to_what_it_was_made_of_than_random_weights(
    cache: ClipCache, measured: MeasuredBody, model: Model
) -> None:
    clips = chosen_clips(cache, Settings())
    signers = [DictionarySigner(measured.body), GeneratorSigner(model, 0, "tiny"), GeneratorSigner(model, 32, "tiny")]
    results = evaluate_signers(signers, cache, clips, measured, Settings(batch=3))
    assert [r.name for r in results] == [
        "dictionary", "tiny, no retrieval", "tiny, 32 retrieved signs at most",
    ]  # fmt: skip
    found = [r.figures("all")["body"]["PA-JPE per frame"][0] for r in results]
    assert found[0] < min(found[1:])
    assert found[1] != found[2]


def test_methods_are_compared_clip_by_clip(cache: ClipCache, measured: MeasuredBody) -> None:
    clips = chosen_clips(cache, Settings())
    signers = [Echo(cache, noise=0.2), Echo(cache, silent=("ASL-1",))]
    worse, echo = evaluate_signers(signers, cache, clips, measured, Settings())
    sums = [s.errors["body"].jpe for s in worse.scored if s.clip.name != "ASL-1"]
    mean, error = worse.against(echo, "body", "DTW-JPE")
    assert mean == pytest.approx(np.mean(sums), abs=1e-3)
    assert error == pytest.approx(np.std(sums, ddof=1) / np.sqrt(3), abs=1e-3)
    assert echo.against(echo, "hands", "DTW-PA-JPE") == (0.0, 0.0)


def test_codes_of_the_recordings_are_encoded_and_decoded(cache: ClipCache, model: Model) -> None:
    clip = cache.clips[0]
    (sequence,) = ReconstructionSigner(model, cache, "tiny").sign([clip])
    assert sequence is not None
    features = np.asarray(cache.features(clip))
    filled = np.concatenate([features, np.repeat(features[-1:], -len(features) % 4, axis=0)])
    poses, _ = SIGNWRIGHT.poses(model.tokenizer.decode(model.tokenizer.encode(filled)))
    assert np.allclose(sequence.poses, poses, atol=1e-5)


def test_the_dictionary_s_codes_can_stand_in_a_row(cache: ClipCache, model: Model) -> None:
    (sequence,) = CodesSigner(model, "tiny").sign([cache.clips[1]])
    assert sequence is not None
    steps = sum(entry.steps for entry in signs_of(model, cache.clips[1], 99))
    assert len(sequence) == 4 * steps


def test_batches_change_nothing(cache: ClipCache, model: Model) -> None:
    clips = chosen_clips(cache, Settings())
    signer = GeneratorSigner(model, 3, "tiny")
    together = signer.sign(clips)
    alone = [signer.sign([clip])[0] for clip in clips]
    for a, b in zip(together, alone, strict=True):
        assert a is not None and b is not None
        assert np.allclose(a.poses, b.poses, atol=1e-4)


def test_clips_that_cannot_be_signed_are_counted_and_left_out(cache: ClipCache, measured: MeasuredBody) -> None:
    clips = chosen_clips(cache, Settings())
    (result,) = evaluate_signers([Echo(cache, silent=("ASL-1",))], cache, clips, measured, Settings())
    assert result.failed == ["ASL-1"]
    assert [s.clip.name for s in result.scored] == ["ASL-0", "ASL-2", "DGS-0"]


def test_only_clips_with_a_text_are_chosen_as_many_as_wanted(cache: ClipCache) -> None:
    assert [c.name for c in chosen_clips(cache, Settings())] == ["ASL-0", "ASL-1", "ASL-2", "DGS-0"]
    few = [c.name for c in chosen_clips(cache, Settings(samples=1))]
    assert len(few) == 2
    assert few == [c.name for c in chosen_clips(cache, Settings(samples=1))]
    assert [c.language for c in chosen_clips(cache, Settings(languages=("DGS",)))] == ["DGS"]
    with pytest.raises(ValueError, match="no sentences of CSL"):
        chosen_clips(cache, Settings(languages=("CSL",)))
    with pytest.raises(ValueError, match="'val'"):
        chosen_clips(cache, Settings(split="val"))


def test_signs_are_those_of_the_corpus_or_of_the_plan(cache: ClipCache, model: Model) -> None:
    clip = cache.clips[1]
    assert [entry.gloss for entry in signs_of(model, clip, 32)] == list(planned(clip)[0].glosses)
    listed = dataclasses.replace(clip, extra={"retrieved": [["asl/NOBODY-SIGNS-THIS", "asl/MOTHER"], ["asl/HELLO"]]})
    assert [entry.gloss for entry in signs_of(model, listed, 32)] == ["MOTHER", "HELLO"]
    assert len(signs_of(model, listed, 1)) == 1


def test_a_published_kind_of_dictionary_is_asked_by_words(cache: ClipCache, tmp_path: Path) -> None:
    published = Model.open(tiny_bundle.opened(tiny_bundle.make(tmp_path, published=True)), "cpu")
    assert [entry.key for entry in signs_of(published, cache.clips[1], 3)] == ["thank you"]
    (tmp_path / "name2kws_test.json").write_text(json.dumps({cache.clips[1].name: ["drink", "no such word", "Hello"]}))
    picked = with_keywords(cache.clips[:2], read_sample_keywords([tmp_path / "name2kws_test.json"]))
    assert [[entry.key for entry in signs_of(published, clip, 3)] for clip in picked] == [[], ["drink", "hello"]]
    assert len(signs_of(published, picked[1], 1)) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [("[1]", "no names of samples"), ('{"a": "word"}', "no list of words for 'a'"), ("{", "can't be read")],
)
def test_a_wrong_file_of_keywords_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "name2kws_test.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=told):
        read_sample_keywords([path])


def test_keywords_of_another_data_set_are_told(cache: ClipCache) -> None:
    with pytest.raises(ValueError, match="another data set"):
        with_keywords(cache.clips, {"other": ("word",)})


# back-translation


def test_every_motion_is_read_into_a_text(cache: ClipCache, measured: MeasuredBody, model: Model) -> None:
    assert reads_motion(model)
    clips = chosen_clips(cache, Settings())
    (result,) = evaluate_signers([Echo(cache)], cache, clips, measured, Settings(), reader=model)
    assert all(isinstance(s.said, str) for s in result.scored)
    sequences = [Echo(cache)._sign(clip) for clip in clips]
    assert [s.said for s in result.scored] == back_translated(model, sequences, [c.language for c in clips])
    scores = result.texts("ASL")
    assert scores is not None
    assert scores.samples == 3


# tokenizer


def test_reconstruction_errors_are_those_of_the_decoded_clips(
    cache: ClipCache, measured: MeasuredBody, model: Model
) -> None:
    clips = chosen_clips(cache, Settings(languages=("DGS",)))
    found = evaluate_tokenizer(model, cache, clips, measured, Settings(every=3))
    truth = np.asarray(cache.features(clips[0]))
    missing = -len(truth) % 4
    codes = model.tokenizer.encode(np.concatenate([truth, np.repeat(truth[-1:], missing, axis=0)]))
    decoded = model.tokenizer.decode(codes)[: len(truth)]
    motions = [Motion(*SIGNWRIGHT.poses(x[::3])) for x in (decoded, truth)]
    plain = reconstruction_errors(measured, *motions)
    assert set(found.errors) == {"all", "DGS"}
    for key, values in plain.items():
        assert found.errors["DGS"][key] == pytest.approx(values.mean(), rel=1e-6)
    assert found.face_moves
    assert found.frames == len(truth[::3])
    for part in PARTS:
        used, size = found.used[part]
        assert 1 <= used <= len(set(codes[part])) <= size


def test_a_tokenizer_of_other_features_is_refused(cache: ClipCache, measured: MeasuredBody, tmp_path: Path) -> None:
    other = Model.open(tiny_bundle.opened(tiny_bundle.make(tmp_path, published=True)), "cpu")
    with pytest.raises(ValueError, match="other features"):
        evaluate_tokenizer(other, cache, chosen_clips(cache, Settings()), measured, Settings())


# the command


def test_the_command_reports_generators(cache: ClipCache, folder: Path, tmp_path: Path) -> None:
    arguments = ["evaluate", "generator", str(cache.folder), "--bundle", str(folder), "-o", str(tmp_path / "report")]
    assert main([*arguments, "--samples", "2", "--keywords", "0,32"]) == 0
    data = json.loads((tmp_path / "report/report.json").read_text("utf-8"))
    assert data["kind"] == "generator"
    assert data["clips"] == {"ASL": 2, "DGS": 1}
    assert [m["name"] for m in data["methods"]] == [
        "dictionary", "tiny, codes of the recording", "tiny, no retrieval", "tiny, 32 retrieved signs at most",
    ]  # fmt: skip
    for method in data["methods"]:
        sums = [clip["errors"]["body"]["jpe"] for clip in method["clips"]]
        assert len(sums) == 3
        assert method["figures"]["all"]["body"]["DTW-JPE"]["mean"] == pytest.approx(np.mean(sums))
        assert set(method["texts"]) == {"ASL", "DGS"}
    report = (tmp_path / "report/report.md").read_text("utf-8")
    assert "## Against tiny, 32 retrieved signs at most" in report
    for heading in ("## All languages", "## ASL", "## DGS", "## Back-translation"):
        assert heading in report
    mean = data["methods"][0]["figures"]["all"]["hands"]["DTW-PA-JPE"]["mean"]
    assert f"{mean:.2f} ±" in report
    assert "nothing with published ones" in report


def test_the_command_reports_tokenizers(cache: ClipCache, folder: Path, tmp_path: Path) -> None:
    arguments = ["evaluate", "tokenizer", str(cache.folder), "--bundle", str(folder), "-o", str(tmp_path / "report")]
    assert main([*arguments, "--languages", "dgs", "--every", "7"]) == 0
    data = json.loads((tmp_path / "report/report.json").read_text("utf-8"))
    errors = data["models"]["tiny"]["millimetres"]["DGS"]
    assert set(errors) == {
        f"{e} {r}" for e in ("MPVPE", "PA-MPVPE", "MPJPE", "PA-MPJPE") for r in ("all", "hands", "face")
    }
    assert f"{errors['MPVPE all']:.2f}" in (tmp_path / "report/report.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--split", "val"], "no sentences"), (["--keywords", "many"], "no list of whole numbers"),
        (["--languages", "KSL"], "no sentences of KSL"), (["--bundle", "nothing"], "There is no model"),
    ],
)  # fmt: skip
def test_what_cannot_be_evaluated_is_told(
    cache: ClipCache, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: list[str], message: str
) -> None:
    arguments = ["evaluate", "generator", str(cache.folder), "--bundle", str(folder), "-o", str(tmp_path / "report")]
    assert main([*arguments, *change]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "report").exists()


def test_missing_packages_are_told(
    cache: ClipCache, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    for name in [n for n in sys.modules if n.partition(".")[0] == "tqdm"]:
        monkeypatch.setitem(sys.modules, name, None)
    arguments = ["evaluate", "tokenizer", str(cache.folder), "--bundle", str(folder), "-o", str(tmp_path / "report")]
    assert main(arguments) == 1
    told = capsys.readouterr().err
    assert "tqdm" in told
    assert "engine/training/requirements.in" in told
