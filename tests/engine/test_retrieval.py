"""Which signs a text asks for: by the gloss plan for our bundles, by words for those in the published layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine import languages
from engine.dictionary import library
from engine.dictionary.store import UserDictionary
from engine.generators.base import GenerateRequest
from engine.gloss import GlossItem
from engine.planning import language_of, make_plan
from engine.soke.code_dictionary import CodeDictionary, CodeEntry
from engine.soke.retrieval import Limits, Retrieved, retrieve_plan
from engine.soke.word_retrieval import WordIndex, retrieve_words
from engine.tokenizer.features import PARTS

MANY = Limits(32, 32, 95)


def entry(key: str, steps: int = 4, **more: str) -> CodeEntry:
    return CodeEntry(key, {part: tuple(range(steps)) for part in PARTS}, **more)


def no_own(item: GlossItem) -> CodeEntry:
    raise AssertionError(f"{item.gloss} is no sign of the user's")


def by_plan(text: str, keys: set[str] | None = None, language: str = "ASL", limits: Limits = MANY) -> Retrieved:
    """keys: of the dictionary; all signs, letters and numbers when `None`."""
    request = GenerateRequest(text, language)
    known, lexicon = language_of(request)
    signs = (*lexicon.signs.values(), *lexicon.letters.values(), *lexicon.numbers.values())
    listed = {s.key for s in signs} if keys is None else keys
    dictionary = CodeDictionary({key: entry(key, language=language) for key in listed})
    return retrieve_plan(make_plan(request, known, lexicon), lexicon, dictionary, no_own, "", limits)


def entries(found: Retrieved) -> list[str]:
    return [keyword.entry.key for keyword in found.keywords]


def by_words(text: str, *keys: str, language: str = "ASL", keywords: int = 3) -> Retrieved:
    dictionary = CodeDictionary({key: entry(key) for key in keys})
    index = WordIndex(dictionary, languages.get(language), library.load(language), "")
    return retrieve_words(text, index, no_own, Limits(keywords, keywords, 100))


# ---------------------------------------------------------------- by the plan


def test_everything_that_is_signed_is_asked_for_in_signing_order() -> None:
    found = by_plan("What is your name?")
    assert [k.gloss for k in found.keywords] == ["POSS-2", "NAME", "WHAT"]
    assert [k.index for k in found.keywords] == [0, 1, 2]


def test_a_form_with_places_is_taken_where_there_is_one_and_the_bare_sign_elsewhere() -> None:
    text = "I give you a book."
    assert "asl/1-GIVE-2" in entries(by_plan(text, {"asl/1-GIVE-2", "asl/GIVE", "asl/BOOK"}))
    assert "asl/GIVE" in entries(by_plan(text, {"asl/GIVE", "asl/BOOK"}))


def test_names_are_spelled_letter_by_letter_and_stay_together() -> None:
    found = by_plan("My name is Anna.")
    letters = [k for k in found.keywords if k.group >= 0]
    assert [k.entry.key for k in letters] == ["asl/fs-A", "asl/fs-N", "asl/fs-N", "asl/fs-A"]
    assert len({k.group for k in letters}) == 1
    assert {(o.word, o.fate) for o in found.others} >= {("Anna", "spelled"), ("is", "left_out")}


def test_numbers_have_their_sign_or_their_digits() -> None:
    assert "asl/25" in entries(by_plan("25 books"))
    assert entries(by_plan("99 books"))[:2] == ["asl/9", "asl/9"]


def test_a_sign_that_the_dictionary_lacks_is_left_to_the_model_and_told() -> None:
    found = by_plan("I like the book.", {"asl/LIKE", "asl/IX-1"})
    assert entries(found) == ["asl/IX-1", "asl/LIKE"]
    assert any(o.word == "book" and o.fate == "model" for o in found.others)
    assert found.warnings == ("The model's dictionary has no sign for book: the model signs that without an example.",)


def test_every_sentence_is_a_prompt_with_its_own_text() -> None:
    found = by_plan("Hello! What is your name? I like books.")
    assert [chunk.text for chunk in found.chunks] == ["Hello!", "What is your name?", "I like books."]
    assert found.chunks[0].pause > 0.0
    assert [k.index for k in found.keywords] == list(range(len(found.keywords)))


def test_a_sentence_that_is_too_long_is_cut_where_signs_end() -> None:
    text = "I like the dog and the cat and the house and the tree and the water and the school and the book."
    found = by_plan(text, limits=Limits(32, 32, 40))
    assert len(found.chunks) > 2
    assert entries(found) == entries(by_plan(text, limits=Limits(64, 64, 1000)))
    for chunk in found.chunks:
        assert sum(k.entry.steps + 1 for k in chunk.keywords) + 6 <= 40


def test_the_first_keywords_are_kept_when_fewer_are_wanted() -> None:
    found = by_plan("I like the old book.", limits=Limits(2, 32, 95))
    assert entries(found) == ["asl/I", "asl/LIKE"]
    assert {o.word for o in found.others if o.fate == "model"} == {"old", "book"}


def test_keywords_are_switched_off_by_their_index() -> None:
    found = by_plan("I like the old book.").without([0, 2])
    assert [k.on for k in found.keywords] == [False, True, False, True]
    assert [k.gloss for k in found.chunks[0].examples] == ["LIKE", "BOOK"]


@pytest.mark.parametrize("code", [language.code for language in languages.LANGUAGES])
def test_every_language_finds_something(code: str) -> None:
    text = {"zh": "我叫王小明。", "ko": "한국 25"}.get(languages.get(code).spoken, "Anna 25")
    assert by_plan(text, language=code).keywords


def test_a_gloss_line_is_asked_for_as_it_is_written() -> None:
    request = GenerateRequest("", gloss="BOOK++ IX-3a")
    language, lexicon = language_of(request)
    dictionary = CodeDictionary({s.key: entry(s.key) for s in lexicon.signs.values()})
    found = retrieve_plan(make_plan(request, language, lexicon), lexicon, dictionary, no_own, "", MANY)
    assert entries(found) == ["asl/BOOK", "asl/IX"]
    assert found.chunks[0].text


# ---------------------------------------------------------------- by words


def test_words_are_found_by_their_base_form_longest_phrase_first() -> None:
    found = by_words("Thank you, she drinks books.", "thank", "thank you", "drink", "book", keywords=9)
    assert entries(found) == ["thank you", "drink", "book"]


def test_words_that_carry_no_meaning_are_passed_over() -> None:
    assert entries(by_words("The tea is for the name.", "the", "is", "for", "tea", "name")) == ["tea", "name"]


def test_at_most_as_many_as_wanted_and_the_first_ones() -> None:
    found = by_words("Hello tea book name", "hello", "tea", "book", "name")
    assert entries(found) == ["hello", "tea", "book"]
    assert [(o.word, o.fate) for o in found.others] == [("name", "model")]


def test_the_words_around_choose_the_sense() -> None:
    senses = ("bank (river)", "bank (money)")
    assert entries(by_words("The bank of the river.", *senses)) == ["bank (river)"]
    assert entries(by_words("My money is at the bank.", *senses)) == ["bank (money)"]
    assert entries(by_words("A bank.", "bank_1", "bank_2")) == ["bank_1"]


def test_unknown_words_are_skipped_and_told() -> None:
    found = by_words("My elephant drinks tea.", "tea", "drink")
    assert entries(found) == ["drink", "tea"]
    assert found.warnings == (
        "The model's dictionary has no sign for elephant: the model signs that without an example.",
    )


def test_names_are_spelled_where_the_dictionary_has_letters_and_room() -> None:
    letters = tuple("an")
    assert entries(by_words("I am Anna", *letters, keywords=9)) == ["a", "n", "n", "a"]
    found = by_words("I am Anna", *letters, keywords=3)
    assert not found.keywords
    assert [(o.word, o.fate) for o in found.others if o.word == "Anna"] == [("Anna", "model")]


def test_chinese_and_german_words_are_found_too() -> None:
    assert entries(by_words("我喜欢喝茶。", "喜欢", "茶", language="CSL")) == ["喜欢", "茶"]
    assert entries(by_words("Wir trinken gerne Tee.", "trinken", "tee", language="DGS")) == ["trinken", "tee"]


def test_sentences_are_prompts_of_their_own() -> None:
    found = by_words("Hello! Tea, please. Book?", "hello", "tea", "book")
    assert [chunk.text for chunk in found.chunks] == ["Hello!", "Tea, please.", "Book?"]
    assert [len(chunk.keywords) for chunk in found.chunks] == [1, 1, 1]


# ---------------------------------------------------------------- signs of the user's own


def test_own_signs_win_in_both_kinds(tmp_path: Path) -> None:
    from engine.skeleton import EXPRESSION_NAMES
    from engine.take import PoseSequence, Take

    t = np.linspace(0.0, 1.0, 25)
    poses = np.zeros((25, 165))
    poses[:, 3 * 17 + 2] = np.sin(np.pi * t)
    sequence = PoseSequence(poses, np.zeros((25, 3)), np.zeros((25, len(EXPRESSION_NAMES))), 24.0)
    from engine.dictionary import editing

    own = UserDictionary(tmp_path, "ASL")
    record = {"words": ["hello", "zorb"], "origin": "keyframes", "licence": "CC0-1.0", "author": "Anna"}
    editing.add_recorded(own, "HELLO", Take("x", "", "", "imported", sequence), record, trim=False)
    asked: list[str] = []

    def codes(item: GlossItem) -> CodeEntry:
        assert item.sign is not None
        asked.append(item.sign.key)
        return entry("own")

    request = GenerateRequest("Hello, book.", dictionary=str(tmp_path))
    language, lexicon = language_of(request)
    dictionary = CodeDictionary({key: entry(key, language="ASL") for key in ("asl/HELLO", "asl/BOOK")})
    plan = make_plan(request, language, lexicon)
    found = retrieve_plan(plan, lexicon, dictionary, codes, str(tmp_path), MANY)
    assert entries(found) == ["own", "asl/BOOK"]
    assert [k.own for k in found.keywords] == [True, False]
    index = WordIndex(CodeDictionary({"hello": entry("hello")}), language, lexicon, str(tmp_path))
    assert entries(retrieve_words("Hello zorb", index, codes, Limits(3, 3, 100))) == ["own", "own"]
    assert set(asked) == {"asl/HELLO"}
