"""Free prompts: what is to be signed, and in which language."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import languages
from engine.signllm.prompts import Template, examples, names, read, spoken_languages, templates

CODES = [language.code for language in languages.LANGUAGES]
EVERY = [template for spoken in spoken_languages() for template in templates(spoken)]


def test_every_spoken_language_of_a_signed_one_has_templates_and_a_name_for_each_signed_one() -> None:
    assert set(spoken_languages()) == {language.spoken for language in languages.LANGUAGES}
    for spoken in spoken_languages():
        assert set(names(spoken)) == set(CODES)
        assert sum(template.names_language for template in templates(spoken)) >= 3
        assert not all(template.names_language for template in templates(spoken))


@pytest.mark.parametrize(
    ("prompt", "chosen", "text", "language"),
    [
        ("How do you say good morning in ASL?", "ASL", "good morning", "ASL"),
        ("how would you sign  I'm tired  in american sign language", "DGS", "I'm tired", "ASL"),
        ("Sign hello in German Sign Language.", "ASL", "hello", "DGS"),
        ("How do you sign “thank you”?", "ASL", "thank you", "ASL"),
        ("Wie gebärdet man Katze?", "DGS", "Katze", "DGS"),
        ("Wie sagt man Katze in der Deutschen Gebärdensprache?", "DSGS", "Katze", "DGS"),
        ("Comment dit-on merci en langue des signes ?", "LSF-CH", "merci", "LSF-CH"),
        ("Come si segna ciao?", "LIS-CH", "ciao", "LIS-CH"),
        ("¿Cómo se dice hola en LSA?", "LSA", "hola", "LSA"),
        ("한국 수어로 안녕하세요 어떻게 해요?", "KSL", "안녕하세요", "KSL"),
        ("Türk işaret dili ile günaydın nasıl denir?", "TSL", "günaydın", "TSL"),
        ("用中国手语怎么说早上好？", "CSL", "早上好", "CSL"),
    ],
)
def test_a_prompt_says_what_to_sign_and_in_which_language(prompt: str, chosen: str, text: str, language: str) -> None:
    asked = read(prompt, chosen)
    assert (asked.text, asked.language) == (text, language)
    assert asked.spoken


@pytest.mark.parametrize(
    "sentence",
    [
        "Hello, my name is Anna.", "How do you do?", "Show me the book.", "What is your name?", "Sign here, please.",
        "Wie heißt du?", "Was ist das?", "Zeig mir das Buch in der Küche.", "Comment tu t'appelles ?", "Che cos'è?",
        "¿Qué es eso?", "이름이 뭐예요?", "Adın ne?", "你叫什么名字？", "", "  two\nlines  ", "How do you sign?",
    ],
)  # fmt: skip
def test_a_plain_sentence_stays_as_it_is(sentence: str) -> None:
    for language in ("ASL", "DGS", "CSL"):
        asked = read(sentence, language)
        assert (asked.text, asked.language, asked.spoken) == (sentence, language, "")


@pytest.mark.parametrize("template", EVERY, ids=lambda template: template.form)
def test_every_template_reads_what_it_wrote_in_every_language(template: Template) -> None:
    for code in CODES:
        for text in ("water", "Where are you going?", "Ich heiße Zoë.", "谢谢", "$5 [x] {y} \\d"):
            asked = read(template.filled(text, code), code)
            assert (asked.text, asked.language) == (text, code)


@settings(max_examples=60, deadline=None)
@given(
    template=st.sampled_from(EVERY),
    code=st.sampled_from(CODES),
    words=st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8), min_size=1, max_size=5),
)
def test_any_words_come_back_out_of_a_prompt(template: Template, code: str, words: list[str]) -> None:
    import unicodedata

    text = unicodedata.normalize("NFC", " ".join(words))
    asked = read(template.filled(text, code), languages_of(template, code))
    assert asked.text == text
    assert asked.language == (code if template.names_language else languages_of(template, code))


def languages_of(template: Template, code: str) -> str:
    """A chosen language whose spoken one is the template's, so that this is tried first."""
    return next((x.code for x in languages.LANGUAGES if x.spoken == template.spoken), code)


def test_a_name_of_a_language_wins_over_the_chosen_one() -> None:
    assert read("How do you say tea in KSL?", "ASL").language == "KSL"
    assert read("How do you sign tea?", "KSL").language == "KSL"


@pytest.mark.parametrize("code", CODES)
def test_there_are_examples_for_people_and_they_are_prompts(code: str) -> None:
    shown = examples(code)
    assert len(shown) >= 4
    assert all(read(example, code).language == code and read(example, code).spoken for example in shown)


def test_a_very_long_text_is_a_plain_one() -> None:
    text = "How do you say " + "very " * 5000 + "long in ASL?"
    assert read(text, "ASL").text == text
