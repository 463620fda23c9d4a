"""Write formulas as MathML, which browsers show by themselves: no script, no fonts to load.

docutils translates them. What it does not know of LaTeX and a page may want is put into other
words first. A formula that cannot be translated is a warning, which fails a build with `-W`.
"""

import re

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util.logging import getLogger
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

LOGGER = getLogger(__name__)

FUNCTION = r"\\(?:arg|cos|exp|ln|log|sin|tanh)(?![a-zA-Z])"
OTHER_WORDS = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\\dots(?![a-zA-Z])", r"\\ldots"),
        (r"\\([dt]?frac)\s*(\w)\s*(\w)", r"\\\1{\2}{\3}"),
        (r"\\operatorname\*", r"\\operatorname"),
        (r"\\bm(?![a-zA-Z])", r"\\boldsymbol"),
        (r"\\stackrel(?![a-zA-Z])", r"\\overset"),
        (r"\\iff(?![a-zA-Z])", r"\\Longleftrightarrow"),
        (r"\\text(?:tt|it|sf)(?![a-zA-Z])", r"\\text"),
        (r"\\textbf(?![a-zA-Z])", r"\\mathbf"),
        (r"\\lt(?![a-zA-Z])", "<"),
        (r"\\gt(?![a-zA-Z])", ">"),
        # Brackets grow with their content only after \left and \right.
        (r"\\[bB]igg?[lrm]?(?![a-zA-Z])", ""),
        (r"\\(?:textstyle|nonumber|notag|mathstrut)(?![a-zA-Z])", ""),
        (r"\\(begin|end)\{(?:equation)\*?\}", ""),
        # docutils sets the name of a function without a space before or after it.
        (rf"({FUNCTION})\s*(?=[\w\\])", r"\1\\,"),
        (rf"(?<=[\w}}])\s*(?={FUNCTION})", r"\\,"),
        (r"\\(begin|end)\{(?:align|gather|gathered|split)\*?\}", r"\\\1{aligned}"),
    )
]
# A box may stand for a blank; it is a character of text.
TEXT = re.compile(r"(\\text\{[^{}]*\})")
SHAPE = re.compile("([\u25a0-\u25ff])")


def mathml(latex: str, *, as_block: bool) -> str:
    """Return a formula as MathML.

    Raises:
        MathError: if docutils does not know a command in it.
    """
    for pattern, replacement in OTHER_WORDS:
        latex = pattern.sub(replacement, latex)
    parts = TEXT.split(latex)
    parts[::2] = [SHAPE.sub(r"\\text{\1}", part) for part in parts[::2]]
    latex = "".join(parts)
    markup: str = tex2mathml(latex.strip(), as_block=as_block)
    # Its spaces mean nothing, and would be a third of a page.
    return re.sub(r">\s+<", "><", markup).replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")


def _translated(node: nodes.Element, *, as_block: bool) -> str:
    try:
        return mathml(node.astext(), as_block=as_block)
    except (MathError, IndexError) as error:
        LOGGER.warning(
            "formula that docutils cannot make MathML of: %s %s; write it in other words, or add "
            "them to OTHER_WORDS in book/_extensions/mathml.py",
            node.astext(),
            error,
            location=node,
            type="mathml",
        )
        return ""


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in a line."""
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    self.body.append(f"{_translated(node, as_block=False)}</span>")
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula that stands alone, with its number."""
    # It may be wider than a phone; then it scrolls, for which the keyboard must reach it.
    attributes = {"CLASS": "math notranslate nohighlight", "tabindex": "0"}
    self.body.append(self.starttag(node, "div", "", **attributes))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(f"{_translated(node, as_block=True)}</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
