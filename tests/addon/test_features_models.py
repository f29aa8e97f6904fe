"""The neural method in the panel: its model, the signs it is given as examples, its sampling, and variations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest
from figures import make_rig
from panel import generate, message, refused, takes, timeline
from signwright.addon import pump
from signwright.addon import takes as store
from signwright.addon.features.generate import choices as methods
from signwright.addon.features.models import choices, state
from signwright.addon.features.models.panel import can_vary, is_sampled


@pytest.fixture
def models(addon, tmp_path) -> Path:
    """A folder of models for the fake engine, empty at first."""
    folder = tmp_path / "models"
    folder.mkdir()
    addon.paths.preferences().models_folder = str(folder)
    return folder


@pytest.fixture
def scene(models) -> bpy.types.Scene:
    """A scene with a text, a usable model, and an engine that has said so."""
    (models / "small").mkdir()
    scene = bpy.context.scene
    scene.signwright.generate.text = "Hello my name Anna"
    scene.signwright.generate.apply_after = False
    pump.session().wait_ready()
    return scene


def settings() -> dict[str, Any]:
    """What the engine was asked for, as the fake one notes it in the latest take."""
    return store.load_take(timeline().takes[-1]).settings


def test_the_engines_first_method_is_the_default_where_it_can_be_used(scene):
    chosen = scene.signwright.generate
    assert chosen.method == "" and methods.method_of(chosen) == "neural"
    assert chosen.method_menu == "neural"
    bpy.ops.signwright.generate()
    assert timeline().takes[0].method == "neural"


def test_without_a_model_the_next_method_is_the_default_and_the_panel_says_what_is_lacking(models):
    pump.session().wait_ready()
    chosen = bpy.context.scene.signwright.generate
    assert methods.method_of(chosen) == "dictionary"
    assert methods.unavailable(chosen) == ""
    chosen.method = "neural"
    assert "no model" in methods.unavailable(chosen)


def test_a_language_that_the_method_does_not_know_is_told_before_generating(scene):
    chosen = scene.signwright.generate
    chosen.method, chosen.language = "neural", "DGS"
    assert "can't sign DGS" in methods.unavailable(chosen)


def test_the_first_generate_waits_for_the_engine_to_name_its_methods(models):
    (models / "small").mkdir()
    assert pump.session().hello is None
    generate("Hello")
    assert timeline().takes[0].method == "neural"


def test_a_model_found_later_makes_the_method_usable_without_a_restart(models):
    pump.session().wait_ready()
    chosen = bpy.context.scene.signwright.generate
    (models / "small").mkdir()
    (models / "large").mkdir()
    pid = pump.session().pid
    assert bpy.ops.signwright.refresh_models() == {"FINISHED"}
    assert methods.method_of(chosen) == "neural"
    assert [b["name"] for b in methods.entries("bundles")] == ["Large", "Small"]
    assert [d["id"] for d in methods.entries("devices")] == ["cpu", "cuda"]
    assert pump.session().pid == pid


def test_the_folder_of_models_is_made_to_be_opened(addon, tmp_path):
    addon.paths.preferences().models_folder = str(tmp_path / "my models")
    assert bpy.ops.signwright.open_models() == {"FINISHED"}
    assert (tmp_path / "my models").is_dir()
    (tmp_path / "file").write_text("no folder")
    addon.paths.preferences().models_folder = str(tmp_path / "file" / "models")
    assert "can't be opened" in refused(bpy.ops.signwright.open_models)
    assert message().fix == "choose_folder"


def test_models_and_devices_are_chosen_from_menus(scene, models):
    for name in ("large", "damaged", "tokenizer"):
        (models / name).mkdir()
    bpy.ops.signwright.refresh_models()
    chosen = scene.signwright.models
    assert chosen.bundle_menu == "AUTO" and chosen.device_menu == "AUTO"
    chosen.bundle_menu, chosen.device_menu = "large", "cuda"
    assert (chosen.bundle, chosen.device) == ("large", "cuda")
    bpy.ops.signwright.generate()
    assert settings()["options"] | {"bundle": "large", "device": "cuda"} == settings()["options"]
    chosen.bundle_menu, chosen.device_menu = "AUTO", "AUTO"
    assert (chosen.bundle, chosen.device) == ("", "auto")


def test_of_models_the_first_that_can_generate_is_meant(scene, models):
    for name in ("damaged", "a-tokenizer", "tokenizer"):
        (models / name).mkdir()
    bpy.ops.signwright.refresh_models()
    meant = choices.bundle_entry("", "ASL")
    assert meant is not None and meant["id"] == "a-tokenizer"
    assert choices.bundle_entry("gone") is None


def test_a_damaged_model_is_refused_with_the_picker_as_its_mending(scene, models):
    scene.signwright.models.bundle = "damaged"
    (models / "damaged").mkdir()
    refused(bpy.ops.signwright.generate)
    assert (message().code, message().fix) == ("bundle_damaged", "choose_bundle")


def test_the_menu_of_models_says_whose_they_are(scene):
    entry = choices.bundle_entry("small")
    assert entry is not None
    told = choices.told(entry)
    assert {"ASL", "120 signs", "Licence: CC0-1.0", "Made for the tests."} <= set(told)


def test_sampling_goes_to_the_engine_and_only_with_a_method_that_samples(scene):
    chosen = scene.signwright.models
    chosen.temperature, chosen.top_k, chosen.mode, chosen.length = 0.5, 20, "exact", 1.5
    bpy.ops.signwright.generate()
    options = settings()["options"]
    assert options["temperature"] == pytest.approx(0.5) and options["top_k"] == 20
    assert options["mode"] == "exact" and options["length"] == 1.5
    assert options["keywords"] is None
    bpy.ops.signwright.generate(method="dictionary")
    assert settings()["options"] == {}


def test_a_beam_search_is_asked_for_only_where_nothing_is_sampled(scene):
    scene.signwright.models.beams = 4
    assert state.options(scene)["beams"] == 4
    scene.signwright.models.temperature = 0.7
    assert state.options(scene)["beams"] == 1


def test_what_a_script_gives_wins_over_the_panel(scene):
    scene.signwright.models.temperature = 0.5
    generate("Good", temperature=1.0, keywords=2, mode="exact")
    options = settings()["options"]
    assert (options["temperature"], options["keywords"], options["mode"]) == (1.0, 2, "exact")
    assert options["top_p"] == 1.0


def test_a_seed_is_offered_where_chance_has_a_part(scene):
    assert not is_sampled(scene)
    scene.signwright.generate.variations = 2
    assert is_sampled(scene)
    scene.signwright.generate.variations = 1
    scene.signwright.models.temperature = 0.5
    assert is_sampled(scene)
    scene.signwright.models.temperature = 0.0
    scene.signwright.generate.method = "dictionary"
    assert is_sampled(scene)


class TestSignsFound:
    """What the model is given as examples is shown before anything is generated."""

    def found(self) -> list[tuple[str, bool]]:
        return [(k.name, k.on) for k in bpy.context.scene.signwright.models.found]

    def test_they_are_found_for_the_text(self, scene):
        assert bpy.ops.signwright.find_keywords() == {"FINISHED"}
        names = [name for name, _ in self.found()]
        assert names == ["HELLO", "MY", "NAME", "#A", "#N", "#N", "#A"]
        assert all(on for _, on in self.found())
        assert takes() == []

    def test_there_must_be_a_text(self, scene):
        scene.signwright.generate.text = " "
        assert "no text" in refused(bpy.ops.signwright.find_keywords)

    def test_each_can_be_switched_off_and_on(self, scene):
        bpy.ops.signwright.find_keywords()
        bpy.ops.signwright.toggle_keyword(index=1)
        assert ("MY", False) in self.found()
        bpy.ops.signwright.generate()
        assert settings()["options"]["off"] == [1]
        bpy.ops.signwright.toggle_keyword(index=1)
        bpy.ops.signwright.generate()
        assert settings()["options"]["off"] == []

    def test_the_letters_of_a_word_are_switched_together(self, scene):
        bpy.ops.signwright.find_keywords()
        bpy.ops.signwright.toggle_keyword(index=4)
        assert state.off(scene) == [3, 4, 5, 6]

    def test_a_number_that_is_none_of_theirs_is_refused(self, scene):
        bpy.ops.signwright.find_keywords()
        assert "no number 99" in refused(lambda: bpy.ops.signwright.toggle_keyword(index=99))

    def test_what_was_switched_off_stays_so_when_the_text_changes(self, scene):
        bpy.ops.signwright.find_keywords()
        bpy.ops.signwright.toggle_keyword(index=1)
        scene.signwright.generate.text = "Good my name"
        assert state.is_stale(scene) and state.off(scene) == []
        bpy.ops.signwright.find_keywords()
        assert self.found() == [("GOOD", True), ("MY", False), ("NAME", True)]
        assert state.off(scene) == [1]

    def test_an_edited_gloss_line_decides_which_there_are(self, scene):
        scene.signwright.gloss.line = "GOOD NAME"
        bpy.ops.signwright.find_keywords()
        assert [name for name, _ in self.found()] == ["GOOD", "NAME"]
        bpy.ops.signwright.generate()
        assert settings()["gloss"] == "GOOD NAME"

    def test_words_beyond_the_limit_are_left_to_the_model(self, scene):
        chosen = scene.signwright.models
        chosen.limit_keywords, chosen.keywords = True, 2
        bpy.ops.signwright.find_keywords()
        assert [name for name, _ in self.found()] == ["HELLO", "MY"]
        assert chosen.others == "name\tmodel\nAnna\tmodel"

    def test_what_the_panel_switched_off_counts_for_its_own_text_only(self, scene):
        bpy.ops.signwright.find_keywords()
        bpy.ops.signwright.toggle_keyword(index=0)
        generate("Good name")
        assert "off" not in settings()["options"]

    def test_they_are_kept_in_the_blend(self, scene, tmp_path):
        bpy.ops.signwright.find_keywords()
        bpy.ops.signwright.toggle_keyword(index=0)
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "found.blend"))
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "found.blend"))
        assert self.found()[0] == ("HELLO", False)
        assert not state.is_stale(bpy.context.scene)


class TestVariations:
    """Several takes at once, from one seed and those after it."""

    @pytest.mark.parametrize("method", ["neural", "dictionary"])
    def test_all_are_listed_with_their_seeds_and_the_first_is_active(self, scene, method):
        bpy.ops.signwright.generate(method=method, variations=3, seed=7, take_name="Greeting")
        assert takes() == ["Greeting", "Greeting 2", "Greeting 3"]
        assert [item.seed for item in timeline().takes] == ["7", "8", "9"]
        assert timeline().active_take == 0

    def test_the_first_one_is_applied(self, scene):
        scene.signwright.setup.avatar = make_rig()
        bpy.ops.signwright.generate(variations=2, take_name="Greeting", apply=True)
        assert [bool(item.action) for item in timeline().takes] == [True, False]

    def test_no_file_is_left_in_the_working_folder(self, scene, addon, tmp_path):
        work = tmp_path / "work"
        work.mkdir()
        addon.paths.preferences().work_folder = str(work)
        bpy.ops.signwright.generate(variations=3)
        assert list(work.iterdir()) == []
        addon.paths.preferences().work_folder = ""


def test_a_take_tells_which_model_made_it_how_it_chose_and_by_which_examples(scene):
    generate("Hello Anna", temperature=0.5, top_k=20, mode="exact", seed=4)
    item = timeline().takes[0]
    assert item.model == "Small, CC0-1.0, 0123456789ab"
    assert item.sampling == "temperature 0.5, top 20, signs exactly as in the dictionary, score -0.25, onnx-cpu"
    assert item.seed == "4"
    assert next((s.origin, s.source) for s in item.segments) == ("generated", "asl/HELLO")
    generate("Hello Anna", method="dictionary")
    assert timeline().takes[1].model == "" and timeline().takes[1].sampling == ""


class TestSignLLM:
    """The methods MLSF and Prompt2LangGloss: models of their own, prompts, no sampling."""

    @pytest.fixture
    def chosen(self, scene, models):
        for name in ("mlsf-asl", "mlsf-dgs", "prompt2langgloss"):
            (models / name).mkdir()
        bpy.ops.signwright.refresh_models()
        return scene.signwright.generate

    def test_each_method_knows_the_languages_of_its_models(self, chosen):
        languages = {m["name"]: m["languages"] for m in methods.entries("methods")}
        assert languages == {
            "neural": ["ASL"], "dictionary": ["ASL"], "mlsf": ["ASL", "DGS"], "prompt2langgloss": ["ASL"],
        }  # fmt: skip
        chosen.language, chosen.method = "DGS", "prompt2langgloss"
        assert methods.unavailable(chosen) == "Prompt2LangGloss can't sign DGS. MLSF can."
        chosen.method = "mlsf"
        assert methods.unavailable(chosen) == ""

    def test_each_method_offers_its_own_models(self, chosen):
        assert {item[0] for item in choices.bundles("", "ASL")} == {"AUTO", "small"}
        assert {item[0] for item in choices.bundles("", "ASL", "mlsf")} == {"AUTO", "mlsf-asl", "mlsf-dgs"}
        meant = choices.bundle_entry("", "DGS", "mlsf")
        assert meant is not None and meant["id"] == "mlsf-dgs"

    def test_a_model_of_another_method_is_no_choice_and_stays_chosen_for_its_own(self, chosen, scene):
        scene.signwright.models.bundle_menu = "small"
        chosen.method = "mlsf"
        assert scene.signwright.models.bundle_menu == "AUTO"
        bpy.ops.signwright.generate()
        assert settings()["options"] == {"bundle": ""}
        chosen.method = "neural"
        assert scene.signwright.models.bundle_menu == "small"

    def test_only_the_settings_that_a_method_has_are_sent_and_shown(self, chosen, scene):
        scene.signwright.models.beams, scene.signwright.models.temperature = 4, 0.5
        chosen.method = "prompt2langgloss"
        assert state.options(scene) == {"bundle": "", "beams": 4}
        assert not state.finds_signs(scene) and not state.has_option(scene, "device")
        chosen.method = "neural"
        assert state.finds_signs(scene) and state.options(scene)["beams"] == 1

    def test_neither_seed_nor_variations_are_offered_where_every_take_is_alike(self, chosen, scene):
        chosen.method, chosen.variations = "mlsf", 3
        assert not is_sampled(scene) and not can_vary(scene)
        chosen.method = "neural"
        assert is_sampled(scene) and can_vary(scene)

    def test_prompts_are_offered_and_go_into_the_text_field(self, chosen):
        assert methods.examples(chosen) == []
        chosen.method = "mlsf"
        example = methods.examples(chosen)[0]
        assert bpy.ops.signwright.use_prompt(text=example) == {"FINISHED"}
        assert chosen.text == "How do you say tea in ASL?"

    def test_a_take_is_made_as_by_any_other_method(self, chosen):
        chosen.method = "mlsf"
        bpy.ops.signwright.generate()
        assert timeline().takes[0].method == "mlsf"

    def test_models_of_signllm_make_nothing_anew(self, chosen, models):
        (models / "small").rmdir()
        bpy.ops.signwright.refresh_models()
        assert not choices.any_usable() and choices.any_usable("mlsf")
