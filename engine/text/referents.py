"""Whom a text talks about, and where they are in signing space.

The signer is 1, the addressee 2. Others get places as they come up, the first to the right (3a), the next to the left
(3b), and keep them for the whole text (Padden 1988; Liddell 2003). *she* is the last one mentioned whom it fits, a
subject before an object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..gloss import POINTER, POSSESSIVE, REFLEXIVE, GlossItem, sign_item
from ..lexicon.phonology import Sign
from .analysis import Analysis
from .chunks import Part
from .elements import Word
from .grammar import Grammar
from .rules import Rules
from .spelling import mouthing
from .units import Unit

if TYPE_CHECKING:
    from ..lexicon.loader import Lexicon

LOCI = ("3a", "3b", "3c", "3d")
_PERSONS = frozenset(("male", "female", "either"))
_FAR = 4
"""Clauses after which `it` no longer means what was mentioned."""


@dataclass(eq=False)
class Referent:
    """Somebody or something that was mentioned."""

    name: str
    gender: str
    """male, female, either or thing."""
    unit: Unit | None
    """Where it was mentioned first, if by a noun."""
    mentioned: tuple[int, int] = (0, 0)
    """Clause of the last mention, and 1 if it was the subject there."""
    locus: str = ""


class Referents:
    """Gives the units of a text their places, clause by clause in the order of the text."""

    def __init__(self, lexicon: Lexicon, grammar: Grammar, rules: Rules, spoken: str) -> None:
        self._grammar, self._rules, self._spoken = grammar, rules, spoken
        self._signs = {
            gloss: sign
            for gloss in (POINTER, POSSESSIVE, REFLEXIVE)
            if isinstance(sign := lexicon.signs.get(gloss), Sign) and sign.agreement
        }
        self._glosses = lexicon.signs
        self._known: list[Referent] = []
        self._used = 0
        self._orders: Sequence[Sequence[str]] = ()

    def place(self, analyses: Sequence[Analysis], reorder: bool) -> None:
        """Resolve who is meant in all clauses, and let pronouns, owners, names and verbs point there.

        reorder: whether the rules will change the order.
        """
        orders = [rule.order for rule in self._rules.active("order") if rule.of == "clause"]
        self._orders = orders if reorder else ()
        if POINTER not in self._signs:
            return
        for number, analysis in enumerate(analyses):
            taken: list[Referent] = []
            for part in analysis.parts:
                self._part(part, number, taken)
            self._verb(analysis)
        units = [unit for analysis in analyses for part in analysis.parts for unit in part.units]
        if self._used <= len(LOCI):
            self._in_order(units)
        for unit in units:
            self._point(unit)

    @staticmethod
    def _in_order(units: Sequence[Unit]) -> None:
        """Give the places out in the order in which they are first pointed to."""
        shown = (u.locus for u in units if u.locus in LOCI and (u.placed or u.pointing))
        renamed = dict(zip(dict.fromkeys(shown), LOCI, strict=False))
        for unit in units:
            unit.locus = renamed.get(unit.locus, unit.locus)
            unit.source, unit.goal = renamed.get(unit.source, unit.source), renamed.get(unit.goal, unit.goal)

    def _point(self, unit: Unit) -> None:
        """Make the items of a unit that points."""
        if unit.pointing and "owner" in unit.traits:
            unit.items = [*unit.items, self._pointing(unit.pointing, unit.locus, unit, mouthed=False)]
        elif unit.pointing:
            unit.items = [self._pointing(unit.pointing, unit.locus, unit)]

    # ------------------------------------------------------------ mentions

    def _part(self, part: Part, clause: int, taken: list[Referent]) -> None:
        """Resolve a part's units. taken: who was meant in this clause already, so that *he helps him* means two."""
        when = (clause, int(part.role in ("subject", "topic")))
        units = part.units
        for at, unit in enumerate(units):
            if unit.tag in ("pronoun", "possessive"):
                self._pronoun(unit, when, taken)
            elif "owner" in unit.traits and at + 1 < len(units):
                self._owner(units, at, when)
            elif (
                unit.tag == "name"
                and unit.spelled
                and part.role in ("subject", "object", "topic")
                and self._ends_name(units, at)
            ):
                first = next((i + 1 for i in reversed(range(at)) if units[i].tag != "name"), 0)
                self._mention(unit, " ".join(u.form for u in units[first : at + 1]), when, True, taken)
            elif unit is part.head and unit.tag == "noun" and "plural" not in unit.traits and not part.joined:
                keeps = part.role in ("subject", "object", "topic", "place", "adverb")
                if keeps and unit.form:  # a symbol has none
                    self._mention(unit, unit.form, when, False, taken)

    @staticmethod
    def _ends_name(units: Sequence[Unit], at: int) -> bool:
        return at + 1 == len(units) or units[at + 1].tag != "name"

    def _mention(self, unit: Unit, name: str, when: tuple[int, int], named: bool, taken: list[Referent]) -> Referent:
        known = next((r for r in self._known if r.name == name), None)
        if known is None:
            known = Referent(name, self._gender(name, named), unit)
            self._known.append(known)
            if named and self._rules.points("name"):
                self._give_place(known)
        known.mentioned = when
        unit.locus = known.locus
        taken.append(known)
        return known

    def _gender(self, name: str, named: bool) -> str:
        g, first = self._grammar, name.split()[0]
        for gender, words in (("male", g.male | g.male_names), ("female", g.female | g.female_names)):
            if name in words or (named and first in words):
                return gender
        return "either" if named or name in g.either else "thing"

    def _give_place(self, referent: Referent) -> str:
        """The place of a referent, a new one if it has none; a noun's first mention then points there."""
        if not referent.locus:
            referent.locus = LOCI[self._used % len(LOCI)]
            for other in self._known:
                if other is not referent and other.locus == referent.locus:
                    other.locus = ""
            self._used += 1
            if referent.unit is not None:
                referent.unit.placed, referent.unit.locus = True, referent.locus
        return referent.locus

    # ------------------------------------------------------------ pronouns

    def _pronoun(self, unit: Unit, when: tuple[int, int], taken: list[Referent]) -> None:
        traits = self._grammar.pronouns.get(unit.form, ())
        if not traits or "plural" in traits:
            unit.locus = traits[0] if traits and traits[0] != "3" else ""
            return
        owner = unit.tag == "possessive" or ("possessive" in traits and "object" not in traits)
        if traits[0] in ("1", "2"):
            unit.locus = traits[0]
        else:
            own = taken[0] if "self" in traits and taken else None
            found = own or self._resolve(traits, when[0], taken if not owner else [])
            if "empty" in unit.classes and found is not None and "weather" not in unit.traits:
                unit.classes = unit.classes - {"empty"}
            if "empty" in unit.classes:
                return
            if found is None:
                gender = next((t for t in traits if t in _PERSONS), "thing")
                found = Referent("", gender, None)
                self._known.append(found)
            unit.locus = self._give_place(found)
            found.mentioned = when
            if not owner:
                taken.append(found)
        gloss = REFLEXIVE if "self" in traits else POSSESSIVE if owner else POINTER
        rule = "possessive" if owner else "pronoun"
        if gloss in self._signs and self._rules.points(rule):
            unit.pointing = gloss

    def _resolve(self, traits: Sequence[str], clause: int, taken: Sequence[Referent]) -> Referent | None:
        """The last one mentioned whom a pronoun fits."""
        gender = next((t for t in traits if t in ("male", "female", "thing")), "either")
        fits = {"male": ("male", "either"), "female": ("female", "either"), "thing": ("thing",)}.get(gender, _PERSONS)
        near = [
            r
            for r in self._known
            if r.gender in fits and r not in taken and (gender != "thing" or clause - r.mentioned[0] <= _FAR)
        ]
        best = max(near, key=lambda r: r.mentioned, default=None)
        if best is not None and best.gender == "either" and gender in _PERSONS:
            best.gender = gender
        return best

    def _owner(self, units: list[Unit], at: int, when: tuple[int, int]) -> None:
        """Put the flat hand between an owner and what is owned."""
        unit = units[at]
        if POSSESSIVE not in self._signs or not self._rules.points("owner"):
            return
        known = next((r for r in self._known if r.name == unit.form), None)
        if known is None:
            known = Referent(unit.form, self._gender(unit.form, unit.tag == "name"), None)
            self._known.append(known)
        known.mentioned = when
        unit.locus = self._give_place(known)
        unit.pointing = POSSESSIVE

    def _pointing(self, gloss: str, locus: str, unit: Unit, mouthed: bool = True) -> GlossItem:
        word = "".join(e.form for e in unit.elements if isinstance(e, Word)) if mouthed else ""
        mouth = mouthing(word, self._spoken)
        return sign_item(self._signs[gloss], unit.span, mouth, known=self._glosses, goal=locus)

    def placing(self, unit: Unit) -> GlossItem:
        """The pointing that gives a name its place."""
        return self._pointing(POINTER, unit.locus, unit, mouthed=False)

    # ------------------------------------------------------------ directional verbs

    def _verb(self, analysis: Analysis) -> None:
        part = analysis.first("verb")
        if part is None or not analysis.sure or not self._rules.points("verb"):
            return
        self._complement(analysis)
        verb = part.units[-1]
        sign = verb.items[0].sign if len(verb.items) == 1 else None
        if not isinstance(sign, Sign) or not sign.agreement:
            return
        subject, whom = analysis.first("subject"), self._whom(analysis)
        known = [p for p in (subject, whom) if p is not None and self._is_placed_before(p, part, analysis)]
        doer = self._locus(subject) if subject in known else "2" if analysis.clause.kind == "command" else ""
        done_to = self._locus(whom) if whom in known else ""
        if not done_to or done_to == doer:
            return
        self._direct(verb, sign, doer, done_to)
        if whom is not None and len(whom.units) == 1 and whom.units[0].pointing:
            self._leave_to_verb(whom.units[0], verb)
        elif whom is not None and whom.role in ("place", "adverb") and whom.units[-1].pointing:
            for unit in whom.units:  # give it *to me*
                unit.left_out = True

    def _complement(self, analysis: Analysis) -> None:
        """`I want him to help me`: who is told to act is the one from whom the second verb goes."""
        part, actor = analysis.first("complement"), analysis.first("object")
        verb = next((u for u in part.units if u.tag == "verb"), None) if part else None
        sign = verb.items[0].sign if verb and len(verb.items) == 1 else None
        if part is None or verb is None or not isinstance(sign, Sign) or not sign.agreement:
            return
        whom = next((u for u in part.units[part.units.index(verb) + 1 :][:1] if u.pointing), None)
        if whom is not None and whom.locus and whom.locus != self._locus(actor):
            self._direct(verb, sign, self._locus(actor), whom.locus)
            self._leave_to_verb(whom, verb)

    @staticmethod
    def _direct(verb: Unit, sign: Sign, doer: str, done_to: str) -> None:
        places = {"object": ("", done_to), "subject_object": (doer, done_to), "object_subject": (done_to, doer)}
        verb.source, verb.goal = places[sign.agreement]

    @staticmethod
    def _leave_to_verb(pronoun: Unit, verb: Unit) -> None:
        """Leave out a pronoun that the verb shows by where it goes; it then stands for its words too."""
        pronoun.left_out = True
        if verb.span[1] < pronoun.span[0] <= verb.span[1] + 1:
            verb.elements = [*verb.elements, *pronoun.elements]

    @staticmethod
    def _whom(analysis: Analysis) -> Part | None:
        """The one to whom it is done: the indirect object, else the object."""
        indirect = next((p for p in analysis.parts if p.indirect), None)
        return indirect or analysis.first("object")

    def _locus(self, part: Part | None) -> str:
        """The place of whom a part means."""
        return "" if part is None or part.joined or part.head is None else part.head.locus

    def _is_placed_before(self, part: Part, verb: Part, analysis: Analysis) -> bool:
        """Whether a part's place is known when the verb is signed: a name that gets its place here stands before it."""
        if part.head is None or not part.head.placed:
            return True
        for order in reversed(self._orders):
            if part.role in order and verb.role in order:
                return order.index(part.role) < order.index(verb.role)
        return analysis.parts.index(part) < analysis.parts.index(verb)
