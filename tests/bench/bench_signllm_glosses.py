"""Glosses of Prompt2LangGloss's first step for everyday sentences: `python -m tests.bench.bench_signllm_glosses`.

The model was trained on what the grammar makes of templates. Here are sentences that no template made (those of
`bench_coverage`): error rate of its glosses against the plan of the grammar, words of a spelled name one by one as the
model has them, four beams, the bundled model in ONNX Runtime. Glosses that the model lacks count as it would sign them
(without places, or spelled). Whether a plan is good signing is not measured here.
"""

from __future__ import annotations

import argparse

from engine import languages
from engine.generators.base import GenerateRequest
from engine.lexicon.loader import load_language
from engine.planning import make_plan
from engine.signllm.bundled import Model, opened
from engine.signllm.performance import Options, found_for
from engine.signllm.vocabulary import lang_glosses
from engine.training.signllm_reader import gloss_error
from tests.bench.bench_coverage import DATA, TEXTS

BEAMS = 4


def main() -> None:
    """Print a line for each set of sentences."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for name, (code, file) in TEXTS.items():
        model = opened(found_for(Options(), "", code, "prompt2langgloss"))
        texts = (DATA / file).read_text(encoding="utf-8").split("\n")
        pairs = [(written(model, text, code), planned(model, text, code)) for text in texts if text.strip()]
        found, there = zip(*pairs, strict=True)
        right = sum(a == b for a, b in pairs) / len(pairs)
        print(f"{name:18} {len(pairs):3} sentences: error rate {gloss_error(found, there):.2f}, all right {right:.0%}")


def written(model: Model, text: str, code: str) -> str:
    """What the model makes of a text."""
    assert model.glosses is not None
    return " ".join(model.glosses.decode(model.write_glosses(text, code, BEAMS, lambda _: None).rows))


def planned(model: Model, text: str, code: str) -> str:
    """What the grammar makes of it, in the model's tokens."""
    assert model.glosses is not None
    language, lexicon = languages.get(code), load_language(code)
    plan = make_plan(GenerateRequest(text=text, language=code), language, lexicon)
    tokens = lang_glosses(code, plan.glosses, lexicon.letters)
    return " ".join(known for token in tokens for known in model.glosses.known(token))


if __name__ == "__main__":
    main()
