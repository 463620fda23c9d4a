"""The plots: what they show, and that Japanese is drawn as Japanese."""

import functools
import warnings

import matplotlib
import pytest
import torch

from lib.plots import japanese_fonts, plot_attention, plot_curves, plot_schedule, set_style
from lib.training import warmup_learning_rate

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def _own_style():
    with matplotlib.rc_context():
        yield
    matplotlib.pyplot.close("all")


def labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_attention_shows_queries_downwards_and_keys_across():
    weights = torch.tensor([[0.1, 0.2, 0.7], [0.5, 0.5, 0.0]], requires_grad=True)
    ax = plot_attention(weights, ["a", "b"], "xyz")
    assert labels(ax.yaxis) == ["a", "b"] and labels(ax.xaxis) == ["x", "y", "z"]
    assert ax.yaxis_inverted()
    drawn = ax.collections[0]
    assert drawn.get_array().reshape(2, 3).tolist() == weights.tolist()
    assert drawn.get_clim() == (0.0, 1.0)
    assert plot_attention(weights, "ab", "xyz", ax=ax) is ax


def test_tokens_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"\(2, 3\), got 2 and 2"):
        plot_attention(torch.zeros(2, 3), "ab", "xy")


def test_japanese_labels_are_drawn(tmp_path):
    assert "IPAexGothic" in japanese_fonts()
    set_style()
    text = "2026年11月24日火曜日"
    ax = plot_attention(torch.eye(len(text)), text, text)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph is a warning
        for name in ("figure.svg", "figure.png"):
            ax.figure.savefig(tmp_path / name)


def test_figures_are_the_same_on_every_run(tmp_path):
    set_style()
    files = []
    for i in range(2):
        path = tmp_path / f"{i}.svg"
        figure = plot_attention(torch.eye(3), "年月日", "abc").figure
        figure.savefig(path, metadata={"Date": None})
        files.append(path.read_bytes())
    assert files[0] == files[1]


def test_curves_and_schedules():
    ax = plot_curves({"a": [4.0, 2.0, 0.0, 6.0], "b": [1.0]}, window=2)
    assert ax.lines[0].get_xydata().tolist() == [[2, 3], [3, 1], [4, 3]]
    assert len(ax.lines[1].get_xydata()) == 0
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["a", "b"]
    ax = plot_schedule({"512": functools.partial(warmup_learning_rate, d_model=512)}, 8000)
    steps, rates = ax.lines[0].get_data()
    assert steps[0] == 1 and max(rates) == pytest.approx(6.988e-4, rel=0.01)
