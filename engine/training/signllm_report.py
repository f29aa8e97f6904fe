"""The report of an evaluation of SignLLM: Markdown for people, JSON for programs, a plot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..metrics.tables import table
from .evaluation_report import joined, with_error, write
from .plots import Bars, bar_plot
from .signllm_evaluation import FIGURES, Result, Settings

PLOT: Final = "report.svg"
_MODES: Final = {"mlsf": "MLSF", "prompt2langgloss": "Prompt2LangGloss"}
_LOSSES: Final = {"mse": "MSE", "rl": "RL", "rl_plc": "RL + PLC"}
_COLOURED: Final = 3
"""Most languages that get a colour of their own in the plot."""
PUBLISHED: Final = (
    ("Progressive Transformers' loss (base)", 9.27), ("RL", 13.26), ("RL + PLC", 14.13), ("Prompt2LangGloss", 16.32),
)  # fmt: skip
"""BLEU-4 on ASL of the published ablation (Fang et al. 2024, arXiv 2405.10718)."""


@dataclass(frozen=True)
class About:
    """What was evaluated on what. reader: what texts and glosses are read with. notes: what a reader has to know."""

    data: str
    unit: str
    fps: float
    settings: Settings
    clips: Mapping[str, int]
    version: str
    reader: str = ""
    notes: tuple[str, ...] = ()


def write_report(folder: Path, about: About, results: Sequence[Result]) -> list[Path]:
    """Write `report.md`, `report.json` and `report.svg`."""
    paths = write(folder, markdown(about, results), _json(about, results))
    panels = [_panel(about, results, figure) for figure in ("DTW", "DTW hands")]
    return [*paths, bar_plot(folder / PLOT, panels)]


def markdown(about: About, results: Sequence[Result]) -> str:
    """The report for people."""
    counts = ", ".join(f"{count} {code}" for code, count in sorted(about.clips.items()))
    codes = sorted(about.clips)
    return joined(
        "# SignLLM: text to 50 joints, against recordings",
        f"Files {about.data}, split {about.settings.split}: {sum(about.clips.values())} clips ({counts}), at "
        f"{about.fps:g} frames a second. Seed {about.settings.seed}. Signwright {about.version}.",
        *about.notes,
        f"DTW: mean distance of the 50 joints along the warping path in {_unit(about)}, aligned at the neck; hands: of "
        "21 joints each, aligned at the wrist, the mean of both; sum: along the path. MPJPE: frame by frame, the "
        "motion stretched to the recording's length. Lower is better; ± is the standard error over clips. Length: in "
        "the recording's. Ended: share that the model's own counter ended. No model is given a length, a first frame "
        "or a counter.",
        f"![DTW by method and language]({PLOT})",
        *(part for code in (codes if len(codes) == 1 else ["all", *codes]) for part in _language(results, code)),
        *_losses(results, codes),
        *_texts(about, results, codes),
    )


def _unit(about: About) -> str:
    return "mm" if about.unit == "metres" else f"thousandths of the {about.unit}"


def _language(results: Sequence[Result], code: str) -> list[str]:
    rows = []
    for result in results:
        if result.of(code):
            figures = [with_error(*result.mean(code, name)) for name in FIGURES[:4]]
            rows.append((result.name, len(result.of(code)), *figures, *(result.mean(code, f)[0] for f in FIGURES[4:])))
    header = ("method", "clips", "DTW", "DTW hands", "DTW sum", "MPJPE", "length", "ended")
    return [f"## {'All languages' if code == 'all' else code}", table(header, rows)]


def _losses(results: Sequence[Result], codes: Sequence[str]) -> list[str]:
    """A row for each mode and loss: means over trainings by several seeds, and their spread."""
    groups: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        loss = _loss_of(result)
        if loss is not None and not result.name.endswith("given"):
            groups[loss].append(result)
    if len(groups) < 2:
        return []
    rows = []
    for (mode, loss), own in groups.items():
        dtw = [result.mean("all", "DTW")[0] for result in own]
        hands = [result.mean("all", "DTW hands")[0] for result in own]
        bleu = [scores.bleu[3] for result in own if (scores := _largest(result, codes)) is not None]
        cells = (_spread(dtw), _spread(hands), _spread(bleu) if bleu else None)
        rows.append((_MODES.get(mode, mode), _LOSSES.get(loss, loss), len(own), *cells))
    largest = max(codes, key=lambda code: len(results[0].of(code)))
    header = ("mode", "loss", "seeds", "DTW", "DTW hands", f"BLEU-4 {largest}")
    published = ", ".join(f"{name} {value}" for name, value in PUBLISHED)
    return [
        "## Losses",
        "Means over the seeds; ± is the standard deviation between them, where there are several.",
        table(header, rows),
        f"Published, BLEU-4 on ASL: {published}. That is another reader, recordings of people and models of 40 million "
        "weights and more: only the order could be compared, and differences within the spread say nothing.",
    ]


def _loss_of(result: Result) -> tuple[str, str] | None:
    config = result.about.get("config")
    return (str(result.about.get("mode")), str(config["pose"]["loss"]["kind"])) if config else None


def _largest(result: Result, codes: Sequence[str]) -> Any:
    return result.texts(max(codes, key=lambda code: len(result.of(code))))


def _spread(values: Sequence[float]) -> str:
    return f"{np.mean(values):.2f}" + (f" ± {np.std(values, ddof=1):.2f}" if len(values) > 1 else "")


def _texts(about: About, results: Sequence[Result], codes: Sequence[str]) -> list[str]:
    if not about.reader:
        return ["Back-translation: no model that reads poses was given."]
    rows = []
    for code in codes:
        for result in results:
            scores = result.texts(code)
            if scores is not None:
                errors = result.gloss_error(code), result.planned_error(code)
                rows.append((code, result.name, scores.samples, *scores.bleu, scores.rouge_l, *errors))
    header = ("language", "method", "clips", "BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L", "glosses seen",
              "glosses planned")  # fmt: skip
    return [
        "## Back-translation",
        f"Poses are read back into text by {about.reader}, a model of ours that was trained on the same files: the "
        "figures compare methods with each other here, and nothing with published ones. BLEU by sacrebleu (Chinese by "
        "characters), ROUGE-L: F1 by torchmetrics. Glosses seen: error rate of the glosses that the same model "
        "recognises (lower is better; above 1 when it sees more than there are). Glosses planned: that of "
        "Prompt2LangGloss's first step.",
        table(header, rows),
    ]


def _panel(about: About, results: Sequence[Result], figure: str) -> Bars:
    codes = sorted(about.clips)
    values = {
        code: [result.mean(code, figure) if result.of(code) else None for result in results]
        for code in (codes if len(codes) <= _COLOURED else ["all"])
    }
    return Bars(f"{figure}, {_unit(about)}", [result.name for result in results], values)


def _json(about: About, results: Sequence[Result]) -> dict[str, Any]:
    codes = sorted(about.clips)
    methods = []
    for result in results:
        texts = {code: asdict(found) for code in codes if (found := result.texts(code)) is not None}
        figures = {
            code: {
                name: dict(zip(("mean", "standard_error"), result.mean(code, name), strict=True)) for name in FIGURES
            }
            for code in ("all", *codes)
            if result.of(code)
        }
        errors = {code: {"seen": result.gloss_error(code), "planned": result.planned_error(code)} for code in codes}
        clips = [
            {"name": s.clip.clip.name, "language": s.clip.clip.language, "figures": dict(s.figures), "said": s.said}
            for s in result.scored
        ]
        told = {"name": result.name, "about": dict(result.about), "seconds_a_clip": result.seconds, "figures": figures}
        methods.append({**told, "texts": texts, "gloss_errors": errors, "clips": clips})
    settings = {**asdict(about), "clips": dict(about.clips)}
    return {"kind": "signllm", **settings, "methods": methods}
