"""Chinese text: words are found without spaces, what has no sign is spelled in pinyin, CSL orders the rest."""

from __future__ import annotations

import pytest

from engine import languages
from engine.gloss import GlossPlan
from engine.gloss_line import format_line
from engine.lexicon.loader import load_language
from engine.text import plan_text
from engine.text.chinese import segment, split_words, syllables, vocabulary
from engine.text.grammar import grammar
from engine.text.tokens import tokenise

CSL, LEXICON = languages.get("CSL"), load_language("CSL")
WORDS = vocabulary(LEXICON, grammar("zh"))


def plan(text: str) -> GlossPlan:
    return plan_text(text, CSL, LEXICON)


def line(text: str) -> str:
    return format_line(plan(text))


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("我喜欢看书", "我 喜欢 看书"),
        ("明天早上八点", "明天 早上 八 点"),
        ("二十一个朋友", "二十 一 个 朋友"),
        ("一百零五", "一 百 零 五"),
        ("我弟弟在大学学习", "我 弟弟 在 大学 学习"),
        ("今天天气好", "今天 天气 好"),
        ("洗手间在哪里", "洗手间 在 哪里"),
    ],
)
def test_text_is_cut_into_words(run: str, words: str) -> None:
    assert segment(run, WORDS) == words.split()


def test_words_keep_their_place_in_the_text() -> None:
    text = "你好,我喜欢T恤!"
    tokens = split_words(tokenise(text), WORDS, grammar("zh"))
    assert [text[slice(*t.span)] for t in tokens] == ["你好", ",", "我", "喜欢", "T", "恤", "!"]


def test_signs_highlight_the_words_that_they_stand_for() -> None:
    text = "妈妈喜欢喝可乐。"
    spans = {item.gloss: text[slice(*item.text_span)] for p in plan(text).phrases for item in p.items}
    assert spans["妈妈"] == "妈妈"
    assert spans["fs-KELE"] == "可乐"


@pytest.mark.parametrize(
    ("word", "pinyin"),
    [
        ("银行", "yin hang"),
        ("行走", "xing zou"),
        ("音乐", "yin yue"),
        ("快乐", "kuai le"),
        ("女儿", "nü er"),
        ("绿", "lü"),
    ],
)
def test_readings_follow_the_word(word: str, pinyin: str) -> None:
    assert syllables(word) == tuple(pinyin.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我叫王小明。", "IX-1 名字 fs-WANGXIAOMING"),
        ("我的名字叫李大伟。", "我 名字 fs-LIDAWEI"),
        ("小明的哥哥在北京。", "fs-XIAOMING 哥哥 在 北京"),
        ("我去上海。", "IX-1 去 上海"),
        ("我去西安。", "IX-1 去 fs-XIAN"),
    ],
)
def test_names_are_spelled_in_pinyin_unless_they_have_a_sign(text: str, expected: str) -> None:
    assert line(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("二十一个人", "#20-1 人"),
        ("一百二十三", "#1 百 #20-3"),
        ("两千", "#2 千"),
        ("3点半", "#3 点钟 半"),
        ("25岁", "#20-5 年"),
        ("三月五号", "#3 月 #5 天"),
        ("五百块。", "#5 百 钱"),
        ("一块面包", "#1 fs-MIANBAO"),
        ("2024年10月1日", "#2024 年 #10 月 #1 天"),
    ],
)
def test_numbers_in_digits_and_in_characters(text: str, expected: str) -> None:
    assert line(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你好,很高兴认识你!", "你好 , 很 高兴 认识 IX-2"),
        ("他昨天没有来。", "[昨天 IX-3a 来 没有]neg"),
        ("这件红色的衣服多少钱?", "[这 红 衣服 多少 钱]wh"),
        ("他給我書。", "IX-3a 3a-给-1 书"),
        ("她是聋人,会用手语。", "IX-3a 是 聋人 , 可以 手语"),
    ],
)
def test_sentences_become_glosses(text: str, expected: str) -> None:
    assert line(text) == expected


def test_full_width_punctuation_parts_sentences() -> None:
    assert len(plan("你好!你好吗?我很好。").phrases) == 3


@pytest.mark.parametrize("text", ["吗", "了。", "的"])
def test_a_text_of_particles_alone_is_told(text: str) -> None:
    with pytest.raises(Exception, match="nothing in the text"):
        plan(text)


def test_latin_words_in_chinese_are_spelled_with_the_same_hand() -> None:
    assert "fs-NASA" in line("我在NASA工作。")


def test_mouthing_is_pinyin() -> None:
    item = plan("妈妈").phrases[0].items[0]
    assert item.mouth == "mama"


@pytest.mark.parametrize(
    ("text", "glosses"),
    [
        ("100000000", "#100000000"),
        ("我的手机号是13800138000", "我 fs-SHOUJIHAO 是 #13800138000"),
        ("今天5号", "今天 #5 天"),
        ("你为什么哭?", "[IX-2 哭 fs-WEISHENME]wh"),
        ("请关门", "请 关 门"),
        ("因为下雨,我不去", "fs-YINWEI 雨 , [IX-1 去 不]neg"),
        ("我吃过饭了", "IX-1 吃"),
    ],
)
def test_nothing_is_dropped_or_said_twice(text: str, glosses: str) -> None:
    assert line(text) == glosses
