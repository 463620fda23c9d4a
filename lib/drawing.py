"""Drawings of how a thing works, in one visual language for the whole book.

A token is a labelled column, a vector a strip of cells, a matrix a grid of cells with its numbers.
The larger a number is, whatever its sign, the stronger is its cell's colour. Queries, keys and
values each have their colour everywhere, and a label too, since not everyone can tell colours.

    ax = canvas(8, 5)
    strip(ax, 4, 4, query, QUERY, label="query")
    grid(ax, 4, 2, keys, KEY, rows=tokens)

All places are in cells, from the lower left, and a cell has the same size in every drawing. A
drawing of at most ten columns can be read on a phone. Colours and fonts are those of
`lib.plots`, whose `set_style` a page has called before.
"""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Rectangle
from torch import Tensor

from lib.plots import COLOURS, INK

QUERY, KEY, VALUE = COLOURS[:3]
OTHER = COLOURS[3]  # for what is neither a query nor a key nor a value
FAINT = "#777777"

INCHES = 0.42  # the side of a cell
FONT = 10  # points

Number = float | int
Place = tuple[Number, Number]


def canvas(columns: Number, rows: Number) -> Axes:
    """An empty drawing.

    Args:
        columns, rows: its width and height in cells.

    Returns:
        Axes without axes, (0, 0) at the lower left, in which a cell is a square.
    """
    _, ax = plt.subplots(figsize=(INCHES * columns, INCHES * rows))
    ax.set(xlim=(0, columns), ylim=(0, rows), aspect="equal", position=(0, 0, 1, 1))
    ax.axis("off")
    return ax


def strip(
    ax: Axes,
    x: Number,
    y: Number,
    vector: Float[Tensor, "feature"] | Sequence[Number],
    colour: str,
    *,
    label: str = "",
    largest: Number | None = None,
    digits: int = 1,
    upright: bool = False,
    size: Number = 1.0,
) -> None:
    """Draw a vector as a strip of cells with its numbers.

    Args:
        ax: where to draw.
        x, y: the centre of the strip.
        vector: the numbers.
        colour: what the vector is: `QUERY`, `KEY`, `VALUE`, `OTHER` or `INK`.
        label: written above.
        largest: the absolute value that has the full colour; by default the vector's largest.
        digits: how many digits after the point; whole numbers are written without.
        upright: whether the first number is at the top, rather than at the left.
        size: the side of a cell.
    """
    numbers = [float(number) for number in vector]
    rows = [[number] for number in numbers] if upright else [numbers]
    _cells(ax, x, y, rows, colour, largest=largest, digits=digits, size=size)
    if label:
        ax.text(x, y + size * (len(rows) / 2 + 0.15), label, **_text(colour, va="bottom"))


def grid(
    ax: Axes,
    x: Number,
    y: Number,
    matrix: Float[Tensor, "row column"],
    colour: str,
    *,
    label: str = "",
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    largest: Number | None = None,
    digits: int = 1,
    size: Number = 1.0,
) -> None:
    """Draw a matrix as a grid of cells with its numbers.

    Args:
        ax, colour, largest, digits, size: as for `strip`.
        x, y: the centre of the grid.
        matrix: the numbers, the first row at the top.
        label: written above.
        rows, columns: labels left of the rows and above the columns.
    """
    numbers = matrix.tolist()
    _cells(ax, x, y, numbers, colour, largest=largest, digits=digits, size=size)
    _label_grid(ax, x, y, len(numbers), len(numbers[0]), rows, columns, size)
    if label:
        above = 0.15 + (0.8 if columns else 0)
        top = y + size * len(numbers) / 2 + above
        ax.text(x, top, label, **_text(colour, va="bottom"))


def mask_grid(
    ax: Axes,
    x: Number,
    y: Number,
    allowed: Bool[Tensor, "query key"],
    *,
    label: str = "",
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    size: Number = 1.0,
) -> None:
    """Draw a mask: what is allowed is filled, what is hidden is empty with a cross.

    Args:
        ax, x, y, label, rows, columns, size: as for `grid`.
        allowed: True where a query may look at a key.
    """
    count, width = allowed.shape
    for i, row in enumerate(allowed.tolist()):
        for j, is_allowed in enumerate(row):
            left, bottom = x + size * (j - width / 2), y + size * (count / 2 - i - 1)
            _cell(ax, left, bottom, size, KEY, 0.55 if is_allowed else 0.0)
            if not is_allowed:
                ax.text(left + size / 2, bottom + size / 2, "×", **_text(FAINT))
    _label_grid(ax, x, y, count, width, rows, columns, size)
    if label:
        top = y + size * count / 2 + 0.15 + (0.8 if columns else 0)
        ax.text(x, top, label, **_text(INK, va="bottom"))


def level(
    ax: Axes, x: Number, y: Number, share: Number, colour: str = QUERY, *, height: Number = 2.0
) -> None:
    """Draw a share, such as an attention weight, as a column that is filled so far.

    Args:
        ax: where to draw.
        x, y: the middle of the column's foot.
        share: from 0 to 1; written in the column with two digits.
        colour: of the filling.
        height: of a full column.
    """
    ax.add_patch(Rectangle((x - 0.6, y), 1.2, height, fill=False, edgecolor=FAINT, linewidth=0.8))
    filling: dict[str, Any] = {"facecolor": colour, "alpha": 0.5, "linewidth": 0}
    ax.add_patch(Rectangle((x - 0.6, y), 1.2, height * share, **filling))
    ax.text(x, y + height / 2, f"{share:.2f}", **_text(INK))


def box(
    ax: Axes,
    x: Number,
    y: Number,
    text: str,
    *,
    width: Number = 3.0,
    height: Number = 1.0,
    colour: str = INK,
    lit: bool = False,
    size: Number = FONT,
) -> None:
    """Draw a part of a model as a box with its name.

    Args:
        ax: where to draw.
        x, y: the centre of the box.
        text: the name; may have several lines.
        width, height: of the box.
        colour: of its frame.
        lit: whether the box is filled and has a thick frame, since it is the one to look at.
        size: of the letters, in points.
    """
    corners = (x - width / 2, y - height / 2), width, height
    frame: dict[str, Any] = {"boxstyle": "round,pad=0,rounding_size=0.2", "edgecolor": colour}
    if lit:
        filling: dict[str, Any] = {"facecolor": OTHER, "alpha": 0.45, "linewidth": 0}
        ax.add_patch(FancyBboxPatch(*corners, **frame | filling))
    ax.add_patch(FancyBboxPatch(*corners, facecolor="none", linewidth=2.0 if lit else 0.9, **frame))
    ax.text(x, y, text, **_text(INK, fontsize=size))


def arrow(
    ax: Axes,
    start: Place,
    end: Place,
    colour: str = FAINT,
    *,
    width: Number = 1.2,
    text: str = "",
    bend: Number = 0.0,
    head: bool = True,
) -> None:
    """Draw an arrow.

    Args:
        ax: where to draw.
        start, end: where it begins and ends.
        colour: of the line.
        width: of the line in points; make it larger for more weight.
        text: written beside the middle.
        bend: how much it is bent; 0 for a straight arrow.
        head: whether it has a head.
    """
    line: dict[str, Any] = {
        "arrowstyle": "-|>" if head else "-",
        "connectionstyle": f"arc3,rad={bend}",
        "color": colour,
        "linewidth": width,
        "shrinkA": 1,
        "shrinkB": 1,
        "mutation_scale": 9 + width,
    }
    ax.annotate("", end, start, arrowprops=line)
    if text:
        middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        ax.text(middle[0] + 0.15, middle[1], text, **_text(colour, ha="left"))


def write(
    ax: Axes,
    x: Number,
    y: Number,
    text: str,
    colour: str = INK,
    *,
    align: str = "center",
    size: Number = FONT,
) -> None:
    """Write a text.

    Args:
        ax: where to write.
        x, y: the middle of the text; of its left or right end, if it is aligned there.
        text: the text, which may have formulas between dollar signs.
        colour: of the letters.
        align: "left", "center" or "right".
        size: of the letters, in points.
    """
    ax.text(x, y, text, **_text(colour, ha=align, fontsize=size))


def draw_attention(
    query: Float[Tensor, "feature"],
    keys: Float[Tensor, "key feature"],
    values: Float[Tensor, "key value"],
    tokens: Sequence[str],
    *,
    scale: Number = 1.0,
    until: str = "output",
    asking: str = "",
) -> Axes:
    """Draw how one query looks things up: one column a token, one row a step.

    The rows are the keys, the scores (query · key), the scaled scores if the scale is not 1, the
    weights (their softmax), the values, and the output, the sum of the weighted values. All
    numbers are computed here from the tensors.

    Args:
        query: shape (feature,).
        keys: shape (key, feature).
        values: shape (key, value).
        tokens: a label for each key.
        scale: what the scores are multiplied by, as $1/\\sqrt{d_k}$.
        until: the last row to draw: "keys", "scores", "weights" or "output".
        asking: the token that the query belongs to, for its label.

    Returns:
        The axes, with a column of width `max(feature, value) + 0.6` for each token.

    Raises:
        ValueError: if there is not one token for each key and value, or no such row.
    """
    if not len(tokens) == len(keys) == len(values):
        raise ValueError(
            f"expected one token for each key and value, got {len(tokens)} tokens, {len(keys)} "
            f"keys and {len(values)} values"
        )
    steps = ["keys", "scores", *(["scaled"] if scale != 1.0 else []), "weights", "output"]
    if until not in steps:
        raise ValueError(f"expected a row of {steps}, got {until!r}")
    shown = steps[: steps.index(until) + 1]
    heights = {"keys": 2.4, "scores": 1.0, "scaled": 1.0, "weights": 2.6, "output": 4.2}
    width = max(len(query), keys.shape[1], values.shape[1]) + 0.6
    left = 2.9  # for the names of the rows
    y = sum(heights[step] for step in shown) + 1.9
    ax = canvas(left + width * len(tokens), y)
    xs = [left + width * (i + 0.5) for i in range(len(tokens))]
    middle = sum(xs) / len(xs)
    scores = keys @ query
    weights = (scores * scale).softmax(dim=0)
    top = max(float(keys.abs().max()), float(query.abs().max()))

    y -= 1.4
    strip(ax, middle, y, query, QUERY, largest=top)
    asked_by = f"query of “{asking}”" if asking else "query"
    write(ax, left - 0.3, y, asked_by.replace(" of ", "\nof "), QUERY, align="right")
    y -= 2.4
    for x, token, key in zip(xs, tokens, keys, strict=True):
        arrow(ax, (middle + 0.1 * (x - middle), y + 1.85), (x, y + 1.35), QUERY, width=0.8)
        write(ax, x, y + 1.0, token)
        strip(ax, x, y, key, KEY, largest=top)
    write(ax, left - 0.3, y, "keys", KEY, align="right")
    y -= 1.2
    for step, numbers, name in [
        ("scores", scores, "query · key"),
        ("scaled", scores * scale, f"× {scale:.3g}"),
    ]:
        if step in shown:
            for x, number in zip(xs, numbers, strict=True):
                write(ax, x, y, _number(float(number), 2))
            write(ax, left - 0.3, y, name, align="right")
            y -= 1.0
    if "weights" in shown:
        for x, weight in zip(xs, weights, strict=True):
            level(ax, x, y - 1.6, float(weight))
        write(ax, left - 0.3, y - 0.6, "softmax:\nweights", QUERY, align="right")
        y -= 2.8
    if "output" in shown:
        top = float(values.abs().max())
        for x, value, weight in zip(xs, values, weights, strict=True):
            strip(ax, x, y, value, VALUE, largest=top)
            foot = (middle + 0.2 * (x - middle), y - 1.75)
            arrow(ax, (x, y - 0.5), foot, VALUE, width=0.5 + 5 * float(weight), head=False)
        write(ax, left - 0.3, y, "values", VALUE, align="right")
        y -= 2.3
        strip(ax, middle, y, weights @ values, VALUE, largest=top, digits=2)
        write(ax, left - 0.3, y, "output", VALUE, align="right")
    return ax


# --- the map of the Transformer -----------------------------------------------------------

# The parts: name → text, centre, width and height in cells.
_PARTS: dict[str, tuple[str, float, float, float, float]] = {
    "source embedding": ("embedding", 2.0, 1.4, 3.0, 0.9),
    "target embedding": ("embedding", 6.2, 1.4, 3.0, 0.9),
    "source positions": ("+ positions", 2.0, 2.5, 3.0, 0.9),
    "target positions": ("+ positions", 6.2, 2.5, 3.0, 0.9),
    "encoder self-attention": ("self-\nattention", 2.0, 4.4, 3.0, 1.5),
    "encoder feed-forward": ("feed-forward", 2.0, 7.2, 3.0, 1.0),
    "decoder self-attention": ("masked self-\nattention", 6.2, 4.4, 3.0, 1.5),
    "source–target attention": ("source–target\nattention", 6.2, 7.2, 3.0, 1.5),
    "decoder feed-forward": ("feed-forward", 6.2, 9.8, 3.0, 1.0),
    "output": ("linear, softmax", 6.2, 11.9, 3.0, 0.9),
}
_NORMS = {
    "encoder norms": [(2.0, 5.6), (2.0, 8.15)],
    "decoder norms": [(6.2, 5.6), (6.2, 8.4), (6.2, 10.75)],
}
TRANSFORMER_PARTS = (*_PARTS, *_NORMS)


def draw_transformer(lit: Sequence[str] = ()) -> Axes:
    """Draw a small map of the Transformer (Vaswani et al., 2017, figure 1) with some parts lit.

    Args:
        lit: names from `TRANSFORMER_PARTS`.

    Raises:
        ValueError: if there is no such part.
    """
    _check_parts(lit, TRANSFORMER_PARTS)
    ax = canvas(8.2, 13.6)
    for x, top in [(2.0, 8.9), (6.2, 11.35)]:
        stack = Rectangle((x - 1.75, 3.35), 3.5, top - 3.35, facecolor="none", edgecolor=FAINT)
        stack.set(linewidth=0.8, linestyle="--")
        ax.add_patch(stack)
        arrow(ax, (x, 0.55), (x, 0.95))
        write(ax, x, 0.3, "source" if x < 4 else "target")
    for foot, head in [((2.0, 2.95), (2.0, 3.65)), ((6.2, 2.95), (6.2, 3.65))]:
        arrow(ax, foot, head)
    for foot, head in [((2.0, 5.85), (2.0, 6.7)), ((6.2, 5.85), (6.2, 6.45))]:
        arrow(ax, foot, head)
    arrow(ax, (6.2, 8.65), (6.2, 9.3))
    arrow(ax, (6.2, 11.0), (6.2, 11.45))
    arrow(ax, (6.2, 12.35), (6.2, 12.95))
    write(ax, 6.2, 13.2, "next token")
    # The memory goes from the top of the encoder to every layer of the decoder.
    ax.plot([2.0, 2.0, 4.1, 4.1], [8.4, 9.5, 9.5, 7.2], color=FAINT, linestyle="-", marker="")
    arrow(ax, (4.1, 7.2), (4.7, 7.2))
    write(ax, 2.0, 9.85, "memory")
    for name, places in _NORMS.items():
        for x, y in places:
            box(ax, x, y, "add, norm", width=3.0, height=0.5, lit=name in lit, size=8.5)
    for name, (text, x, y, width, height) in _PARTS.items():
        box(ax, x, y, text, width=width, height=height, lit=name in lit)
    return ax


# --- the map of BERT ----------------------------------------------------------------------

# The parts: name → text, centre, width and height in cells.
_BERT_PARTS: dict[str, tuple[str, float, float, float, float]] = {
    "inputs": ("[CLS] A [SEP] B [SEP]", 4.1, 0.55, 7.0, 0.8),
    "token embedding": ("token", 1.6, 2.0, 2.2, 0.9),
    "segment embedding": ("+ segment", 4.1, 2.0, 2.4, 0.9),
    "position embedding": ("+ position", 6.6, 2.0, 2.4, 0.9),
    "embedding norm": ("norm", 4.1, 3.1, 7.3, 0.5),
    "self-attention": ("self-attention", 4.1, 4.9, 4.0, 1.0),
    "feed-forward": ("feed-forward", 4.1, 6.85, 4.0, 1.0),
    "pooler": ("pooler", 1.6, 9.9, 2.4, 0.9),
    "next sentence head": ("next\nsentence?", 1.6, 11.7, 2.4, 1.5),
    "masked language model head": ("masked\ntoken?", 6.0, 11.7, 3.4, 1.5),
}
_BERT_NORMS = [(4.1, 5.85), (4.1, 7.8)]
BERT_PARTS = (*_BERT_PARTS, "encoder norms")


def draw_bert(lit: Sequence[str] = ()) -> Axes:
    """Draw a small map of BERT (Devlin et al., 2019, figures 1 and 2) with some parts lit.

    Args:
        lit: names from `BERT_PARTS`.

    Raises:
        ValueError: if there is no such part.
    """
    _check_parts(lit, BERT_PARTS)
    ax = canvas(8.2, 12.8)
    stack = Rectangle((1.75, 3.95), 4.7, 4.5, facecolor="none", edgecolor=FAINT)
    stack.set(linewidth=0.8, linestyle="--")
    ax.add_patch(stack)
    arrow(ax, (4.1, 0.95), (4.1, 1.55))
    arrow(ax, (4.1, 2.45), (4.1, 2.85))
    arrow(ax, (4.1, 3.35), (4.1, 4.4))
    arrow(ax, (4.1, 6.1), (4.1, 6.35))
    # The vector of [CLS] goes to the pooler, those of masked tokens to their head.
    arrow(ax, (3.0, 8.45), (1.8, 9.45))
    arrow(ax, (5.2, 8.45), (6.0, 10.95))
    write(ax, 1.5, 8.95, "[CLS]", size=8.5)
    write(ax, 7.1, 9.7, "each\ntoken", size=8.5)
    arrow(ax, (1.6, 10.35), (1.6, 10.95))
    for x, y in _BERT_NORMS:
        box(ax, x, y, "add, norm", width=4.0, height=0.5, lit="encoder norms" in lit, size=8.5)
    for name, (text, x, y, width, height) in _BERT_PARTS.items():
        box(ax, x, y, text, width=width, height=height, lit=name in lit)
    return ax


# --- shared by the primitives -------------------------------------------------------------


def _check_parts(lit: Sequence[str], parts: Sequence[str]) -> None:
    for name in lit:
        if name not in parts:
            raise ValueError(f"expected a part of {parts}, got {name!r}")


def _cells(
    ax: Axes,
    x: Number,
    y: Number,
    rows: list[list[float]],
    colour: str,
    *,
    largest: Number | None,
    digits: int,
    size: Number,
) -> None:
    most = largest or max((abs(n) for row in rows for n in row), default=1.0) or 1.0
    for i, row in enumerate(rows):
        for j, number in enumerate(row):
            left = x + size * (j - len(row) / 2)
            bottom = y + size * (len(rows) / 2 - i - 1)
            _cell(ax, left, bottom, size, colour, 0.08 + 0.5 * min(abs(number) / most, 1.0))
            middle = left + size / 2, bottom + size / 2
            ax.text(*middle, _number(number, digits), **_text(INK, fontsize=FONT - 0.5))


def _cell(
    ax: Axes, left: Number, bottom: Number, size: Number, colour: str, filling: float
) -> None:
    place = (left, bottom), size, size
    ax.add_patch(Rectangle(*place, facecolor=colour, alpha=filling, linewidth=0))
    ax.add_patch(Rectangle(*place, facecolor="none", edgecolor=colour, linewidth=0.9))


def _label_grid(
    ax: Axes,
    x: Number,
    y: Number,
    count: int,
    width: int,
    rows: Sequence[str],
    columns: Sequence[str],
    size: Number,
) -> None:
    for i, text in enumerate(rows):
        place = x - size * width / 2 - 0.25, y + size * (count / 2 - i - 0.5)
        ax.text(*place, text, **_text(INK, ha="right"))
    for j, text in enumerate(columns):
        place = x + size * (j - width / 2 + 0.5), y + size * count / 2 + 0.15
        ax.text(*place, text, **_text(INK, va="bottom"))


def _number(number: float, digits: int) -> str:
    rounded = round(number, digits) + 0.0  # no minus before a zero
    text = f"{rounded:.0f}" if number == round(number) else f"{rounded:.{digits}f}"
    return text.replace("-", "−")


def _text(colour: str, **options: Any) -> dict[str, Any]:
    return {"ha": "center", "va": "center", "fontsize": FONT, "color": colour, **options}
