"""What a teacher hands to students works when it is unpacked alone, on any system."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from grader.addresses import book_address, published_book, with_page_links
from tests.environments import link_environment
from tools import bundle as bundle_module

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """The unpacked archive."""
    folder = tmp_path_factory.mktemp("student")
    zipfile.ZipFile(pack(folder)).extractall(folder)
    return folder / "transformer-course"


@pytest.fixture(scope="module")
def python(tmp_path_factory, bundle):
    """Python of a fresh environment, made as the handout says.

    On Linux, where that takes minutes, it is one that links to what the handout's requirements
    lead to and nothing else; with COLD it is made as the handout says there, too.
    """
    environment = tmp_path_factory.mktemp("environment") / ".venv"
    if sys.platform == "linux" and not os.environ.get("COLD"):
        return linked(environment, bundle)
    scripts = environment / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    pip, python = (shutil.which(name, path=scripts) for name in ("pip", "python"))
    line = [pip, "install", "-q", "--disable-pip-version-check", "-r", "requirements.txt"]
    subprocess.run(line, cwd=bundle, check=True)
    return python


def test_nothing_of_the_teachers_is_in_it(bundle):
    names = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    folders = {name.split("/")[0] for name in names if "/" in name}
    assert folders - {"pages"} == {"checking", "exercises", "experiments", "lib"}
    assert {"README.md", "requirements.txt", "pyproject.toml", "LICENSE"} <= names
    own = [name for name in names if not name.startswith("pages/")]
    assert len([name for name in own if name.endswith(".ipynb")]) == 8
    texts = [bundle / name for name in own if not name.endswith(".safetensors")]
    text = "".join(path.read_text(encoding="utf-8") for path in texts)
    assert "BEGIN HIDDEN TESTS" not in text.replace('### BEGIN HIDDEN TESTS\\n"', "")
    assert "BEGIN SOLUTION" not in text


def test_a_notebook_leads_to_its_page_and_the_page_to_the_notebook(tmp_path):
    """With a built book of two files, as the tests of this module also run without the book."""
    html = tmp_path / "html"
    page = html / "book" / "transformer" / "attention.html"
    page.parent.mkdir(parents=True)
    page.write_text('<a href="../../exercises/transformer/02-masks.ipynb">', encoding="utf-8")
    (html / "exercises").mkdir()
    (html / "exercises" / "copy.ipynb").write_text("{}", encoding="utf-8")
    packed = bundle_module.built_pages(html)
    assert packed == {
        "pages/book/transformer/attention.html": (
            b'<a href="../../../exercises/transformer/02-masks.ipynb">'
        )
    }
    text = with_page_links("read `book/transformer/attention`, `lib/x`", "../../pages/")
    link = "[`book/transformer/attention`](../../pages/book/transformer/attention.html)"
    assert text == f"read {link}, `lib/x`"


def test_the_links_of_an_archive_lead_somewhere(bundle):
    """To the pages in the archive, if the book is built; or to the address, if there is one."""
    for path in (bundle / "exercises" / "transformer").glob("*.ipynb"):
        links = re.findall(r"\]\(([^)]+/book/transformer/[\w-]+\.html)\)", path.read_text("utf-8"))
        if (bundle / "pages").is_dir():
            assert links
            assert all((path.parent / link).is_file() for link in links), links
            page = (path.parent / links[0]).resolve()
            back = re.findall(r'href="([^"]+/exercises/[^"]+\.ipynb)"', page.read_text("utf-8"))
            assert path.resolve() in [(page.parent / link).resolve() for link in back]
        else:
            assert all(link.startswith("https://") for link in links)


def test_with_a_repository_the_links_lead_to_the_published_book(tmp_path):
    config = tmp_path / "_config.yml"
    text = (ROOT / "_config.yml").read_text(encoding="utf-8")
    config.write_text(text, encoding="utf-8")
    assert published_book(tmp_path) == ""
    published_book.cache_clear()
    url = "https://github.com/Someone/course"
    config.write_text(text.replace('url: ""', f'url: "{url}"'), encoding="utf-8")
    assert published_book(tmp_path) == "https://someone.github.io/course/"
    assert book_address("https://git.example.org/a/b") == "" == book_address("")


def test_the_same_content_gives_the_same_archive(tmp_path):
    first, second = (pack(tmp_path / name).read_bytes() for name in "ab")
    assert first == second


def test_the_handouts_commands_work_and_say_what_is_not_done(bundle, python):
    """Validate a notebook with the command of the README: it fails, and says why in words."""
    commands = re.findall(r"^\.venv/bin/(.+)$", (bundle / "README.md").read_text("utf-8"), re.M)
    assert commands[:2] == ["pip install -r requirements.txt", "jupyter lab"]
    (validate,) = [line for line in commands if line.startswith("nbgrader validate")]
    notebook = validate.split()[-1]
    assert (bundle / notebook).is_file()
    result = run(python, "-m", "nbgrader", "validate", notebook, cwd=bundle)
    assert "HAVE CHANGED" not in result.stdout
    assert "VALIDATION FAILED" in result.stdout
    assert "your answer is written" in result.stdout, result.stdout
    version = run(python, "-m", "jupyterlab", "--version", cwd=bundle)
    assert version.returncode == 0 and version.stdout.startswith("4.")


def test_it_works_where_the_default_encoding_is_not_utf8(bundle, python):
    """Run a notebook's setup cell and load the pieces in a process whose locale is ASCII."""
    notebook = json.loads((bundle / "exercises/transformer/02-masks.ipynb").read_text("utf-8"))
    cells = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    setup = cells[0]
    script = bundle / "session.py"
    lines = [
        "import locale, checking, lib.training, lib.plots, lib.data.dates",
        setup,
        "from checking.pieces import load_pieces",
        "load_pieces('transformer', 'exercises/transformer')",
        "print(checking.__file__, locale.getpreferredencoding(False))",
    ]
    script.write_text("# -*- coding: utf-8 -*-\n" + "\n".join(lines), encoding="utf-8")
    world = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    strict = {"PYTHONWARNDEFAULTENCODING": "1", "PYTHONIOENCODING": "utf-8"}
    environment = os.environ | world | strict
    result = run(
        python, "-W", "error::EncodingWarning:(lib|checking)", script, cwd=bundle, env=environment
    )
    assert result.returncode == 0, result.stderr
    last = result.stdout.strip().splitlines()[-1]
    assert Path(last.split()[0]).parts[-2:] == ("checking", "__init__.py")
    if os.name != "nt":
        assert "utf" not in last.split()[1].lower()


def linked(environment, bundle):
    """Python of an environment with what the handout's requirements lead to."""
    lines = (bundle / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line[:1] not in ("", "#", ".")]
    python = link_environment(environment, wanted)
    (site,) = environment.glob("lib/python*/site-packages")
    line = ["-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--target", site]
    subprocess.run([sys.executable, *line, "./"], cwd=bundle, check=True)
    return python


def pack(folder):
    """Pack the transformer's exercises into an archive in a folder; return its path."""
    line = [sys.executable, "-m", "tools.bundle", folder, "transformer"]
    subprocess.run(line, cwd=ROOT, check=True)
    return folder / "transformer-course.zip"


def run(python, *arguments, **options):
    return subprocess.run(
        [python, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        **options,
    )
