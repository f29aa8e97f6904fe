"""The embedded dictionary and the text planner fit together."""

from __future__ import annotations

from engine import languages
from engine.lexicon.loader import load_language
from engine.text import plan_text
from engine.text.grammar import grammar

LEXICON = load_language("ASL")
ASL = languages.get("ASL")


def test_every_sign_is_found_by_its_main_word() -> None:
    words = grammar(ASL.spoken)
    elsewhere = words.omitted | words.pronouns.keys()
    missed = {}
    for sign in LEXICON.signs.values():
        if sign.words[0] in elsewhere:
            continue
        (item,) = plan_text(sign.words[0], ASL, LEXICON).phrases[0].items
        if sign.gloss not in (item.gloss, *item.choices):
            missed[sign.gloss] = item.gloss
    assert not missed


def test_everyday_sentences_need_no_fingerspelling() -> None:
    text = """
        Hello, how are you? I'm fine, thank you. Where do you live? I live in a small house with my family.
        My mother and father are deaf, but my brother is hearing. Can you help me, please? I don't understand.
        Do you want to learn sign language? We went to school yesterday. I have to work tomorrow.
        What's wrong? I don't know. If it rains, I'll stay home. She doesn't like coffee. Let's go!
    """
    glosses = plan_text(text, ASL, LEXICON).glosses
    assert len(glosses) > 60
    assert not [gloss for gloss in glosses if gloss.startswith("fs-")]


def test_letters_and_numbers_are_there_for_whatever_has_no_sign() -> None:
    assert set("ABCDEFGHIJKLMNOPQRSTUVWXYZ") <= set(LEXICON.letters)
    assert {str(n) for n in range(11)} <= set(LEXICON.numbers)
