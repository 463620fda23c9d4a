"""A page is executed when, and only when, something its outputs depend on has changed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.book.tiny_book import ROOT, executed, notebook
from tools.dependencies import dependencies

pytestmark = pytest.mark.slow

LIBRARY = {
    "lib/__init__.py": "",
    "lib/alone.py": "VALUE = 'alone 1'\n",
    "lib/low.py": "VALUE = 'low 1'\n",
    "lib/high.py": "from .low import VALUE\n",
    "requirements.lock": "numpy==1\n",
}
PAGES = {
    "book/a.md": notebook("from lib import alone\n\nprint(alone.VALUE)"),
    "book/b.md": notebook("import lib.high\n\nprint(lib.high.VALUE)"),
}


@pytest.mark.parametrize(
    ("source", "used"),
    [
        ("import lib", "__init__"),
        ("import lib.x", "__init__ x"),
        ("import lib.x as y, numpy", "__init__ x"),
        ("from lib import x", "__init__ x"),
        ("from lib.x import function", "__init__ x"),
        ("from lib import uses_x", "__init__ uses_x x"),
        ("from lib.data import relative", "__init__ data/__init__ data/relative data/sibling x"),
        ("from lib.data.sibling import y", "__init__ data/__init__ data/sibling"),
        ("def f():\n    import lib.x", "__init__ x"),
        ("from lib import in_a_circle", "__init__ in_a_circle in_a_circle_too"),
        ("from lib import broken", "__init__ broken"),
        ("from lib import loads", "__init__ loads data/weights.bin"),
        ("open('lib/data/weights.bin')", "data/weights.bin"),
        ("import numpy, torch.nn", ""),
        ("lib = 1; x = 'lib.x'", ""),
    ],
)
def test_dependencies_are_found(tmp_path: Path, source: str, used: str) -> None:
    files = {
        "__init__.py": "",
        "x.py": "",
        "unused.py": "",
        "uses_x.py": "import os\nfrom lib.x import something",
        "in_a_circle.py": "import lib.in_a_circle_too",
        "in_a_circle_too.py": "import lib.in_a_circle",
        "broken.py": "def",
        "loads.py": "FILE = 'weights.bin'",
        "data/__init__.py": "",
        "data/sibling.py": "",
        "data/relative.py": "from . import sibling\nfrom ..x import y",
        "data/weights.bin": "",
    }
    for name, text in files.items():
        path = tmp_path / "lib" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    found = {
        path.relative_to(tmp_path / "lib").as_posix().removesuffix(".py")
        for path in dependencies(source, tmp_path)
    }
    assert found == set(used.split())


def test_exactly_the_pages_whose_code_changed_are_executed(tiny_book) -> None:
    book = tiny_book(LIBRARY | PAGES)
    assert executed(book.build()) == {"book/a", "book/b"}
    assert executed(book.build()) == set()

    book.write("book/a.md", PAGES["book/a.md"] + "\nMore prose.\n")
    assert executed(book.build()) == set()
    assert "More prose" in book.html("book/a")

    book.write("lib/low.py", "# A remark.\nVALUE = 'low 1'\n")
    assert executed(book.build()) == set()

    book.write("lib/low.py", "VALUE = 'low 2'\n")
    assert executed(book.build()) == {"book/b"}
    assert "low 2" in book.html("book/b")

    book.write("lib/alone.py", "VALUE = 'alone 2'\n")
    assert executed(book.build()) == {"book/a"}
    assert "alone 2" in book.html("book/a")

    # When the old code is back, its outputs may come from the cache, but the page must show them.
    book.write("lib/low.py", LIBRARY["lib/low.py"])
    assert executed(book.build()) == set()
    assert "low 1" in book.html("book/b")
    assert "low 2" not in book.html("book/b")

    book.write("requirements.lock", "numpy==2\n")
    assert executed(book.build()) == {"book/a", "book/b"}
    assert executed(book.build()) == set()


def test_a_page_is_executed_anew_when_the_result_that_it_shows_has_changed(tiny_book) -> None:
    """The script and the card of an experiment, and other experiments, do not concern the page."""
    reading = (ROOT / "experiments" / "__init__.py").read_text(encoding="utf-8")
    experiments = {
        "experiments/__init__.py": reading,
        "experiments/tiny/run.py": "",
        "experiments/tiny/card.md": "# tiny\n",
        "experiments/tiny/result.json": '{"arms": {"arm": "old number"}}',
        "experiments/other/result.json": '{"arms": {"arm": 1}}',
    }
    code = "from experiments import read_result\n\nprint(read_result('tiny')['arm'])"
    book = tiny_book(experiments | {"book/a.md": notebook(code)})
    assert executed(book.build()) == {"book/a"}
    assert "old number" in book.html("book/a")

    book.write("experiments/tiny/run.py", "x = 1\n")
    book.write("experiments/tiny/card.md", "# Tiny\n")
    book.write("experiments/other/result.json", '{"arms": {"arm": 2}}')
    assert executed(book.build()) == set()

    book.write("experiments/tiny/result.json", '{"arms": {"arm": "new number"}}')
    assert executed(book.build()) == {"book/a"}
    assert "new number" in book.html("book/a")


def test_a_failing_cell_fails_the_build_and_spares_the_other_pages(tiny_book) -> None:
    book = tiny_book(LIBRARY | PAGES)
    book.write("lib/low.py", "raise RuntimeError('no such luck')\n")
    log = book.build_and_fail()
    assert executed(log) == {"book/a"}
    assert "RuntimeError: no such luck" in log
    book.write("lib/low.py", LIBRARY["lib/low.py"])
    assert executed(book.build()) == {"book/b"}


def test_a_warning_fails_the_build_again_and_again(tiny_book) -> None:
    book = tiny_book({"book/a.md": notebook("import warnings\n\nwarnings.warn('careful')")})
    assert "stderr was found" in book.build_and_fail()
    assert "stderr was found" in book.build_and_fail()


@pytest.mark.parametrize("alt", ["", "chart.png"])
def test_an_image_without_alt_text_fails_the_build(tiny_book, alt: str) -> None:
    page = f"# A page\n\n![{alt}](chart.png)\n"
    book = tiny_book({"book/a.md": page, "book/chart.png": ""})
    assert "image without alt text" in book.build_and_fail()
    book.write("book/a.md", page.replace(f"![{alt}]", "![A curve that rises]"))
    book.build()


def test_a_figure_without_alt_text_fails_the_build(tiny_book) -> None:
    code = "import matplotlib.pyplot as plt\n\nplt.plot([1, 2]);"
    book = tiny_book({"book/a.md": notebook(code)})
    assert "image without alt text" in book.build_and_fail()
    header = "---\nmystnb:\n  image:\n    alt: A line that rises.\n---\n"
    book.write("book/a.md", notebook(header + code))
    assert executed(book.build()) == set()
    assert 'alt="A line that rises."' in book.html("book/a")


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="pages run one at a time on one core")
def test_pages_are_executed_in_parallel(tiny_book) -> None:
    """Each page waits for the other to have started."""
    code = (
        "import time\nfrom pathlib import Path\n\nPath('{0}').touch()\n"
        "while not Path('{1}').exists():\n    time.sleep(0.1)"
    )
    pages = {
        "book/a.md": notebook(code.format("a", "b")),
        "book/b.md": notebook(code.format("b", "a")),
    }
    assert executed(tiny_book(pages).build()) == {"book/a", "book/b"}


def test_an_interrupted_build_stops_at_once_and_the_next_one_is_right(tiny_book) -> None:
    code = "import time\nfrom pathlib import Path\n\nPath('started').touch()\ntime.sleep({})"
    book = tiny_book({"book/a.md": notebook(code.format(60))})
    process = book.start()
    while not (book.folder / "book" / "started").exists():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    log, _ = process.communicate(timeout=20)
    assert process.returncode != 0, log
    book.write("book/a.md", notebook(code.format(0)))
    assert executed(book.build()) == {"book/a"}
    assert executed(book.build()) == set()


def test_numbers_do_not_depend_on_the_machine_or_the_user(tiny_book) -> None:
    """A page runs on one thread, and without the user's own IPython profile."""
    code = "import os\n\nprint(os.environ['OMP_NUM_THREADS'], os.environ['IPYTHONDIR'])"
    book = tiny_book({"book/a.md": notebook(code)})
    book.build()
    assert f"1 {book.folder / '_build' / 'ipython'}" in book.html("book/a")


def test_the_same_figure_is_the_same_file(tiny_book) -> None:
    """Two kernels draw the same figure; myst-nb names the files by their content."""
    code = """---
mystnb:
  image:
    alt: A line that rises.
---
import matplotlib.pyplot as plt
from lib.plots import set_style

set_style()
plt.plot([1, 2], label="$x$")
plt.legend();"""
    style = (ROOT / "lib" / "plots.py").read_text(encoding="utf-8")
    pages = {"book/a.md": notebook(code), "book/b.md": notebook(f"{code}\n# again")}
    book = tiny_book({"lib/__init__.py": "", "lib/plots.py": style} | pages)
    book.build()
    assert len(list((book.folder / "_build" / "html" / "_images").glob("*.svg"))) == 1


def prove(book) -> subprocess.CompletedProcess:
    """Prove the pages of the part "a" as `make test` does."""
    return subprocess.run(
        [sys.executable, "-m", "tools.prove_pages", "a"],
        cwd=book.folder,
        env=os.environ | {"PYTHONPATH": f"{book.folder}{os.pathsep}{ROOT}"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_a_page_is_proven_once_and_again_when_its_code_has_changed(tiny_book) -> None:
    page = "import lib.high\n\nprint(lib.high.VALUE)"
    book = tiny_book(LIBRARY | {"book/a/x.md": notebook(page)})
    book.build()
    first = prove(book)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "0 pages have been proven on this machine, 1 have not" in first.stdout
    assert "1 pages have been proven on this machine, 0 have not" in prove(book).stdout
    book.write("lib/low.py", "VALUE = 'low 2'\n")
    book.build()
    again = prove(book)
    assert again.returncode == 0 and "1 have not" in again.stdout


def test_a_page_whose_output_differs_each_time_is_not_proven(tiny_book) -> None:
    book = tiny_book({"book/a/x.md": notebook("import time\n\nprint(time.time_ns())")})
    book.build()
    for _ in range(2):
        result = prove(book)
        assert result.returncode == 1 and "1 have not" in result.stdout, result.stdout
