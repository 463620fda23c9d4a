"""What students get: nothing of the answers, nothing of the hidden tests, and no free points."""

import re

import pytest

from tests.exercises.running import (
    ROOT,
    SOLUTIONS,
    answer_cells,
    graded_cells,
    is_graded,
    read,
    run_cells,
)
from tests.selection import ALL, of_chosen_parts

REGION = re.compile(r"### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)### END \1", re.DOTALL)


def release_of(path):
    return ROOT / "exercises" / path.relative_to(ROOT / "solutions")


def cell_id(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def test_every_source_notebook_is_released_and_nothing_else():
    released = {p.relative_to(ROOT / "exercises") for p in of_chosen_parts("exercises/{part}/*")}
    sources = {p.relative_to(ROOT / "solutions") for p in of_chosen_parts("solutions/{part}/*")}
    assert released == sources
    assert SOLUTIONS
    assert {p.name for p in (ROOT / "exercises").iterdir()} == set(ALL)


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_release_holds_neither_answers_nor_hidden_tests(path):
    source = read(path)
    secret, public = set(), set()
    for cell in source.cells:
        for _, body in REGION.findall(cell.source):
            secret.update(line.strip() for line in body.splitlines())
        public.update(line.strip() for line in REGION.sub("", cell.source).splitlines())
    released = release_of(path).read_text(encoding="utf-8")
    assert "BEGIN SOLUTION" not in released and "BEGIN HIDDEN" not in released
    lines = {
        line.strip() for cell in read(release_of(path)).cells for line in cell.source.splitlines()
    }
    # Short lines such as ")" or "else:" give nothing away, and occur in other code too.
    leaked = {line for line in (secret - public) & lines if len(line) > 12}
    assert not leaked
    assert len(secret) > 2, "no solution and no hidden test was found to look for"


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_release_has_no_stored_outputs_and_locked_tests(path):
    for cell in read(release_of(path)).cells:
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None
        if is_graded(cell):
            assert cell.metadata.nbgrader.locked


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_nothing_filled_in_passes_no_graded_cell(path):
    """The released answer cells are run with the instructor's tests, as in grading."""
    blank = {cell_id(c): c.source for c in read(release_of(path)).cells if cell_id(c)}
    source = read(path)
    answers = {task: blank[task] for task in answer_cells(source)}
    outcome = run_cells(source, answers)
    assert set(outcome) == set(graded_cells(source))
    for cell, message in outcome.items():
        assert message, f"{cell} passes with nothing filled in"


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_reference_passes_every_graded_cell(path):
    source = read(path)
    assert run_cells(source) == dict.fromkeys(graded_cells(source))


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_page_to_read_first_is_there_and_so_called(path):
    found = re.findall(r"\*([^*]+)\* \(`(book/[\w/-]+)`\)", read(path).cells[0].source)
    assert found
    for title, page in found:
        text = (ROOT / f"{page}.md").read_text(encoding="utf-8")
        assert re.search(rf"^# {re.escape(title)} \(", text, re.MULTILINE), title
