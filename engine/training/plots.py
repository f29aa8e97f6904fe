"""Plots of reports: bars with their errors, as SVG that can be read on a light and on a dark page."""

# pyright: reportMissingImports=false
from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

COLOURS: Final = ("#3b82c4", "#e08a1e", "#2fa37c", "#b65fc4", "#c9524f", "#8a8f98")
"""Of one group's bars; each stands out from white and from black."""
_INK: Final = "#7d8590"
"""Of text and lines: a grey that can be read on both."""
_BAR: Final = 0.26
"""Inches of a bar."""


@dataclass(frozen=True)
class Bars:
    """A panel of a plot. values: by series (a colour each) the value and the error of each row, `None` for none.

    better: `lower` or `higher`.
    """

    title: str
    rows: Sequence[str]
    values: Mapping[str, Sequence[tuple[float, float] | None]]
    better: str = "lower"


def bar_plot(path: Path, panels: Sequence[Bars]) -> Path:
    """Draw panels of horizontal bars side by side, which have the same rows. Written beside and renamed."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    series = len(panels[0].values)
    height = 0.9 + len(panels[0].rows) * (_BAR * series + 0.18)
    figure = Figure(figsize=(2.2 + 3.1 * len(panels), height), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axis, panel in zip(axes, panels, strict=True):
        _draw(axis, panel)
    if series > 1:
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=min(series, 5), frameon=False, labelcolor=_INK)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.part")
    with _style():
        figure.savefig(partial, format="svg", transparent=True, metadata={"Date": None})
    os.replace(partial, path)
    return path


def _style() -> Any:
    import matplotlib

    # text stays text, and ids follow from the content, so that the same figures give the same file
    return matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "signwright", "font.family": "sans-serif"})


def _draw(axis: Any, panel: Bars) -> None:
    count = len(panel.values)
    for number, (name, values) in enumerate(panel.values.items()):
        colour = COLOURS[number % len(COLOURS)]
        there = [(row, value) for row, value in enumerate(values) if value is not None]
        at = [row + (number - (count - 1) / 2) * 0.8 / count for row, _ in there]
        means, errors = [v for _, (v, _) in there], [e for _, (_, e) in there]
        axis.barh(at, means, 0.72 / count, xerr=errors, color=colour, label=name, error_kw={"ecolor": _INK, "lw": 1.2})
        for place, mean, error in zip(at, means, errors, strict=True):
            axis.annotate(
                f"{mean:.3g}", (mean + error, place), (4, 0), textcoords="offset points", va="center", color=_INK,
                fontsize=8,
            )  # fmt: skip
    axis.set_title(f"{panel.title}\n({panel.better} is better)", color=_INK, fontsize=10)
    axis.set_yticks(range(len(panel.rows)), panel.rows)
    axis.set_ylim(len(panel.rows) - 0.5, -0.5)
    axis.margins(x=0.14)
    axis.tick_params(colors=_INK, labelsize=9, length=0)
    axis.grid(axis="x", color=_INK, alpha=0.25, lw=0.8)
    axis.set_axisbelow(True)
    for side in axis.spines.values():
        side.set_visible(False)
