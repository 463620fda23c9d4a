"""Plots of the report on a class, as SVG that stands in the page and takes its colours."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from grader.batch.results import FAILED, PARTLY, PASSED, WAITING

# Stand for colours of the page's style sheet, which differ in the dark.
INK, GOOD, OPEN, BAD, PALE = "#010101", "#020202", "#030303", "#040404", "#050505"
COLOURS = {
    INK: "currentColor",
    GOOD: "var(--good)",
    OPEN: "var(--open)",
    BAD: "var(--bad)",
    PALE: "var(--line)",
}
NOT_WRITTEN = "not written"
# Told apart by pattern as well as by colour.
OUTCOMES = {
    PASSED: (GOOD, ""),
    PARTLY: (OPEN, "//"),
    FAILED: (BAD, "xx"),
    WAITING: (PALE, ".."),
    NOT_WRITTEN: (PALE, ""),
}
STYLE: dict[Any, Any] = {
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "none",
    "font.size": 10,
    "hatch.linewidth": 0.8,
    "legend.frameon": False,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",  # as text, in the reader's font and size
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def totals(scores: Sequence[float], most: float) -> Markup:
    """How many students have how many points: a bar for each tenth of all points."""
    width = most / 10 or 1
    counts = [0] * 10
    for score in scores:
        counts[min(int(score / width), 9)] += 1
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 2.8), layout="constrained")
        axes = figure.subplots()
        bars = axes.bar(
            [(i + 0.5) * width for i in range(10)], counts, 0.9 * width, color="none", edgecolor=INK
        )
        axes.bar_label(bars, [str(count) if count else "" for count in counts])
        axes.set(xlabel="points", ylabel="students", xlim=(0, 10 * width))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        described = ", ".join(
            f"{count} with {i * width:.0f} to {(i + 1) * width:.0f}"
            for i, count in enumerate(counts)
            if count
        )
        return _svg(figure, f"Bar chart of students by points: {described}.")


def tasks(rows: Sequence[Mapping[str, Any]]) -> Markup:
    """For each task, which share of the students passed, partly passed, and so on.

    Args:
        rows: the statistics of each task, as `class_report.statistics_of` returns them.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 0.8 + 0.24 * len(rows)), layout="constrained")
        axes = figure.subplots()
        left = [0.0] * len(rows)
        for name, (colour, hatch) in OUTCOMES.items():
            counts = [row[name] for row in rows]
            if not any(counts):
                continue
            fill = colour if not hatch else "none"
            axes.barh(
                range(len(rows)),
                counts,
                0.75,
                left,
                label=name,
                facecolor=fill,
                edgecolor=colour,
                hatch=hatch or None,
            )
            left = [a + b for a, b in zip(left, counts, strict=True)]
        axes.set_yticks(range(len(rows)), [f"{row['notebook'][:2]} {row['task']}" for row in rows])
        axes.invert_yaxis()
        axes.set(xlabel="students", ylim=(len(rows) - 0.4, -0.6))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.margins(x=0)
        figure.legend(loc="outside upper left", ncols=len(OUTCOMES))
        worst = sorted(rows, key=lambda row: row[PASSED])[:3]
        described = ", ".join(f"{row['task']} ({row[PASSED]})" for row in worst)
        text = f"Stacked bars, one a task, of how many students passed; fewest passed {described}."
        return _svg(figure, text)


def _svg(figure: Figure, description: str) -> Markup:
    """The figure as an element of a page, with a description for readers who do not see it."""
    file = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": description}):  # so that two figures share no ids
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    text = text[text.index("<svg") :]
    for colour, name in COLOURS.items():
        text = text.replace(colour, name)
    about = Markup('<svg role="img" aria-label="{}" ').format(description)
    return Markup(text.replace("<svg ", about, 1))
