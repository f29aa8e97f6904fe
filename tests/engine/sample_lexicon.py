"""A small lexicon for tests of the text planner: words only, the motion doesn't matter."""

from __future__ import annotations

from engine.lexicon.loader import Lexicon
from engine.lexicon.phonology import Posture, Sign

_SIGNS = """
HELLO interjection: hello, hi
THANK-YOU interjection: thank you, thanks
NICE-MEET-YOU interjection: nice to meet you
GOOD-MORNING interjection: good morning
YES interjection: yes
NO interjection: no
NOT adverb: not
NEVER adverb: never
PLEASE adverb: please
MY determiner: my, mine
YOUR determiner: your
HIS determiner: his, her, its
ME pronoun: i, me
YOU pronoun: you
HE pronoun: he, she, it
WE pronoun: we
NAME noun: name
NICE adjective: nice, clean
GOOD adjective: good
BETTER adjective: better
DEAF adjective: deaf
WHAT pronoun: what
WHERE adverb: where
WHO pronoun: who
HOW adverb: how
HOW-MANY adverb: how many
HAVE verb: have
MUST verb: must, have to
WANT verb: want
DONT-WANT verb: don't want
LIKE verb: like
GO verb: go
HELP verb: help
EAT verb: eat
DRINK verb: drink
LEARN verb: learn
UNDERSTAND verb: understand
DO verb: do
SIGN verb: sign
SIGN-NOUN noun: sign
MEET verb: meet
WORK verb: work
SCHOOL noun: school
HOME noun: home
FRIEND noun: friend
MOTHER noun: mother
CHILD noun: child
WATER noun: water
TIME noun: time
DOLLAR noun: dollar
CAN verb: can
FIRST adjective: first
"""


def _sign(gloss: str, words: tuple[str, ...], pos: str) -> Sign:
    return Sign(gloss, "ASL", words, "one", (Posture("flat", "neutral", palm="down", fingers="forward"),), pos=pos)


def sample_lexicon() -> Lexicon:
    """Fifty ASL glosses, the alphabet, and the numbers 0 to 20."""
    signs = {}
    for line in _SIGNS.strip().splitlines():
        head, words = line.split(":")
        gloss, pos = head.split()
        signs[gloss] = _sign(gloss, tuple(w.strip() for w in words.split(",")), pos)
    letters = {c: _sign(f"fs-{c}", (c.lower(),), "letter") for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    numbers = {str(n): _sign(str(n), (str(n),), "number") for n in range(21)}
    return Lexicon("ASL", {}, signs, letters, numbers)
