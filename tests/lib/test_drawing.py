"""Drawings show the numbers that they are given, and say what they cannot draw."""

import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.patches import Rectangle

from lib import drawing
from lib.plots import set_style

QUERY = torch.tensor([2.0, 0.0])
KEYS = torch.tensor([[2.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
VALUES = torch.tensor([[10.0, 0.0], [0.0, 10.0], [5.0, -5.0]])


@pytest.fixture(autouse=True)
def _figures():
    with plt.rc_context():
        set_style()
        yield
        plt.close("all")


def texts(ax) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_text()]


def test_an_attention_is_drawn_with_its_numbers():
    ax = drawing.draw_attention(QUERY, KEYS, VALUES, ["the", "cat", "it"], scale=0.5, asking="it")
    weights = (KEYS @ QUERY * 0.5).softmax(dim=0)
    shown = texts(ax)
    for weight in weights.tolist():
        assert f"{weight:.2f}" in shown
    for number in (weights @ VALUES).tolist():
        assert f"{number:.2f}".replace("-", "−") in shown
    assert {"the", "cat", "it", "keys", "values", "output", "query\nof “it”"} <= set(shown)


def test_an_attention_is_drawn_up_to_a_row():
    shown = texts(drawing.draw_attention(QUERY, KEYS, VALUES, list("abc"), until="scores"))
    assert "query · key" in shown and "values" not in shown


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tokens": ["a", "b"]}, "expected one token for each key and value, got 2 tokens"),
        ({"until": "softmax"}, r"expected a row of \['keys', .*, got 'softmax'"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options, message):
    given = {"query": QUERY, "keys": KEYS, "values": VALUES, "tokens": list("abc")} | options
    with pytest.raises(ValueError, match=message):
        drawing.draw_attention(**given)


def test_a_larger_number_has_a_stronger_colour_whatever_its_sign():
    ax = drawing.canvas(4, 1)
    drawing.strip(ax, 2, 0.5, [0.0, 1.0, -2.0, 4.0], drawing.KEY)
    strengths = [p.get_alpha() for p in ax.patches if p.get_alpha() is not None]
    assert strengths == sorted(strengths) and len(set(strengths)) == 4
    assert texts(ax) == ["0", "1", "−2", "4"]


def test_a_small_negative_number_is_no_minus_zero():
    ax = drawing.canvas(2, 1)
    drawing.strip(ax, 1, 0.5, [-0.01, -0.5], drawing.KEY)
    assert texts(ax) == ["0.0", "−0.5"]


def test_a_mask_is_drawn_as_it_is():
    ax = drawing.canvas(4, 4)
    allowed = torch.ones(3, 3, dtype=torch.bool).tril()
    drawing.mask_grid(ax, 2, 2, allowed)
    filled = [p for p in ax.patches if isinstance(p, Rectangle) and p.get_alpha()]
    assert len(filled) == 6 and texts(ax) == ["×"] * 3
    assert all(p.get_x() - 0.5 <= 3.5 - p.get_y() - 1 for p in filled)  # on or below the diagonal


@pytest.mark.parametrize(
    ("draw", "parts"),
    [
        (drawing.draw_transformer, drawing.TRANSFORMER_PARTS),
        (drawing.draw_bert, drawing.BERT_PARTS),
    ],
)
def test_a_map_lights_its_parts_and_refuses_others(draw, parts):
    dark = len(draw().patches)
    for part in parts:
        assert len(draw([part]).patches) > dark
    with pytest.raises(ValueError, match=r"expected a part of .*, got 'shoulder'"):
        draw(["shoulder"])


def test_a_cell_has_the_same_size_in_every_drawing():
    for columns, rows in [(4, 2), (11, 7)]:
        ax = drawing.canvas(columns, rows)
        (left, bottom), (right, top) = ax.transData.transform([(0, 0), (1, 1)])
        inches = ax.figure.dpi * drawing.INCHES
        assert right - left == pytest.approx(inches) and top - bottom == pytest.approx(inches)
