"""English words on their way to a signed language."""

from __future__ import annotations

from .grammar import Grammar


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
)
_ONES += " eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"

ENGLISH = Grammar(
    omitted=_words("a an the am is are was were be been being to"),
    omitted_unsigned=_words(
        "of at by as than that so just there some any it its will would shall have has had let very too up out "
        "not off into onto if then"
    ),
    do_support=_words("do does did"),
    perfect=_words("have has had"),
    participles=_words("been seen gone done met had made eaten drunk taken given known understood learnt come lost"),
    auxiliaries=_words(
        "do does did is are am was were have has had can could will would shall should may might must"
    ),
    subjects=_words("i you he she it we they this that these those there your my his her our their the a an"),
    clear_subjects=_words("i you he she we they"),
    question_words=_words("what where who whom whose why how when which"),
    negations=_words("not no never none nothing nobody nowhere neither nor cannot"),
    openers=_words("hello hi hey well okay ok yes no so oh please sorry excuse me thanks thank you good morning"),
    conditionals=_words("if"),
    compounds={
        "tonight": ("now", "night"),
        "breakfast": ("eat", "morning"),
        "dinner": ("eat", "night"),
        "supper": ("eat", "night"),
        "homework": ("home", "work"),
        "grandparents": ("grandmother", "grandfather"),
    },
    read_as={
        ("have", "got"): ("have",),
        ("has", "got"): ("have",),
        ("used", "to"): ("past",),
        ("would", "like"): ("want",),
        ("sit", "down"): ("sit",),
        ("stand", "up"): ("stand",),
        ("get", "up"): ("stand",),
        ("over", "there"): ("there",),
        ("over", "here"): ("here",),
    },
    same_as={
        "me": ("i",),
        "i": ("me",),
        "myself": ("self", "i", "me"),
        "him": ("he",),
        "he": ("him", "she", "it"),
        "she": ("her", "he", "it"),
        "her": ("she", "he"),
        "it": ("he", "she"),
        "us": ("we",),
        "we": ("us",),
        "them": ("they",),
        "they": ("them",),
        "mine": ("my",),
        "my": ("mine",),
        "yours": ("your",),
        "your": ("yours",),
        "his": ("her", "hers", "its"),
        "hers": ("his", "her"),
        "its": ("his", "hers"),
        "ours": ("our",),
        "our": ("ours",),
        "theirs": ("their",),
        "their": ("theirs",),
        "whom": ("who",),
        "these": ("this",),
        "those": ("that",),
        "hi": ("hello",),
        "hey": ("hello", "hi"),
        "ok": ("okay",),
        "okay": ("ok",),
        "mom": ("mother",),
        "mum": ("mother",),
        "dad": ("father",),
        "cannot": ("can't", "can not"),
    },
    possessive_before_noun={"her": "hers"},
    keep_form=_words("better best worse worst more most less least left saw felt found lay rose news glasses hers"),
    determiners=_words("a an the my your his her our their this that these those some any no every each"),
    before_verbs=_words(
        "i you he she we they to not can could will would shall should may might must please do does did let"
    ),
    endings=(("n't", "not"), ("'m", "am"), ("'re", "are"), ("'ve", "have"), ("'ll", "will"), ("'d", "would")),
    possessive_ending="'s",
    contractions={
        "won't": ("will", "not"),
        "can't": ("can", "not"),
        "shan't": ("shall", "not"),
        "ain't": ("is", "not"),
        "let's": ("let", "us"),
        "cannot": ("can", "not"),
        "dont": ("do", "not"),
        "doesnt": ("does", "not"),
        "didnt": ("did", "not"),
        "cant": ("can", "not"),
        "isnt": ("is", "not"),
        "im": ("i", "am"),
        "ive": ("i", "have"),
        "youre": ("you", "are"),
        "whats": ("what", "is"),
        "thats": ("that", "is"),
        "gonna": ("going", "to"),
        "wanna": ("want", "to"),
    },
    titles=_words("mr mrs ms dr prof st sr jr"),
    name_cues=(("name", "is"), ("name", "was"), ("name",), ("names", "are"), ("named",), ("called",)),
    acronyms=_words("us it who aids may"),
    symbols={
        "&": "and", "%": "percent", "+": "plus", "=": "equal", "@": "at", "$": "dollar", "€": "euro", "£": "pound",
        "#": "number", "°": "degree",
    },
    units={
        **{word: i for i, word in enumerate(_ONES.split())},
        **{word: 10 * (i + 2) for i, word in enumerate(_TENS.split())},
    },
    scales={"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9},
    ordinals={1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"},
    ordinal_endings=_words("st nd rd th"),
    and_words=frozenset({"and"}),
    time_word="time",
    point_word="point",
)  # fmt: skip
