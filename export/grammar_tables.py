"""Write `docs/grammar.md` from the rule files: `python -m export.grammar_tables`."""

from __future__ import annotations

import sys
from pathlib import Path

from engine import languages
from engine.text.rules import Rule, has_rules, rules

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "grammar.md"
_HEAD = """\
<!-- Written by `python -m export.grammar_tables` from engine/text/rules/*.toml: change the rules, not this page. -->
# How a text becomes signs

Signwright doesn't translate. It takes a sentence apart as far as it can be sure of it, and puts its signs in the
order of the signed language by the rules below. **A clause that it isn't sure of keeps the order of the text**: one
with a relative clause, with several verbs that don't belong together, without a verb, or with words that fit nowhere.
*Word order: as in the text* (`--word-order text`) switches all changes of order off. The gloss line shows the
outcome; you can edit it before generating, and your line wins ([gloss.md](gloss.md)).

No rule has been reviewed by a fluent signer yet. Signed languages leave room for many orders; these rules pick one
plain one.

**Changing rules.** Put a file of the same name in your dictionary's folder: `rules/asl.toml`. A rule with the name of
one below changes it, `off = true` switches it off, a new name adds a rule. The words that the rules speak of are in
tables of the same kind (`words/en.toml`). The format: [engine/text/README.md](../engine/text/README.md).

Besides the rules: words are signed by their base form; a word with several signs gets the one that fits its part of
speech and the words around it; names and unknown words are fingerspelled; words in English that mean nothing by
themselves are left out; a word's place in space is kept for the whole text (the first third person is at 3a, the next
at 3b), and *she*, *he*, *it* mean the last one mentioned whom they fit, a subject before an object.
"""
_NO_RULES = (
    "The other languages ({names}) are signed in the order of the text; most have only letters, and are fingerspelled."
)


def document() -> str:
    """The whole page."""
    parts = [_HEAD]
    for language in languages.LANGUAGES:
        if has_rules(language.code):
            parts.append(f"## {language.name} ({language.code})\n\n{_table(rules(language.code).rules)}")
    without = [x.code for x in languages.LANGUAGES if not has_rules(x.code)]
    if without:
        parts.append(_NO_RULES.format(names=", ".join(without)))
    return "\n".join(parts)


def _table(its_rules: tuple[Rule, ...]) -> str:
    lines = ["| rule | what it does | example |", "|---|---|---|"]
    for rule in its_rules:
        examples = "<br>".join(f"{_cell(text)} → `{_cell(line)}`" for text, line in rule.examples)
        name = f"{rule.name} (off)" if rule.off else rule.name
        lines.append(f"| {name} | {_cell(rule.about)} | {examples} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> int:
    """Write the page."""
    DOCUMENT.write_text(document(), encoding="utf-8")
    print(DOCUMENT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
