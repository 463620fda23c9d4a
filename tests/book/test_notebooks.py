"""The notebook that a reader downloads is plain, and runs where the reader is."""

import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import nbformat
import pytest

from tests.book.conftest import documents_to_look_at
from tests.book.tiny_book import ROOT, notebook

pytestmark = pytest.mark.slow

PAGES = [
    name
    for name in documents_to_look_at()
    if "{code-cell}" in Path(f"{ROOT / name}.md").read_text(encoding="utf-8")
]
SYNTAX = re.compile(r"^ *(?:`{3,}|:{3,}|~{3,})\{|\{[a-z][\w:-]*\}`|^\([\w-]+\)=$", re.M)

# Runs the code cells of a notebook as Jupyter does, and stops at the first error.
RUN = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in json.load(open(sys.argv[1], encoding="utf-8"))["cells"][:int(sys.argv[2])]:
    if cell["cell_type"] == "code":
        shell.run_cell("".join(cell["source"])).raise_error()
"""
EVERYTHING = """
## A section

It is so {cite:t}`vaswani2017attention`, and again {cite:p}`vaswani2017attention`. See
{doc}`/book/other`, {numref}`the-figure`, {eq}`the-equation`, {ref}`a place <a-place>`,
{term}`token` and `{braces} in code`. It costs 5 \\$ or $x_1 < 2$.

$$
y = \\frac{x}{2}
$$ (the-equation)

```{admonition} Predict
:class: predict
Which *way*?

- one
- two
```

```{note}
Mind **this**.
```

```{dropdown} What the cell shows
That $x$ is 1.

| a | b |
|---|---|
| 1 | $2$ |
```

```{literalinclude} ../lib/plots.py
:language: python
```

(a-place)=
### A place

```{code-cell} ipython3
---
mystnb:
  figure:
    caption: The *caption*.
    name: the-figure
  image:
    alt: A line that goes up.
tags: [hide-input]
---
from IPython.display import SVG
SVG('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
```

1. first
2. second

   with more
"""
LIBRARY = {"lib/__init__.py": "", "lib/plots.py": "VALUE = 'from the library'\n"}
PROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "library-of-a-tiny-book"
version = "1"
[tool.setuptools]
packages = ["lib"]
"""


def downloaded(html: Path, name: str) -> Path:
    return html / "_sources" / f"{name}.ipynb"


def cells(path: Path, kind: str) -> list[str]:
    content = nbformat.read(path, 4)
    nbformat.validate(content)
    return [cell.source for cell in content.cells if cell.cell_type == kind]


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> Path:
    """Python of an environment with every package that is here, but without the course."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder)
    (site,) = folder.glob("lib/python*/site-packages")
    # Names in a .pth file of a folder that is itself named in one are not looked up, so the
    # course, which is installed by such a file, is not found.
    others = [path for path in sys.path if path.endswith("site-packages")]
    (site / "others.pth").write_text("\n".join(others), encoding="utf-8")
    return folder / "bin" / "python"


def run(python: Path, path: Path, count: int = 10**6, **world: str) -> subprocess.CompletedProcess:
    """Run a notebook's first cells far from the course."""
    hidden = ("PYTHONPATH", "PYTHONWARNDEFAULTENCODING")
    inherited = {name: value for name, value in os.environ.items() if name not in hidden}
    pip = {"PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1"}  # the build tools are here
    return subprocess.run(
        [python, "-c", RUN, path, str(count)],
        cwd=python.parent,
        env=inherited | pip | world,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_downloaded_notebook_is_plain(book, name):
    path = downloaded(book, name)
    text = cells(path, "markdown")
    found = [match[0] for part in text for match in SYNTAX.finditer(part)]
    assert not found
    assert text[0].startswith("> This notebook is the page")
    page = Path(f"{ROOT / name}.md").read_text(encoding="utf-8")
    # Its code is the page's, after the cell that looks for the library.
    assert len(cells(path, "code")) == page.count("```{code-cell}") + 1
    assert all(
        cell.get("outputs") is not None
        for cell in json.loads(path.read_text("utf-8"))["cells"]
        if cell["cell_type"] == "code"
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_downloaded_notebook_says_how_to_get_the_library(book, bare, name):
    result = run(bare, downloaded(book, name), 2)
    assert result.returncode == 1
    assert "The course's library `lib` is not here. Open this notebook in" in result.stderr


def test_everything_a_page_may_hold_becomes_plain(tiny_book):
    page = notebook("print(1)").replace("# A page\n", f"# A page\n{EVERYTHING}")
    other = "# The other page\n\n```{glossary}\ntoken (トークン)\n    A word.\n```\n"
    other = other.replace("token (トークン)", "token")
    bibliography = "# Bibliography\n\n```{bibliography}\n```\n"
    files = {"book/a.md": page, "book/other.md": other, "book/bibliography.md": bibliography}
    book = tiny_book(files | LIBRARY)
    book.build()
    path = downloaded(book.folder / "_build/html", "book/a")
    text = "\n\n".join(cells(path, "markdown"))
    assert not SYNTAX.search(text), text
    expected = [
        "# A page",
        "## A section",
        "It is so Vaswani *et al.* (2017), and again [Vaswani *et al.*, 2017].",
        "The other page, Fig. 1, (1), a place,",
        "token and `{braces} in code`. It costs 5 \\$ or $x_1 < 2$.",
        "$$\ny = \\frac{x}{2} \\tag{1}\n$$",
        "> **Predict**\n>\n> Which *way*?\n>\n> - one\n> - two",
        "> **Note**\n>\n> Mind **this**.",
        "<details>\n<summary>What the cell shows</summary>\n\nThat $x$ is 1.\n\n"
        "| a | b |\n| --- | --- |\n| 1 | $2$ |\n\n</details>",
        "```python\nVALUE = 'from the library'\n```",
        "### A place",
        "**Fig. 1.** The *caption*.",
        "1. first\n2. second\n\n   with more",
    ]
    for part in expected:
        assert part in text, f"{part}\n\nis not in\n\n{text}"
    folded = [c for c in nbformat.read(path, 4).cells if c.metadata.get("jupyter")]
    assert [cell.metadata["jupyter"] for cell in folded] == [{"source_hidden": True}]


def test_a_notebook_gets_the_library_from_the_repository(tiny_book, bare):
    """Git is told that the repository's address means a folder of this machine."""
    code = "import lib.plots\n\nprint('It runs', lib.plots.VALUE)"
    book = tiny_book({"book/a.md": notebook(code), "pyproject.toml": PROJECT} | LIBRARY)
    config = (book.folder / "_config.yml").read_text(encoding="utf-8")
    address = "https://github.com/someone/course"
    book.write("_config.yml", config.replace('url: ""', f'url: "{address}"'))
    for line in (
        ["init", "--quiet", "--initial-branch", "main"],
        ["add", "lib", "pyproject.toml"],
        ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "lib"],
    ):
        subprocess.run(["git", *line], cwd=book.folder, check=True)
    book.build()
    path = downloaded(book.folder / "_build/html", "book/a")
    assert f'"git+{address}@main"' in cells(path, "code")[0]
    here = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{book.folder.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": address,
    }
    result = run(bare, path, **here)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "It runs from the library" in result.stdout
    assert run(bare, path).returncode == 0  # and again, now that the library is there
