"""Figures: one style for the whole book, and the plots that several pages share.

A page calls `set_style()` once, in its first cell, and describes each figure in its cell's header:

    ```{code-cell} ipython3
    ---
    mystnb:
      figure:
        caption: |
          What the figure shows, as a sentence.
        name: figure-some-name
      image:
        alt: >-
          What one would see: the kind of chart, its axes, and how the curves run.
    ---
    ```

The caption's name makes the figure referable: {numref}`figure-some-name`. The build fails on a
figure without alt text.

Figures are transparent SVG, dark on light. In dark mode the book's style sheet turns their
lightness round and keeps their hues: near-black text becomes near-white, blue stays blue, and a
colour map that starts at white (`Blues`, the default) starts at the dark page's background. So
write "the stronger the colour", not "the darker". Never tell things apart by colour alone: lines
differ in dashes and markers too.
"""

import functools
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from cycler import cycler
from jaxtyping import Float
from matplotlib import font_manager
from matplotlib.axes import Axes
from torch import Tensor

INK = "#222222"
# Okabe and Ito's palette for colour-blind readers, without the colours that are too pale for
# lines on white (contrast under 3:1).
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#C8649B", INK]
DASHES = ["-", "--", "-.", ":", (0, (3, 1, 1, 1, 1, 1))]
MARKERS = ["o", "s", "^", "D", "v"]


def set_style() -> None:
    """Set the book's figure style for the rest of the notebook."""
    mpl.rcParams.update(
        {
            "axes.prop_cycle": cycler(
                color=COLOURS,
                linestyle=DASHES,
                marker=MARKERS,
                # A tenth of the chart's diagonal apart, so that dense curves stay curves.
                markevery=[0.1] * len(COLOURS),
            ),
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "axes.spines.right": False,
            "axes.spines.top": False,
            "figure.facecolor": "none",
            "figure.figsize": (6.4, 3.6),
            "axes.facecolor": "none",
            "font.family": ["DejaVu Sans", *japanese_fonts()],
            "font.size": 11,
            "grid.color": "#BBBBBB",
            "image.cmap": "Blues",
            "legend.frameon": False,
            "lines.markersize": 5,
            "savefig.facecolor": "none",
            # Outlines look the same whatever fonts the reader has.
            "svg.fonttype": "path",
            # Makes ids, and with them the whole file, the same on every run.
            "svg.hashsalt": "transformer",
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
        }
    )
    # Outside a notebook there is no shell whose output format could be set.
    if "IPython" in sys.modules and (shell := sys.modules["IPython"].get_ipython()):
        _show_as_svg(shell)


def _show_as_svg(shell) -> None:
    """Have the notebook store figures as SVG, without the date that would differ on every run."""
    from matplotlib_inline.config import InlineBackend

    inline = InlineBackend.instance(parent=shell)
    options: dict[str, Any] = {"bbox_inches": "tight", "metadata": {"Date": None}}
    inline.print_figure_kwargs = options
    inline.figure_formats = {"svg"}


def plot_attention(
    weights: Float[Tensor, "query key"],
    query_tokens: Sequence[str],
    key_tokens: Sequence[str],
    ax: Axes | None = None,
) -> Axes:
    """Draw who looks at whom: one row a query, one column a key, the stronger the colour the more.

    Args:
        weights: the weights of one head, or a mean over heads, shape (query, key).
        query_tokens: a label for each row.
        key_tokens: a label for each column; a text will do, its characters are the labels.
        ax: where to draw; a new figure of a fitting size by default.

    Returns:
        The axes, so that a title and other labels can be set.

    Raises:
        ValueError: if the number of tokens is not that of the weights.
    """
    queries, keys = weights.shape
    if (len(query_tokens), len(key_tokens)) != (queries, keys):
        raise ValueError(
            f"expected {queries} query tokens and {keys} key tokens for weights of shape "
            f"{(queries, keys)}, got {len(query_tokens)} and {len(key_tokens)}"
        )
    if ax is None:
        _, ax = plt.subplots(figsize=(0.8 + 0.24 * keys, 0.8 + 0.24 * queries))
    ax.pcolormesh(weights.detach().cpu(), vmin=0.0, vmax=1.0)  # unlike imshow, vectors in an SVG
    ax.set_aspect("equal")
    ax.invert_yaxis()
    ax.set_xticks([i + 0.5 for i in range(keys)], key_tokens)
    ax.set_yticks([i + 0.5 for i in range(queries)], query_tokens)
    ax.tick_params(length=0)
    ax.set(xlabel="key", ylabel="query")
    for label in (*ax.get_xticklabels(), *ax.get_yticklabels()):
        label.set_fontfamily([*mpl.rcParams["font.family"], *japanese_fonts()])
    return ax


def plot_schedule(
    schedules: Mapping[str, Callable[[int], float]], steps: int, ax: Axes | None = None
) -> Axes:
    """Draw learning rates against the step.

    Args:
        schedules: a name → a function from the step, counted from 1, to the learning rate.
        steps: the last step drawn.
        ax: where to draw; a new figure by default.

    Returns:
        The axes.
    """
    ax = plt.subplots()[1] if ax is None else ax
    shown = range(1, steps + 1, max(1, steps // 500))
    for name, schedule in schedules.items():
        ax.plot(shown, [schedule(step) for step in shown], label=name)
    ax.set(xlabel="step", ylabel="learning rate")
    ax.legend()
    return ax


def plot_curves(
    curves: Mapping[str, Sequence[float]], *, window: int = 1, ax: Axes | None = None
) -> Axes:
    """Draw curves such as losses against the step.

    Args:
        curves: a name → a value for each step.
        window: number of steps that each point is the mean of, to see through the noise.
        ax: where to draw; a new figure by default.

    Returns:
        The axes.
    """
    ax = plt.subplots()[1] if ax is None else ax
    for name, values in curves.items():
        ends = range(window, len(values) + 1)
        ax.plot(ends, [sum(values[end - window : end]) / window for end in ends], label=name)
    ax.set(xlabel="step", ylabel="loss")
    ax.legend()
    return ax


@functools.cache
def japanese_fonts() -> tuple[str, ...]:
    """Names of the fonts to try for Japanese; empty if this machine has none.

    Matplotlib brings no Japanese font. The package matplotlib-fontja brings IPAexGothic; it is
    found without importing it, since the import changes the style of every figure.
    """
    package = importlib.util.find_spec("matplotlib_fontja")
    if package is not None and package.origin is not None:
        for path in Path(package.origin).parent.glob("fonts/*.ttf"):
            font_manager.fontManager.addfont(path)
    installed = {font.name for font in font_manager.fontManager.ttflist}
    known = ("IPAexGothic", "Noto Sans CJK JP", "Hiragino Sans", "Yu Gothic", "MS Gothic")
    return tuple(name for name in known if name in installed)
