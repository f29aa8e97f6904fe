"""The report of an evaluation: Markdown for people, JSON for programs."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ..metrics.errors import ERRORS, REGIONS
from ..metrics.tables import table
from .evaluate import FIGURES, MethodResult, Reconstruction, Settings
from .plots import Bars, bar_plot

MARKDOWN: Final = "report.md"
JSON: Final = "report.json"
PLOT: Final = "report.svg"
_SHOWN: Final = (("DTW-JPE", "body"), ("DTW-JPE", "hands"), ("DTW-PA-JPE", "body"), ("DTW-PA-JPE", "hands"))
_PER_FRAME: Final = (("JPE per frame", "body"), ("JPE per frame", "hands"), ("PA-JPE per frame", "body"),
                     ("PA-JPE per frame", "hands"))  # fmt: skip


@dataclass(frozen=True)
class About:
    """What was evaluated on what. bundles: name by label. notes: what a reader has to know."""

    corpus: str
    body: str
    bundles: Mapping[str, str]
    settings: Settings
    clips: Mapping[str, int]
    version: str
    notes: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """For the report's head."""
        counts = ", ".join(f"{count} {code}" for code, count in sorted(self.clips.items()))
        models = "; ".join(f"{label}: {name}" for label, name in self.bundles.items())
        return [
            f"Corpus {self.corpus}, split {self.settings.split}: {sum(self.clips.values())} clips ({counts}). "
            f"Seed {self.settings.seed}. Body: {self.body}. Signwright {self.version}.",
            *([f"Models: {models}."] if models else []),
            *self.notes,
        ]


def write(folder: Path, markdown: str, data: Mapping[str, Any]) -> tuple[Path, Path]:
    """Write both files, each beside and renamed."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {MARKDOWN: markdown, JSON: json.dumps(data, indent=1, ensure_ascii=False) + "\n"}
    for name, text in texts.items():
        partial = folder / f"{name}.part"
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, folder / name)
    return folder / MARKDOWN, folder / JSON


# ---------------------------------------------------------------- tokenizer


def tokenizer_markdown(about: About, results: Mapping[str, Reconstruction]) -> str:
    """results: by the bundle's label."""
    first = next(iter(results.values()))
    rows = [
        (label, code, error, *(found.errors[code][error, region] for region in REGIONS))
        for label, found in results.items()
        for code in _codes(found.clips)
        for error in ERRORS
    ]
    used = [
        (label, part, round(count, 1), size)
        for label, found in results.items()
        for part, (count, size) in found.used.items()
    ]
    return joined(
        "# Tokenizer: motion to codes and back",
        *about.lines(),
        f"Errors are means over {first.frames} frames (one in {about.settings.every}) in millimetres. Whole body "
        "aligned at the pelvis, hands at the wrist, face at the neck; `PA`: after the best similarity.",
        *([] if first.face_moves else ["The face of this body doesn't move: its expressions are of another kind."]),
        table(("model", "language", "error (mm)", *REGIONS), rows),
        "Codes in use, by the entropy of how often each is:",
        table(("model", "part", "in use", "code book"), used, digits=1),
    )


def tokenizer_json(about: About, results: Mapping[str, Reconstruction]) -> dict[str, Any]:
    """All figures of `tokenizer_markdown`, and more."""
    models = {
        label: {
            "frames": found.frames,
            "clips": dict(found.clips),
            "face_moves": found.face_moves,
            "millimetres": {
                code: {f"{error} {region}": value for (error, region), value in errors.items()}
                for code, errors in found.errors.items()
            },
            "codes_in_use": {part: {"perplexity": n, "size": size} for part, (n, size) in found.used.items()},
        }
        for label, found in results.items()
    }
    return {"kind": "tokenizer", **_about(about), "models": models}


# ---------------------------------------------------------------- generators


def generator_markdown(
    about: About, results: Sequence[MethodResult], recordings: MethodResult | None, reader: str = ""
) -> str:
    """recordings: back-translation of the recordings themselves. reader: the bundle that reads motion."""
    codes = _codes(Counter(about.clips))
    parts = [
        "# Generators: text to motion, against recordings",
        *about.lines(),
        "DTW-JPE and DTW-PA-JPE are sums along the warping path in metres, not divided by its length, as published "
        "(lower is better); ± is the standard error of the mean. Body: 14 joints of the upper body, aligned at the "
        "pelvis; hands: 21 points each, aligned at the wrist, the mean of both; PA: the best rigid motion of each pair "
        "of frames. Length: of the motion, in lengths of the recording.",
        f"![Errors by method]({PLOT})",
    ]
    for code in codes:
        parts += [f"## {'All languages' if code == 'all' else code}", _main_table(results, code)]
        parts += ["Means along the path, in millimetres:", _frame_table(results, code)]
    parts += _pairs_part(results)
    failed = [(r.name, len(r.failed)) for r in results if r.failed]
    if failed:
        parts += ["Clips that a method couldn't sign, which its figures leave out:", table(("method", "clips"), failed)]
    parts += _text_part(results, recordings, reader, [code for code in codes if code != "all"])
    return joined(*parts)


def _main_table(results: Sequence[MethodResult], code: str) -> str:
    header = ("method", "clips", *(f"{error} {part}" for error, part in _SHOWN), "length", "s a text", "on")
    rows = []
    for result in results:
        own = result.of(code)
        if own:
            figures = result.figures(code)
            cells = [with_error(*figures[part][error]) for error, part in _SHOWN]
            length = sum(s.length for s in own) / len(own)
            rows.append((result.name, len(own), *cells, length, result.seconds, result.runs_on))
    return table(header, rows)


def _frame_table(results: Sequence[MethodResult], code: str) -> str:
    rows = [
        (result.name, *(result.figures(code)[part][error][0] for error, part in _PER_FRAME))
        for result in results
        if result.of(code)
    ]
    return table(("method", *(f"{error} {part}" for error, part in _PER_FRAME)), rows)


def _pairs_part(results: Sequence[MethodResult]) -> list[str]:
    """Differences between methods clip by clip, which tell more than the spread of clips of unequal length."""
    *others, last = results
    errors = [(error, part) for error, part in _SHOWN]
    rows = [
        (other.name, *(with_error(*other.against(last, part, error)) for error, part in errors)) for other in others
    ]
    if not rows or not last.scored:
        return []
    header = ("method", *(f"{error} {part}" for error, part in errors))
    return [
        f"## Against {last.name}",
        "Mean differences clip by clip; above 0: the method errs more.",
        table(header, rows),
    ]


def _text_part(
    results: Sequence[MethodResult], recordings: MethodResult | None, reader: str, codes: Sequence[str]
) -> list[str]:
    if recordings is None:
        return ["Back-translation: none of the bundles was trained to read motion."]
    rows = []
    for code in codes:
        for result in (recordings, *results):
            scores = result.texts(code)
            if scores is not None:
                rows.append((code, result.name, scores.samples, *scores.bleu, scores.rouge_l))
    return [
        "## Back-translation",
        f"Motion is read back into text by the sign-to-text of {reader}, a model of ours that was trained on the same "
        "corpus: the figures compare methods with each other here and nothing with published ones. `recordings` is "
        "what it reads off the recordings themselves. BLEU by sacrebleu (Chinese by characters), ROUGE-L: F1 by "
        "torchmetrics.",
        table(("language", "method", "clips", "BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L"), rows),
    ]


def generator_plot(folder: Path, results: Sequence[MethodResult]) -> Path:
    """Draw the errors of all languages together, the figures of the first table."""
    there = [result for result in results if result.scored]
    panels = [
        Bars(f"{error}, {part}, m", [r.name for r in there], {"all": [r.figures("all")[part][error] for r in there]})
        for error, part in _SHOWN
    ]
    return bar_plot(folder / PLOT, panels)


def generator_json(
    about: About, results: Sequence[MethodResult], recordings: MethodResult | None, reader: str = ""
) -> dict[str, Any]:
    """All figures of `generator_markdown`, and those of each clip."""
    codes = _codes(Counter(about.clips))
    methods = [_method_json(result, codes) for result in results]
    data: dict[str, Any] = {"kind": "generator", **_about(about), "methods": methods}
    if recordings is not None:
        data["back_translation"] = {"reader": reader, "recordings": _texts_json(recordings, codes)}
    return data


def _method_json(result: MethodResult, codes: Sequence[str]) -> dict[str, Any]:
    figures = {
        code: {
            part: {name: {"mean": own[name][0], "standard_error": own[name][1]} for name in FIGURES}
            for part, own in result.figures(code).items()
        }
        for code in codes
        if result.of(code)
    }
    clips = [
        {
            "name": s.clip.name,
            "length": s.length,
            "errors": {part: asdict(warped) for part, warped in s.errors.items()},
            **({"said": s.said} if s.said is not None else {}),
        }
        for s in result.scored
    ]
    told = {"name": result.name, "runs_on": result.runs_on, "seconds_a_text": result.seconds, "failed": result.failed}
    return {**told, "figures": figures, "texts": _texts_json(result, codes), "clips": clips}


def _texts_json(result: MethodResult, codes: Sequence[str]) -> dict[str, Any]:
    scores = {code: result.texts(code) for code in codes if code != "all"}
    return {code: asdict(found) for code, found in scores.items() if found is not None}


def _about(about: About) -> dict[str, Any]:
    return {**asdict(about), "bundles": dict(about.bundles), "clips": dict(about.clips)}


def _codes(clips: Mapping[str, int]) -> list[str]:
    codes = sorted(clips)
    return codes if len(codes) == 1 else ["all", *codes]


def with_error(mean: float, error: float) -> str:
    """A mean and its error, for a table."""
    return f"{mean:.2f} ± {error:.2f}"


def joined(*parts: str) -> str:
    """Paragraphs of Markdown."""
    return "\n\n".join(parts) + "\n"
