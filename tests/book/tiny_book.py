"""A book of a page or two, built with the real configuration, extensions and templates."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
JUPYTER_BOOK = Path(sys.executable).with_name("jupyter-book")

NOTEBOOK = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A page

```{code-cell} ipython3
CODE
```
"""


def notebook(code: str) -> str:
    """Return a page with one code cell."""
    return NOTEBOOK.replace("CODE", code)


class TinyBook:
    """A book in a temporary folder."""

    def __init__(self, folder: Path, files: dict[str, str]) -> None:
        """Write the files, and a table of contents of the pages among them."""
        self.folder = folder
        shutil.copy(ROOT / "_config.yml", folder)
        for part in ("_extensions", "_static", "_templates"):
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / "book" / part, folder / "book" / part, ignore=ignore)
        shutil.copy(ROOT / "book" / "references.bib", folder / "book")
        self.write("book/index.md", "# A tiny book\n")
        for name, text in files.items():
            self.write(name, text)
        chapters = [{"file": name.removesuffix(".md")} for name in files if name.endswith(".md")]
        toc = {"format": "jb-book", "root": "book/index", "chapters": chapters}
        self.write("_toc.yml", yaml.safe_dump(toc))

    def write(self, name: str, text: str) -> None:
        """Write a file of the book."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def start(self) -> subprocess.Popen:
        """Start a build as `make book` does; its messages can be read from `stdout`."""
        return subprocess.Popen(
            [JUPYTER_BOOK, "build", ".", "-n", "-W", "--keep-going"],
            cwd=self.folder,
            # The pages import the tiny book's own `lib`. The tests switch EncodingWarnings on, but
            # those of packages would be output of a page on stderr, which fails the build.
            env=os.environ
            | {
                "PYTHONPATH": f"{self.folder}{os.pathsep}{ROOT}",
                "PYTHONWARNDEFAULTENCODING": "",
                "COURSE_CACHE": str(self.folder / "_build" / "cache"),
            },
            # If the tests run in the background of a shell, they and their child processes ignore
            # Ctrl-C, with which a test interrupts a build.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

    def build(self) -> str:
        """Build the book and return the messages; raise if the build fails."""
        process = self.start()
        log, _ = process.communicate(timeout=120)
        assert process.returncode == 0, log
        return log

    def build_and_fail(self) -> str:
        """Build the book and return the messages; raise if the build succeeds."""
        process = self.start()
        log, _ = process.communicate(timeout=120)
        assert process.returncode != 0, log
        return log

    def html(self, name: str) -> str:
        """Return a built page."""
        return (self.folder / "_build" / "html" / f"{name}.html").read_text(encoding="utf-8")


def executed(log: str) -> set[str]:
    """Return the pages that a build has executed, from its messages."""
    return set(re.findall(r"^\[\d+/\d+\] (\S+)  [\d.]+ s$", log, flags=re.MULTILINE))
