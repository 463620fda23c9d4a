"""Every command that the README and the handout name exists, and is run by some test."""

import os
import re
import shutil
import subprocess
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "tools/handout/README.md"]

# Each documented command, and the test or occasion that shows that it works.
PROVEN = {
    "make course": "its parts are the prerequisites of `make test`; its summary is tested below",
    "make test": "is what runs this",
    "make": "tested below",
    "make quick": "tests/test_quick.py",
    "make serve": "tests/book/test_browser.py serves the same folder",
    "make exercises": "a prerequisite of `make test`; tests/exercises/test_release.py",
    "make bundle": "tests/test_bundle.py",
    "make grade": "tests/grader/test_broken_submissions.py",
    "make report": "tests/grader/test_class_report.py",
    "make lock": "run weekly with --upgrade",
    "make lint": "`make test` checks what it would change",
    "make types": "a part of `make test`",
    "make bench": "run by hand, as it takes the whole machine",
    "make links": "run weekly, as it needs the whole internet",
}


def code_of(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return [line.split("#")[0].strip() for block in blocks for line in block.splitlines()] + spans


def make_commands():
    return sorted({c for d in DOCUMENTS for c in code_of(d) if re.fullmatch(r"make( [a-z]+)?", c)})


def test_every_make_command_in_the_documents_is_proven_somewhere():
    assert set(make_commands()) == set(PROVEN)


@pytest.mark.parametrize("command", sorted(PROVEN))
def test_a_documented_verb_exists(command):
    result = subprocess.run(
        [*command.split(), "-n"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_make_alone_lists_every_documented_verb():
    result = subprocess.run(
        ["make"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True
    )
    for command in set(PROVEN) - {"make"}:
        assert command in result.stdout


def test_the_summary_of_make_course_names_pages_exercises_scores_and_paths():
    result = subprocess.run(
        ["python", "-m", "tools.summary", "_build/sample-class"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert re.search(r"Pages built: \d+", result.stdout)
    count = len(list((ROOT / "exercises").glob("*/*.ipynb")))
    assert f"Exercises released: {count} notebooks" in result.stdout
    for student in (ROOT / "tests" / "sample_class").glob("*.toml"):
        assert student.stem in result.stdout
    for line in result.stdout.splitlines():
        if line.startswith("Open"):
            assert (ROOT / line.split()[-1]).exists(), line


def test_a_python_that_is_too_old_is_refused_in_one_sentence(tmp_path):
    """The check must run on an old Python, so it must not use newer syntax."""
    source = (ROOT / "tools" / "check_python.py").read_text(encoding="utf-8")
    compile(source, "check_python.py", "exec")
    assert 'f"' not in source and ":=" not in source
    old = source.replace("sys.version_info < (3, 11, 5)", "sys.version_info < (99,)")
    assert old != source
    script = tmp_path / "check_python.py"
    script.write_text(old, encoding="utf-8")
    result = subprocess.run(
        ["python", script], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert result.returncode == 1
    assert "expected Python 3.11.5 or newer" in result.stderr
    assert "Traceback" not in result.stderr


def test_every_locked_package_runs_on_the_oldest_python_that_the_course_names():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    oldest = re.search(r"Python (\d[\d.]*) or newer", readme).group(1)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == f">={oldest}"
    assert f"Python {oldest} or" in (ROOT / "tools" / "check_python.py").read_text(encoding="utf-8")
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    names = re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)
    assert len(names) > 100
    needed = {name: metadata(name).get("Requires-Python") or "" for name in names}
    assert [n for n in names if not SpecifierSet(needed[n]).contains(oldest)] == []


def test_without_a_network_make_says_so_and_leaves_nothing_half_done(tmp_path):
    for name in ("Makefile", "requirements.lock", "pyproject.toml", "tools/check_python.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    result = subprocess.run(
        ["make", "course"],
        cwd=tmp_path,
        env=os.environ | {"PIP_NO_INDEX": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode != 0
    assert "Installing failed. It needs a network" in result.stderr
    # The next run must install again.
    assert not (tmp_path / ".venv" / "installed").exists()
