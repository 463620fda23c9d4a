"""Hidden tests reject each known mistake, visible ones half; both accept each correct variant.

The outcomes come from `grader.judging.known_answers`, which runs each known answer only once.
"""

import pytest

from grader.bank import BANK, load_notebook, read_bank
from grader.judging.known_answers import known_outcomes
from grader.judging.naming import symptom
from tests.exercises.running import SOLUTIONS, answer_cells, read, run_cells
from tests.selection import PARTS, ROOT

NOTEBOOKS = {path: read(path) for path in SOLUTIONS}
FEWEST_MISTAKES, FEWEST_VARIANTS = 10, 3
TASKS = [
    pytest.param(path, task, id=f"{path.parent.name}-{path.stem}-{task}")
    for path, notebook in NOTEBOOKS.items()
    for task in answer_cells(notebook)
]


def outcomes(path, task, *, correct):
    """The outcome of each graded cell of a task, by the sentence of the known answer."""
    return {
        answer.sentence: found
        for answer, found in known_outcomes(*load_notebook(path), task).items()
        if answer.is_correct == correct
    }


@pytest.mark.parametrize(("path", "task"), TASKS)
def test_known_mistakes_are_rejected_in_words(path, task):
    mistakes = outcomes(path, task, correct=False)
    assert len(mistakes) >= FEWEST_MISTAKES
    for sentence, found in mistakes.items():
        hidden = found[f"{task}_hidden_tests"]
        assert not hidden.passed, f"the hidden tests accept this mistake: {sentence}"
        assert hidden.failure is not None, f"{sentence}: {hidden.error}"
        assert hidden.error.startswith("CheckFailed: This must hold: "), hidden.error
        assert "Steps:" in hidden.error and "BROKEN" in hidden.error
        assert "Called:" in hidden.error


@pytest.mark.parametrize(("path", "task"), TASKS)
def test_the_visible_tests_reject_half_of_the_mistakes(path, task):
    mistakes = outcomes(path, task, correct=False)
    passed = [sentence for sentence, found in mistakes.items() if found[f"{task}_tests"].passed]
    assert len(passed) <= len(mistakes) / 2, f"{len(passed)} of {len(mistakes)} pass: {passed}"


@pytest.mark.parametrize(("path", "task"), TASKS)
def test_correct_variants_are_accepted(path, task):
    variants = outcomes(path, task, correct=True)
    assert len(variants) >= FEWEST_VARIANTS
    for sentence, found in variants.items():
        failures = {cell: symptom(outcome) for cell, outcome in found.items()}
        assert not any(failures.values()), f"{sentence}: {failures}"


def whole_notebooks():
    """Each notebook with all answers replaced by correct variants, until each variant was used."""
    for path, notebook in NOTEBOOKS.items():
        variants = {task: [] for task in answer_cells(notebook)}
        for answer in read_bank(path):
            if answer.is_correct:
                variants[answer.task].append(answer.source)
        for turn in range(max(map(len, variants.values()), default=0)):
            answers = {task: known[turn % len(known)] for task, known in variants.items() if known}
            yield pytest.param(path, answers, id=f"{path.parent.name}-{path.stem}-{turn}")


@pytest.mark.parametrize(("path", "answers"), list(whole_notebooks()))
def test_correct_variants_stand_together_in_a_notebook(path, answers):
    """A later task may call an earlier one's answer, however that is written."""
    failures = {cell: text for cell, text in run_cells(NOTEBOOKS[path], answers).items() if text}
    assert not failures


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_known_answer_stands_there_twice(path):
    answers = read_bank(path)
    for task in answer_cells(NOTEBOOKS[path]):
        of_task = [answer for answer in answers if answer.task == task]
        assert of_task
        assert len({answer.source for answer in of_task}) == len(of_task)
        assert len({(answer.is_correct, answer.sentence) for answer in of_task}) == len(of_task)


def test_every_notebook_has_a_bank_and_every_bank_a_notebook():
    banks = {
        path.parent.relative_to(BANK)
        for path in BANK.glob("*/*/*.py")
        if path.parent.parent.name in PARTS
    }
    assert banks == {p.relative_to(ROOT / "solutions").with_suffix("") for p in SOLUTIONS}
    assert banks, "there is no notebook"
