"""HTML of an instructor's texts, and of code.

Only what an instructor wrote is read as Markdown. What a student wrote is shown as code or as plain
text, so that nothing in it can become a link, an image or a script. Formulas become MathML, which
browsers show without a network.
"""

import functools
import html

import mistune
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

FORMATTER = HtmlFormatter(nowrap=True)


class _Renderer(mistune.HTMLRenderer):
    """Headings below those of the page, which has titles of its own, and formulas as MathML."""

    def heading(self, text: str, level: int, **attributes: str) -> str:
        return super().heading(text, min(level + 2, 6), **attributes)

    def inline_math(self, text: str) -> str:
        return _mathml(text, as_block=False)

    def block_math(self, text: str) -> str:
        # It may be wider than a phone; then it scrolls, for which the keyboard must reach it.
        return f'<div class="formula" tabindex="0">{_mathml(text, as_block=True)}</div>\n'


def _mathml(text: str, *, as_block: bool) -> str:
    try:
        return tex2mathml(text.strip(), as_block=as_block)
    except MathError:  # docutils does not know a command; the source still says what is meant
        return f"<code>{html.escape(text.strip())}</code>"


_markdown = mistune.create_markdown(
    renderer=_Renderer(escape=False), plugins=["table", "strikethrough", "footnotes", "math"]
)


@functools.lru_cache(maxsize=4096)  # a class has the same texts on every page
def markdown_html(text: str) -> Markup:
    """The HTML of an instructor's Markdown; never call it with what a student wrote."""
    rendered = _markdown(text)
    assert isinstance(rendered, str)
    return Markup(rendered)


@functools.lru_cache(maxsize=4096)
def instructors_code_html(source: str) -> Markup:
    """The HTML of an instructor's code, kept for the next page."""
    return code_html(source)


def code_html(source: str) -> Markup:
    """The HTML of Python code: a span a token, for the style sheet to colour."""
    # IPython's lexer takes ten times as long, and far longer for some hostile texts.
    return Markup(highlight(source, PythonLexer(), FORMATTER))
