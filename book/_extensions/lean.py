"""Let a page load what it needs: the theme's style sheets and icons serve every possible page.

After a build, rules for classes that no page and no script has are cut from the style sheets, icons
that no page shows from the fonts, and files that no page loads are deleted.
"""

import re
from collections.abc import Iterable
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import tinycss2
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

# The style sheets that are large, by their names below _static.
SHEETS = ("styles/pydata-sphinx-theme.css", "sphinx-design.min.css", "mystnb.*.css")
# Icon fonts for the name that a style sheet gives to the file.
FONTS = "vendor/fontawesome/webfonts"
# FontAwesome's script: see _templates/layout.html. The search: see search_text.py.
UNUSED = (
    *("scripts/*.map", "scripts/fontawesome.js*", "styles/*.map", "locales"),
    *("searchtools.js", "language_data.js", "vendor/**/*.ttf"),
)


def slim(app: Sphinx, exception: Exception | None) -> None:
    """Slim the built book's static files."""
    if exception is not None or app.builder.name != "html":
        return
    html, static = Path(app.outdir), Path(app.outdir, "_static")
    known = words_of([*html.rglob("*.html"), *static.rglob("*.js")])
    shown: set[str] = set()
    for pattern in SHEETS:
        for sheet in static.glob(pattern):
            css = without_unused(sheet.read_text(encoding="utf-8"), known)
            sheet.write_text(css, encoding="utf-8")
            shown |= set(css)  # an icon is a character in a rule
    for font in (static / FONTS).glob("*.ttf"):
        cut = with_glyphs(font, shown)
        font.with_suffix(".woff2").write_bytes(cut)
    for pattern in UNUSED:
        for path in sorted(static.glob(pattern), reverse=True):
            for file in sorted(path.rglob("*"), reverse=True) if path.is_dir() else [path]:
                file.unlink() if file.is_file() else file.rmdir()


def words_of(files: Iterable[Path]) -> set[str]:
    """All words of some files: among them every class that their elements have or get."""
    return {
        word for file in files for word in re.findall(r"[\w-]+", file.read_text(encoding="utf-8"))
    }


def without_unused(css: str, known: set[str]) -> str:
    """A style sheet without the rules that need a class that is not known."""
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return "".join(_kept(rule, known) for rule in rules)


def _kept(rule: tinycss2.ast.Node, known: set[str]) -> str:
    if rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
        inner = without_unused(tinycss2.serialize(rule.content), known)
        return f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}" if inner else ""
    if rule.type != "qualified-rule":
        return rule.serialize()
    selectors = [part for part in _split(rule.prelude) if _classes(part) <= known]
    body = tinycss2.serialize(rule.content).strip()
    if not selectors or not body:
        return ""
    return f"{','.join(tinycss2.serialize(part).strip() for part in selectors)}{{{body}}}\n"


def _split(prelude: list) -> list[list]:
    parts: list[list] = [[]]
    for token in prelude:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _classes(selector: list) -> set[str]:
    """The classes that an element and its ancestors must have; those in `:not(...)` are none."""
    return {name.value for dot, name in pairwise(selector) if dot == "." and name.type == "ident"}


def with_glyphs(font: Path, characters: set[str]) -> bytes:
    """A font with the glyphs of some characters alone.

    It is in the format WOFF, whose compression Python has; a browser goes by what the file says,
    and not by its name.
    """
    options = subset.Options(flavor="woff", layout_features=[], notdef_outline=True)
    subsetter = subset.Subsetter(options)
    with TTFont(font) as whole:
        subsetter.populate(unicodes=[ord(character) for character in characters])
        subsetter.subset(whole)
        whole.flavor = "woff"
        stream = BytesIO()
        whole.save(stream)
    return stream.getvalue()


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("build-finished", slim, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
