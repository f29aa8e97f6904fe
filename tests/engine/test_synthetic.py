"""The synthetic corpus: sentences from templates, isolated signs, and the cache that they lie in."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tqdm")

from engine import languages
from engine.generators.base import GenerateRequest
from engine.gloss import GlossPhrase, GlossPlan
from engine.planning import make_plan
from engine.soke.wanted import wanted_signs
from engine.tokenizer.features import SIGNWRIGHT, SOKE
from engine.training.cache import CacheError, CacheWriter, ClipCache
from engine.training.sentences import Deck, Sentences
from engine.training.statistics import Statistics
from engine.training.synthetic import (
    ISOLATED,
    SENTENCE,
    SyntheticConfig,
    isolated_items,
    lexicon_of,
    make_corpus,
    split_of,
)

WITH_SIGNS = ("ASL", "DGS", "CSL")
LETTERS_ONLY = tuple(x.code for x in languages.with_signs() if x.code not in WITH_SIGNS)
TINY = SyntheticConfig(
    seed=4, sentences={"DGS": 3}, letters_only=1, isolated=0, held_out=0.2, only=("DGS", "KSL", "LSA")
)


def sentences(code: str, seed: int = 0) -> Sentences:
    return Sentences(languages.get(code), lexicon_of(code), seed)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> ClipCache:
    return make_corpus(tmp_path_factory.mktemp("synthetic") / "corpus", TINY, processes=1, progress=False)


# ---------------------------------------------------------------- sentences


def test_a_deck_gives_every_card_once_before_any_comes_again() -> None:
    deck = Deck("abcde", np.random.default_rng(0))
    first, second = ([deck.draw() for _ in range(5)] for _ in range(2))
    assert sorted(first) == sorted(second) == list("abcde")
    assert first != second
    with pytest.raises(ValueError, match="nothing to draw"):
        Deck([], np.random.default_rng(0))


@pytest.mark.parametrize("code", [*WITH_SIGNS, *LETTERS_ONLY])
def test_the_same_seed_gives_the_same_sentences_with_no_slot_left(code: str) -> None:
    some = list(islice(sentences(code), 60))
    assert some == list(islice(sentences(code), 60))
    assert some != list(islice(sentences(code, 1), 60))
    assert not any("{" in text or "}" in text for text in some)


@pytest.mark.parametrize("code", [*WITH_SIGNS, *LETTERS_ONLY])
def test_every_sentence_can_be_planned(code: str) -> None:
    language, lexicon = languages.get(code), lexicon_of(code)
    for text in islice(sentences(code), 40):
        plan = make_plan(GenerateRequest(text=text, language=code), language, lexicon)
        assert wanted_signs(plan, lexicon), text


@pytest.mark.parametrize("code", WITH_SIGNS)
def test_sentences_ask_deny_spell_and_count(code: str) -> None:
    language, lexicon = languages.get(code), lexicon_of(code)
    kinds, items, negated = Counter(), Counter(), 0
    for text in islice(sentences(code), 250):
        plan = make_plan(GenerateRequest(text=text, language=code), language, lexicon)
        for phrase in plan.phrases:
            kinds[phrase.kind] += 1
            negated += phrase.negated
            items.update(item.kind for item in phrase.items)
    assert min(kinds["statement"], kinds["yes_no_question"], kinds["wh_question"], negated) >= 5
    assert min(items["sign"], items["fingerspell"], items["number"]) >= 10


def test_german_nouns_have_the_article_of_their_gender() -> None:
    texts = " ".join(islice(sentences("DGS"), 400))
    assert "der Hund" in texts or "den Hund" in texts
    assert not any(wrong in texts for wrong in ("das Hund", "die Hund", "der Katze ist", "die Haus", "der Haus"))


def test_english_has_an_before_a_vowel() -> None:
    texts = " ".join(islice(sentences("ASL"), 400))
    assert " an " in texts
    assert not any(f" a {vowel}" in texts for vowel in "aeiou")


# ---------------------------------------------------------------- isolated signs


@pytest.mark.parametrize("code", ["ASL", "DGS", "KSL"])
def test_every_sign_letter_and_number_is_among_the_isolated_ones_once(code: str) -> None:
    lexicon = lexicon_of(code)
    keys = Counter()
    for item in isolated_items(code):
        (wanted,) = wanted_signs(GlossPlan("", code, (GlossPhrase((item,)),)), lexicon)
        keys[wanted.keys[0] if item.source or item.goal else wanted.keys[-1]] += 1
    every = [s.key for table in (lexicon.signs, lexicon.letters, lexicon.numbers) for s in table.values()]
    assert set(every) <= set(keys)
    assert max(keys.values()) == 1


def test_directional_signs_have_forms_for_their_places() -> None:
    glosses = {item.gloss for item in isolated_items("ASL")}
    assert {"GIVE", "GIVE-1", "1-GIVE-2", "3a-GIVE-3b", "IX-1", "IX-3d", "POSS-2", "SELF-3a", "TELL-2"} <= glosses
    assert "1-TELL-2" not in glosses, "TELL agrees with its object only"


# ---------------------------------------------------------------- the corpus


def test_the_corpus_has_its_sentences_with_their_signs(corpus: ClipCache) -> None:
    counts = Counter(clip.language for clip in corpus.clips)
    assert counts == {"DGS": 3, "KSL": 1, "LSA": 1}
    for clip in corpus.clips:
        assert clip.source == SENTENCE
        assert clip.split == split_of(clip.text, TINY.held_out)
        assert corpus.features(clip).shape == (clip.frames, SIGNWRIGHT.size)
        assert clip.extra["retrieved"]
        assert all(0 <= start < end <= clip.frames for *_, start, end in clip.segments)
        assert [s[0] for s in clip.segments] == list(clip.glosses)


def test_the_corpus_is_the_same_again(corpus: ClipCache, tmp_path: Path) -> None:
    again = make_corpus(tmp_path / "again", TINY, processes=1, progress=False)
    assert again.clips == corpus.clips
    assert np.array_equal(again.frames, corpus.frames)
    with pytest.raises(CacheError, match="holds a corpus already"):
        make_corpus(tmp_path / "again", TINY, processes=1, progress=False)


def test_isolated_signs_are_cut_out_of_their_row(tmp_path: Path) -> None:
    config = SyntheticConfig(letters_only=0, isolated=1, only=("LSA",))
    cache = make_corpus(tmp_path / "isolated", config, processes=1, progress=False)
    assert all(clip.source == ISOLATED and clip.key and not clip.text for clip in cache.clips)
    assert len({clip.key for clip in cache.clips}) == len(cache.clips)
    for clip in cache.clips:
        ((*_, start, end),) = clip.segments
        assert 0 < start < end < clip.frames
        assert end - start >= 4


def test_the_other_hand_rests_in_isolated_signs_of_one_hand(tmp_path: Path) -> None:
    config = SyntheticConfig(letters_only=0, isolated=1, only=("TSL",))  # its alphabet takes both hands
    cache = make_corpus(tmp_path / "isolated", config, processes=1, progress=False)
    lexicon = lexicon_of("TSL")
    hands = {s.key: s.hands for table in (lexicon.letters, lexicon.numbers) for s in table.values()}
    elbow = [3 * SIGNWRIGHT.joints.index("left_elbow") + k for k in range(3)]
    moved = {}
    for clip in cache.clips:
        ((*_, start, end),) = clip.segments
        moved.setdefault(hands[clip.key], []).append(np.ptp(cache.features(clip)[start:end, elbow], axis=0).max())
    assert set(moved) > {"one"}
    assert max(moved["one"]) < 0.05
    assert max(max(values) for kind, values in moved.items() if kind != "one") > 0.1


def test_no_text_is_in_two_splits_and_shares_are_as_asked() -> None:
    texts = [f"sentence {i}" for i in range(4000)]
    shares = Counter(split_of(text, 0.1) for text in texts)
    assert 300 < shares["val"] < 500
    assert 300 < shares["test"] < 500
    assert all(split_of(text, 0.0) == "train" for text in texts[:50])


# ---------------------------------------------------------------- the cache


def test_a_cache_gives_back_what_was_put_in(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frames = [rng.normal(size=(n, SOKE.size)).astype(np.float32) for n in (5, 1, 9)]
    with CacheWriter(tmp_path / "c", SOKE) as writer:
        for i, features in enumerate(frames):
            split = "val" if i == 2 else "train"
            writer.add(features, name=str(i), fps=24.0, language="DGS", source="phoenix", split=split, text="Ä")
    cache = ClipCache(tmp_path / "c")
    assert len(cache) == 3
    assert cache.layout == SOKE
    for clip, features in zip(cache.clips, frames, strict=True):
        assert np.array_equal(cache.features(clip), features)
    assert [clip.name for clip in cache.of("val")] == ["2"]
    assert [clip.name for clip in cache.of(sources=["phoenix"])] == ["0", "1", "2"]
    train = np.concatenate(frames[:2]).astype(np.float64)
    assert np.allclose(cache.statistics.mean, train.mean(axis=0))
    assert np.allclose(cache.statistics.std, train.std(axis=0))


def test_a_clip_of_the_wrong_kind_is_refused_and_the_others_kept(tmp_path: Path) -> None:
    about = {"name": "x", "fps": 24.0, "language": "ASL", "source": "s", "split": "train"}
    with CacheWriter(tmp_path / "c", SOKE) as writer:
        writer.add(np.zeros((4, 133)), **about)
        for wrong in (np.zeros((4, 132)), np.zeros((0, 133)), np.zeros(133)):
            with pytest.raises(CacheError, match="shape"):
                writer.add(wrong, **about)
        with pytest.raises(CacheError, match="not finite"):
            writer.add(np.full((2, 133), np.nan), **about)
    assert len(ClipCache(tmp_path / "c")) == 1


def test_a_cache_that_was_cut_off_or_damaged_is_told(tmp_path: Path) -> None:
    with pytest.raises(CacheError, match="no corpus"):
        ClipCache(tmp_path)
    folder = tmp_path / "cut"
    with pytest.raises(RuntimeError), CacheWriter(folder, SOKE) as writer:
        writer.add(np.zeros((4, 133)), name="x", fps=24.0, language="ASL", source="s", split="train")
        raise RuntimeError
    with pytest.raises(CacheError, match="cut off"):
        ClipCache(folder)
    folder = tmp_path / "damaged"
    with CacheWriter(folder, SOKE) as writer:
        writer.add(np.zeros((4, 133)), name="x", fps=24.0, language="ASL", source="s", split="train")
    line = json.loads((folder / "clips.jsonl").read_text())
    (folder / "clips.jsonl").write_text(json.dumps({**line, "frames": 40}) + "\n")
    with pytest.raises(CacheError, match=r"expected \(40, 133\)"):
        ClipCache(folder)
    (folder / "clips.jsonl").write_text(json.dumps({**line, "odd": 1}) + "\n")
    with pytest.raises(CacheError, match=r"line 1 of clips\.jsonl is no clip"):
        ClipCache(folder)


# ---------------------------------------------------------------- statistics


def test_statistics_are_exact_far_from_zero_and_still_numbers_keep_a_spread_of_one() -> None:
    rng = np.random.default_rng(0)
    clips = [1e4 + rng.normal(size=(n, 3)) * [1e-3, 1.0, 0.0] for n in (3, 50, 7)]
    statistics = Statistics.of(clips, 3)
    together = np.concatenate(clips)
    assert np.allclose(statistics.mean, together.mean(axis=0), atol=1e-9)
    assert np.allclose(statistics.std[:2], together.std(axis=0)[:2], rtol=1e-6)
    assert statistics.std[2] == 1.0
    assert np.allclose(statistics.undone(statistics.normalised(clips[1])), clips[1], atol=1e-3)
    assert statistics.floored(0.5).std.tolist() == [0.5, statistics.std[1], 1.0]
    with pytest.raises(ValueError, match="no clips"):
        Statistics.of([], 3)


def test_statistics_of_a_folder_are_those_that_were_written(tmp_path: Path) -> None:
    Statistics(np.arange(3.0), np.ones(3)).save(tmp_path / "statistics.npz")
    with np.load(tmp_path / "statistics.npz", allow_pickle=False) as file:
        assert sorted(file) == ["mean", "std"]
        assert file["mean"].tolist() == [0, 1, 2]
