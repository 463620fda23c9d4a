"""What the book's extensions make of formulas and style sheets, without building a book."""

import importlib.util
import re

import pytest
from docutils.utils.math import MathError

from tests.book.tiny_book import ROOT


def extension(name):
    path = ROOT / "book" / "_extensions" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"extension_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mathml, lean = extension("mathml"), extension("lean")


@pytest.mark.parametrize(
    "latex",
    [
        r"k_1, \dots, k_n",
        r"\begin{align*} a &= b \\ c &= d \nonumber \end{align*}",
        r"\tfrac12, \frac 1 n, \dfrac{1}{2}",
        r"▢ + \sqrt{▢} + \text{in ▢}, \begin{pmatrix} ▢ & x_{1} \end{pmatrix}",
        r"\begin{equation} a \end{equation}",
        r"\text{soft:} \quad \textstyle\sum_j w_j v_j",
        r"\operatorname*{argmax}_j \bigl( q \cdot k_j \bigr)",
        r"\bm{x} \stackrel{d}{=} \textbf{y} \iff \texttt{mask} \lt 1",
        r"\begin{cases} 0 & \text{if hidden} \\ 1 & \text{注意} \end{cases}",
    ],
)
@pytest.mark.parametrize("as_block", [False, True])
def test_what_docutils_does_not_know_is_said_in_other_words(latex, as_block):
    markup = mathml.mathml(latex, as_block=as_block)
    assert markup.startswith("<math") and markup.endswith("</math>")
    assert "\\" not in markup and "*" not in markup
    assert not re.search(r">\s+<", markup)


def test_a_formula_that_cannot_be_translated_is_no_silent_gap():
    with pytest.raises(MathError, match="unheardof"):
        mathml.mathml(r"\unheardof{x}", as_block=False)


def test_a_wrong_formula_fails_the_build(tiny_book):
    log = tiny_book({"book/a.md": "# A\n\n$\\unheardof{x}$\n"}).build_and_fail()
    assert "formula that docutils cannot make MathML of: \\unheardof{x}" in log


def test_rules_for_classes_that_no_page_has_are_cut():
    css = """
    .used, .unused .used { color: red }
    p:not(.unused) > .used::after { content: "\\f002" }
    .unused { color: blue }
    [class*=unused] { color: green }
    @media print { .unused { a: b } .used { a: c } }
    @media screen { .unused { a: b } }
    @font-face { font-family: x }
    @keyframes unused { to { a: b } }
    """
    kept = re.sub(r"\s", "", lean.without_unused(css, {"used"}))
    assert kept == (
        '.used{color:red}p:not(.unused)>.used::after{content:"\uf002"}[class*=unused]{color:green}'
        "@mediaprint{.used{a:c}}@font-face{font-family:x}@keyframesunused{to{a:b}}"
    )
