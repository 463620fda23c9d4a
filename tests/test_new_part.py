"""A new part needs only a folder in solutions/ and its bank; the Makefile does all the rest.

The tests add a part to a copy of the project and run the targets of the Makefile. The part has one
notebook with one task, whose name is also that of a task of another part.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
TASK = "causal_mask"  # there is one in transformer/02-masks as well
EXPERIMENT = "sorting"  # whose results its notebook reads

ANSWER = f'''
def {TASK}(x):
    """Twice x."""
    ### BEGIN SOLUTION
    return x + x
    ### END SOLUTION
'''
VISIBLE = f"""
check(call({TASK}, 1.0), 2.0, "the result is twice the number")
check(call({TASK}, 3.0), 6.0, "three gives six")
"""
HIDDEN = f"""
### BEGIN HIDDEN TESTS
for _number in (-2.5, 0.0, 1.0, 10.0):
    check(call({TASK}, _number), _number * 2, "every number is doubled, whatever its sign")
### END HIDDEN TESTS
"""
MISTAKES = [f"x * {i}" for i in (3, 4, 5, 6, 7)] + [f"x + {i}" for i in (3, 4, 5, 6, 7)]
VARIANTS = ["2 * x", "x * 2", "x / 0.5"]


def cell(source, name, **about):
    graded = {"grade_id": name, "schema_version": 3, "task": False} | about
    return new_code_cell(source.strip("\n"), id=name, metadata={"nbgrader": graded})


def tiny_notebook():
    """A notebook with a setup cell, a task, and its visible and hidden tests."""
    setup = "from checking import call, check\nfrom experiments import read_result\n\n"
    setup += f"results = read_result({EXPERIMENT!r})"
    locked = {"solution": False, "locked": True}
    return new_notebook(
        cells=[
            new_markdown_cell("Read the page *Doubling* (`book/tiny/doubling`) first.", id="head"),
            cell(setup, "setup", grade=False, **locked),
            cell(ANSWER, TASK, grade=False, solution=True, locked=False),
            cell(VISIBLE, f"{TASK}_tests", grade=True, points=1, **locked),
            cell(HIDDEN, f"{TASK}_hidden_tests", grade=True, points=2, **locked),
        ]
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The copy of the project, with the new part and one notebook of the transformer's."""
    root = tmp_path_factory.mktemp("project")
    for name in ("lib", "checking", "grader", "experiments", "tools", "tests"):
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "bank")
            shutil.copytree(ROOT / name, root / name, ignore=ignored)
    (root / "grader" / "bank").mkdir()
    for name in ("Makefile", "nbgrader_config.py", "pyproject.toml", "LICENSE", "LICENSE-text"):
        shutil.copy(ROOT / name, root)
    for name in ("grader/bank/__init__.py", "solutions/transformer/02-masks.ipynb"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    masks = "grader/bank/transformer/02-masks"
    shutil.copytree(ROOT / masks, root / masks)
    # All that a new part needs is written below.
    (root / "solutions" / "tiny").mkdir()
    nbformat.write(tiny_notebook(), root / "solutions" / "tiny" / "01-doubling.ipynb")
    (root / "solutions" / "tiny" / "numbers.csv").write_text("1,2\n", encoding="utf-8")
    answers = [f"# %% mistake: gives {e}\ndef {TASK}(x):\n    return {e}\n" for e in MISTAKES]
    answers += [f"# %% correct: as {e}\ndef {TASK}(x):\n    return {e}\n" for e in VARIANTS]
    bank = root / "grader" / "bank" / "tiny" / "01-doubling" / f"{TASK}.py"
    bank.parent.mkdir(parents=True)
    bank.write_text("\n".join(answers), encoding="utf-8")
    page = root / "book" / "tiny" / "doubling.md"
    page.parent.mkdir(parents=True)
    page.write_text("# Doubling (二倍)\n", encoding="utf-8")
    return root


def run(project, *line):
    """Run a command in the copy, with the copy's modules."""
    environment = os.environ | {"PYTHONPATH": str(project), "PARTS": "tiny"}
    result = subprocess.run(
        line, cwd=project, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def make(project, *verbs):
    """Run targets of the Makefile with the Python of this process, without installing anything."""
    if not (project / ".venv").exists():
        (project / ".venv").symlink_to(sys.prefix)
    return run(project, "make", "--old-file=.venv/installed", *verbs)


@pytest.fixture(scope="module")
def made(project):
    """What the targets print that release, grade and pack all parts."""
    return make(project, "exercises", "sample-class", "bundle")


def test_it_is_released_and_its_known_answers_are_run(project, made):
    released = sorted(p.name for p in (project / "exercises" / "tiny").iterdir())
    assert released == ["01-doubling.ipynb", "numbers.csv"]
    text = (project / "exercises" / "tiny" / "01-doubling.ipynb").read_text(encoding="utf-8")
    assert "x + x" not in text and "whatever its sign" not in text
    assert f"Known answers of tiny: {len(MISTAKES + VARIANTS)} run" in made


def test_its_sample_class_is_graded_beside_the_other_parts(project, made):
    grades = (project / "_build" / "sample-class" / "grades.csv").read_text(encoding="utf-8")
    rows = [line.split(",") for line in grades.splitlines()]
    student, part, score = (rows[0].index(n) for n in ("student_id", "assignment", "score"))
    found = {(row[part], row[student]): float(row[score]) for row in rows[1:]}
    assert found["tiny", "aiko"] == 3 and found["tiny", "ben"] == 0
    assert found["tiny", "daniel"] == 0, "makes the first known mistake"
    assert found["transformer", "aiko"] == 20


def test_its_mistakes_are_shown_by_name_of_part_and_task(project, made):
    shown = make(project, "mistakes", f"TASK=tiny/{TASK}")
    assert shown.count("\nmistake: ") == len(MISTAKES)
    line = [sys.executable, "-m", "grader.judging", TASK]
    refused = subprocess.run(
        line,
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert refused.returncode == 2
    assert f"tiny/{TASK}, transformer/{TASK}" in refused.stderr


def test_each_part_has_an_archive_of_its_own(project, made):
    archive = zipfile.ZipFile(project / "_build" / "tiny-course.zip")
    names = set(archive.namelist())
    assert "tiny-course/exercises/tiny/numbers.csv" in names
    assert {"tiny-course/README.md", "tiny-course/requirements.txt"} <= names
    assert f"tiny-course/experiments/{EXPERIMENT}/result.json" in names
    assert "tiny-course/experiments/__init__.py" in names
    assert not [name for name in names if "transformer" in name and "/lib/" not in name]
    assert "exercises/tiny/01-doubling.ipynb" in archive.read("tiny-course/README.md").decode()
    assert (project / "_build" / "transformer-course.zip").is_file()


def test_the_tests_of_exercises_look_at_it(project, made):
    line = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/exercises", "tests/checking"]
    said = run(project, sys.executable, *line)
    assert " passed" in said and " failed" not in said


def test_only_what_its_notebooks_import_is_warmed_up(project):
    program = (
        "import json, sys\nimport nbformat\nfrom grader.notebooks import imported_modules\n"
        "from grader.sandbox.warm import warm_up\n"
        "notebook = nbformat.read('solutions/tiny/01-doubling.ipynb', 4)\n"
        "warm_up(imported_modules(notebook), for_tests=True)\n"
        "ours = [n for n in sys.modules if n.split('.')[0] in ('lib', 'checking')]\n"
        "print(json.dumps(ours))"
    )
    warm = json.loads(run(project, sys.executable, "-c", program).splitlines()[-1])
    assert "checking" in warm
    assert not [name for name in warm if name.startswith("lib")]
