"""What a text is made of once it is read: words, tokens, clauses."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..gloss import PhraseKind
from .tokens import Span, Token

COMMA_SECONDS, SENTENCE_SECONDS, ELLIPSIS_SECONDS = 0.25, 0.6, 0.9
STOPS = {"?": SENTENCE_SECONDS, "!": SENTENCE_SECONDS, ".": SENTENCE_SECONDS, "…": ELLIPSIS_SECONDS}
LINE_ENDS = ("\n", "\n\n")


@dataclass(frozen=True)
class Word:
    """A word after its contractions are undone."""

    text: str
    """As written."""
    form: str
    """In lower case, contractions written out."""
    span: Span
    opens_sentence: bool = False
    is_name: bool = False
    owns: bool = False
    """With a possessive ending."""

    @property
    def capitalised(self) -> bool:
        """Written with a capital where a common word has none."""
        return self.text[:1].isupper() and not self.opens_sentence and self.form != "i"


Element = Word | Token
"""What a clause is made of; tokens are numbers, symbols and emoji."""


@dataclass
class Clause:
    """What lies between two marks."""

    elements: list[Element] = field(default_factory=list)
    pause: float = 0.0
    """Seconds of rest after it."""
    pause_span: Span = (0, 0)
    kind: PhraseKind = "statement"
    negated: bool = False
    conditional: bool = False
    temporal: bool = False
    """It says when the clause beside it holds."""
    tag_question: bool = False
    exclaimed: bool = False
    sentence: int = 0
    """Which sentence of the text it belongs to."""

    @property
    def forms(self) -> list[str]:
        """Its words."""
        return [e.form for e in self.elements if isinstance(e, Word)]

    @property
    def emoji(self) -> list[Token]:
        """Its emoji."""
        return [e for e in self.elements if isinstance(e, Token) and e.kind == "emoji"]
