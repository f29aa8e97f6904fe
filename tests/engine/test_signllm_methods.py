"""The methods MLSF and Prompt2LangGloss by bundles: a request becomes a take. Needs torch to make the bundles."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
for package in ("sentencepiece", "safetensors", "onnx", "onnxruntime"):
    pytest.importorskip(package)

import tiny_signllm  # noqa: E402

from engine import bundles  # noqa: E402
from engine.description import description  # noqa: E402
from engine.generators import registry  # noqa: E402
from engine.generators.base import Cancelled, EngineError, GenerateRequest, takes  # noqa: E402
from engine.languages import LANGUAGES  # noqa: E402
from engine.signllm.vocabulary import SPECIALS  # noqa: E402
from engine.take import Take  # noqa: E402
from export.signllm.convert import bundle_name, convert  # noqa: E402

METHODS = ("mlsf", "prompt2langgloss")


@pytest.fixture(autouse=True)
def nothing_embedded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No model but the tests' own."""
    monkeypatch.setattr(bundles, "EMBEDDED", tmp_path / "none")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with groups for ASL and DGS and one model for both."""
    root = tmp_path_factory.mktemp("signllm")
    trained = [tiny_signllm.mlsf(root / code, code, seed) for seed, code in enumerate(("ASL", "DGS"))]
    for one in (*trained, tiny_signllm.prompt2langgloss(root / "all")):
        convert(one, root / "models" / bundle_name(one))
    return root / "models"


def sign(models: Path, text: str, method: str = "mlsf", **fields: object) -> Take:
    request = GenerateRequest(text=text, method=method, models=str(models), **fields)  # type: ignore[arg-type]
    return takes(registry.get(method), request, lambda stage, fraction: None)[0]


def vouch(folder: Path, name: str) -> None:
    """Let the manifest say of a file what it is now."""
    content = (folder / name).read_bytes()
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")


@pytest.mark.parametrize("method", METHODS)
def test_a_text_becomes_a_take_that_ends_by_itself(models: Path, method: str) -> None:
    take = sign(models, "I like tea.", method, fps=24.0)
    assert take.method == method
    assert take.language == "ASL"
    assert take.sequence.fps == 24.0
    assert 0.5 * tiny_signllm.FRAMES < 12.0 * take.sequence.duration < 1.5 * tiny_signllm.FRAMES
    assert not any("cut" in w for w in take.warnings if "glosses" not in w)
    assert take.settings["bundle"] == f"own/{'mlsf-asl' if method == 'mlsf' else method}"
    assert take.settings["bundle_licence"] == "CC0-1.0"
    assert take.settings["runtime"] == "onnx-cpu"


@pytest.mark.parametrize("method", METHODS)
def test_segments_cover_the_take_and_say_where_they_come_from(models: Path, method: str) -> None:
    text = "I like tea. How are you?"
    take = sign(models, text, method)
    assert {s.origin for s in take.segments} == {"generated"}
    assert {s.source for s in take.segments} == {f"model/{take.settings['bundle']}"}
    assert {text[slice(*s.text_span)] for s in take.segments} == {"I like tea.", "How are you?"}
    assert take.segments[0].start < 0.5
    assert take.segments[-1].end <= take.sequence.duration + 1.0 / 12.0
    assert all(a.end <= b.start + 1e-9 for a, b in zip(take.segments, take.segments[1:], strict=False))


def test_glosses_share_the_time_from_the_first_sign_to_the_last_by_how_long_they_take(models: Path) -> None:
    take = sign(models, "tea", "prompt2langgloss", gloss="HELLO fs-ABC TEA")
    lengths = [s.end - s.start for s in take.segments]
    with np.load(models / "prompt2langgloss" / "statistics.npz", allow_pickle=False) as statistics:
        known = statistics["durations"]
    glosses = json.loads((models / "prompt2langgloss" / "vocabulary.json").read_text("utf-8"))["glosses"]
    signs = [["HELLO"], ["fs-A", "fs-B", "fs-C"], ["TEA"]]
    wanted = [sum(known[SPECIALS + glosses.index(f"<ASL_{part}>")] for part in sign) for sign in signs]
    np.testing.assert_allclose(np.array(lengths) / lengths[0], np.array(wanted) / wanted[0], rtol=1e-5)
    assert take.segments[-1].end <= take.sequence.duration + 1.0 / 12.0


def test_the_take_tells_its_glosses_and_a_gloss_line_that_can_be_edited(models: Path) -> None:
    take = sign(models, "I like tea.", "prompt2langgloss")
    assert [s.gloss for s in take.segments] == take.settings["gloss_line"].split()
    assert take.settings["lang_gloss"].startswith("<ASL_")


@pytest.mark.parametrize("method", METHODS)
def test_the_same_request_makes_the_same_motion_with_any_seed(models: Path, method: str) -> None:
    first, second = sign(models, "I like tea.", method), sign(models, "I like tea.", method, seed=9)
    np.testing.assert_array_equal(first.sequence.poses, second.sequence.poses)
    assert second.seed == 9


def test_variations_are_alike_and_say_so(models: Path) -> None:
    request = GenerateRequest(text="tea", method="mlsf", models=str(models), variations=3)
    made = takes(registry.get("mlsf"), request, lambda stage, fraction: None)
    assert len({take.name for take in made}) == 3
    assert [take.seed for take in made] == [0, 1, 2]
    assert all("alike" in take.warnings[-1] for take in made)


def test_a_prompt_switches_the_group(models: Path) -> None:
    plain, asked = sign(models, "Tee", language="DGS"), sign(models, "Wie sagt man Tee in DGS?", language="ASL")
    assert asked.language == "DGS"
    np.testing.assert_array_equal(plain.sequence.poses, asked.sequence.poses)
    assert not np.array_equal(plain.sequence.poses, sign(models, "Tee", language="ASL").sequence.poses)


def test_a_gloss_line_is_signed_by_the_method_that_has_glosses(models: Path) -> None:
    take = sign(models, "tea", "prompt2langgloss", gloss="HELLO fs-AB")
    assert take.settings["lang_gloss"] == "<ASL_HELLO> <ASL_fs-A> <ASL_fs-B>"
    assert [s.gloss for s in take.segments] == ["HELLO", "fs-AB"]
    told = sign(models, "tea", "mlsf", gloss="HELLO fs-AB")
    assert "no part" in told.warnings[0]


def test_lang_gloss_can_be_written_as_the_text(models: Path) -> None:
    take = sign(models, "<DGS_HALLO> <DGS_UNGLAUBLICH>", "prompt2langgloss")
    assert take.language == "DGS"
    assert take.settings["gloss_line"] == "HALLO fs-UNGLAUBLICH"


def test_speed_and_the_dominant_hand_are_heeded(models: Path) -> None:
    plain, fast = sign(models, "tea"), sign(models, "tea", speed=2.0)
    assert fast.sequence.duration == pytest.approx(0.5 * plain.sequence.duration, abs=1 / 24)
    assert fast.segments[0].end == pytest.approx(0.5 * plain.segments[0].end)
    left = sign(models, "tea", handedness="left")
    np.testing.assert_allclose(left.sequence.poses, plain.sequence.mirrored().poses)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("text", ["日本語 🐈", "Zyxwv 1234567890", "a " * 900, "I. like! tea?"])
def test_any_text_gives_a_take(models: Path, method: str, text: str) -> None:
    take = sign(models, text, method)
    assert len(take.sequence) > 1
    assert np.isfinite(take.sequence.poses).all()


def test_what_is_cut_off_is_told(models: Path) -> None:
    assert any("longer than the model reads" in w for w in sign(models, "Anna likes tea " * 60).warnings)


@pytest.mark.parametrize("method", METHODS)
def test_cancelling_is_heeded_between_frames(models: Path, method: str) -> None:
    stages: list[str] = []

    def report(stage: str, fraction: float) -> None:
        stages.append(stage)
        if stage == "Generating" and stages.count(stage) == 3:
            raise Cancelled

    request = GenerateRequest(text="I like tea.", method=method, models=str(models))
    with pytest.raises(Cancelled):
        registry.get(method).generate(request, report)
    assert stages.count("Generating") == 3


def test_progress_only_rises(models: Path) -> None:
    told: list[float] = []
    request = GenerateRequest(text="I like tea. You? Me.", method="prompt2langgloss", models=str(models))
    registry.get("prompt2langgloss").generate(request, lambda stage, fraction: told.append(fraction))
    assert told == sorted(told)
    assert told[0] >= 0.0 and told[-1] <= 1.0
    assert len(told) > 20


def test_without_a_model_the_method_says_what_is_lacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "EMBEDDED", tmp_path / "none")
    for method in METHODS:
        generator = registry.get(method)
        assert generator.languages_of("") == ()
        assert "python -m export signllm" in generator.problem("")
        with pytest.raises(EngineError) as caught:
            generator.generate(GenerateRequest(text="tea", method=method), lambda stage, fraction: None)
        assert caught.value.code == "no_model"


@pytest.mark.parametrize("method", METHODS)
def test_a_language_without_a_model_is_told_with_those_that_there_are(models: Path, method: str) -> None:
    with pytest.raises(EngineError) as caught:
        sign(models, "차", method, language="KSL")
    assert caught.value.code == "bundle_language"
    assert "ASL, DGS" in caught.value.hint


def test_a_bundle_can_be_chosen_but_only_of_the_method(models: Path) -> None:
    assert sign(models, "tea", options={"bundle": "own/mlsf-asl"}).settings["bundle"] == "own/mlsf-asl"
    with pytest.raises(EngineError, match="doesn't know American"):
        sign(models, "tea", options={"bundle": "own/mlsf-dgs"})
    with pytest.raises(EngineError, match="for the method prompt2langgloss, not for mlsf"):
        sign(models, "tea", options={"bundle": "own/prompt2langgloss"})
    with pytest.raises(EngineError, match="not for neural"):
        bundles.choose("own/mlsf-asl", models)


@pytest.mark.parametrize("options", [{"beams": 2}, {"bundle": 3}, {"temperature": 0.5}])
def test_options_that_mlsf_has_not_are_refused(models: Path, options: dict[str, object]) -> None:
    with pytest.raises(EngineError) as caught:
        sign(models, "tea", options=options)
    assert caught.value.code == "bad_request"


def test_glosses_are_searched_with_as_many_beams_as_asked_for(models: Path) -> None:
    greedy, searched = (
        sign(models, "I like tea.", "prompt2langgloss", options={"beams": beams}).settings["lang_gloss"]
        for beams in (1, 4)
    )
    assert searched and greedy != searched
    with pytest.raises(EngineError, match="beams"):
        sign(models, "tea", "prompt2langgloss", options={"beams": 99})


def test_a_language_is_added_by_a_folder_and_no_other_file_changes(models: Path, tmp_path: Path) -> None:
    own = tmp_path / "models"
    shutil.copytree(models, own)
    before = {p: hashlib.sha256(p.read_bytes()).hexdigest() for p in own.rglob("*") if p.is_file()}
    assert registry.get("mlsf").languages_of(str(own)) == ("ASL", "DGS")
    convert(tiny_signllm.mlsf(tmp_path / "new", "KSL"), own / "mlsf-ksl")
    assert registry.get("mlsf").languages_of(str(own)) == ("ASL", "DGS", "KSL")
    assert sign(own, "차", language="KSL").language == "KSL"
    assert {p: hashlib.sha256(p.read_bytes()).hexdigest() for p in before} == before


def test_a_group_is_loaded_when_its_language_is_asked_for(models: Path, tmp_path: Path) -> None:
    """A damaged group is no matter of the others."""
    own = tmp_path / "models"
    shutil.copytree(models, own)
    path = own / "mlsf-dgs" / "pose_decoder.onnx"
    path.write_bytes(bytes(path.stat().st_size))
    assert sign(own, "tea").language == "ASL"
    with pytest.raises(EngineError) as caught:
        sign(own, "Tee", language="DGS")
    assert caught.value.code == "bundle_damaged"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mode": "other"}, "mode is 'other'"),
        ({"fps": 0}, "fps is 0"),
        ({"pose": {"pieces": 3}}, "sizes of the model"),
    ],
)
def test_a_manifest_that_no_model_can_have_makes_the_bundle_unusable_not_the_list(
    models: Path, tmp_path: Path, change: dict[str, object], said: str
) -> None:
    shutil.copytree(models / "mlsf-asl", tmp_path / "models" / "broken")
    path = tmp_path / "models" / "broken" / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    manifest["model"] |= change
    path.write_text(json.dumps(manifest), "utf-8")
    found = next(x for x in bundles.listed(tmp_path / "models") if x.id == "own/broken")
    assert said in found.problem
    assert not found.generates


@pytest.mark.parametrize(
    ("name", "content"), [("vocabulary.json", b"[]"), ("statistics.npz", b"no zip"), ("sentencepiece.model", b"x")]
)
def test_a_damaged_file_is_named(models: Path, tmp_path: Path, name: str, content: bytes) -> None:
    folder = tmp_path / "models" / "mlsf-asl"
    shutil.copytree(models / "mlsf-asl", folder)
    (folder / name).write_bytes(content)
    vouch(folder, name)
    with pytest.raises(EngineError, match=name) as caught:
        sign(tmp_path / "models", "tea", options={"bundle": "own/mlsf-asl"})
    assert caught.value.code == "bundle_damaged"


@pytest.mark.parametrize("wrong", ["missing", "few", "negative"])
def test_durations_that_cant_be_are_told(models: Path, tmp_path: Path, wrong: str) -> None:
    folder = tmp_path / "models" / "prompt2langgloss"
    shutil.copytree(models / "prompt2langgloss", folder)
    with np.load(folder / "statistics.npz", allow_pickle=False) as file:
        stored = dict(file)
    before = stored.pop("durations")
    if wrong != "missing":
        stored["durations"] = -before if wrong == "negative" else before[:3]
    np.savez(folder / "statistics.npz", **stored)
    vouch(folder, "statistics.npz")
    with pytest.raises(EngineError, match=r"statistics\.npz.*durations"):
        sign(tmp_path / "models", "tea", "prompt2langgloss", options={"bundle": "own/prompt2langgloss"})


def test_hello_tells_languages_options_and_examples_of_each_method(models: Path) -> None:
    said = {method["name"]: method for method in description(str(models))["methods"]}
    known = [language.code for language in LANGUAGES]
    for name in METHODS:
        assert said[name]["usable"]
        assert set(said[name]["languages"]) >= {"ASL", "DGS"}
        assert said[name]["languages"] == sorted(said[name]["languages"], key=known.index)
        assert "How do you say good morning in American Sign Language?" in said[name]["examples"]["ASL"]
    assert said["mlsf"]["options"] == ["bundle"]
    assert "temperature" in said["neural"]["options"]
    assert said["dictionary"]["options"] == [] and said["dictionary"]["examples"] == {}


def test_hello_lists_each_bundle_with_its_method(models: Path) -> None:
    listed = {bundle["id"]: bundle for bundle in description(str(models))["bundles"]}
    assert listed["own/mlsf-dgs"]["method"] == "mlsf"
    assert listed["own/mlsf-dgs"]["languages"] == ["DGS"]
    assert listed["own/prompt2langgloss"]["method"] == "prompt2langgloss"
    assert all(listed[f"own/{name}"]["generator"] for name in ("mlsf-asl", "mlsf-dgs", "prompt2langgloss"))


def test_the_neural_methods_options_are_all_that_it_has() -> None:
    from engine.soke.options import Options

    assert set(registry.get("neural").options) == {f.name for f in dataclasses.fields(Options)}  # type: ignore[attr-defined]
