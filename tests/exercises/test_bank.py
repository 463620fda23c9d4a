"""Hidden tests reject every known mistake, visible ones half; both accept each correct variant."""

import functools

import pytest

from grader.bank import BANK, KnownAnswer, read_bank
from tests.exercises.running import ROOT, SOLUTIONS, answer_cells, read, run_cells

NOTEBOOKS = {path: read(path) for path in SOLUTIONS}
FEWEST_MISTAKES, FEWEST_VARIANTS = 10, 3
TASKS = [(path, task) for path, notebook in NOTEBOOKS.items() for task in answer_cells(notebook)]


def known_answers(correct):
    return [
        pytest.param(path, answer, id=f"{path.stem}-{number}-{answer.task}")
        for path in SOLUTIONS
        for number, answer in enumerate(read_bank(path))
        if answer.is_correct == correct
    ]


@functools.cache  # a mistake is asked about twice: by the hidden tests and by the visible ones
def run(path, answer: KnownAnswer, task: str = ""):
    return run_cells(NOTEBOOKS[path], {answer.task: answer.source}, task)


@pytest.mark.parametrize(("path", "answer"), known_answers(correct=False))
def test_a_known_mistake_is_rejected_in_words(path, answer):
    outcome = run(path, answer, answer.task)
    assert "notebook" not in outcome, outcome["notebook"]
    message = outcome[f"{answer.task}_hidden_tests"]
    assert message is not None, f"the hidden tests accept this mistake: {answer.sentence}"
    assert message.startswith("CheckFailed: This must hold: "), message
    assert "Steps:" in message and "BROKEN" in message
    assert "Called:" in message


@pytest.mark.parametrize(("path", "task"), TASKS, ids=[task for _, task in TASKS])
def test_the_visible_tests_reject_half_of_the_mistakes(path, task):
    mistakes = [a for a in read_bank(path) if a.task == task and not a.is_correct]
    passed = [a.sentence for a in mistakes if run(path, a, task)[f"{task}_tests"] is None]
    assert len(passed) <= len(mistakes) / 2, f"{len(passed)} of {len(mistakes)} pass: {passed}"


@pytest.mark.parametrize(("path", "answer"), known_answers(correct=True))
def test_a_correct_variant_is_accepted(path, answer):
    failures = {cell: text for cell, text in run(path, answer).items() if text}
    assert not failures, f"{answer.sentence}: {failures}"


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_every_task_has_enough_known_answers(path):
    answers = read_bank(path)
    tasks = answer_cells(NOTEBOOKS[path])
    for task in tasks:
        mistakes = [a for a in answers if a.task == task and not a.is_correct]
        variants = [a for a in answers if a.task == task and a.is_correct]
        assert len(mistakes) >= FEWEST_MISTAKES, f"{task} has {len(mistakes)} known mistakes"
        assert len(variants) >= FEWEST_VARIANTS, f"{task} has {len(variants)} correct variants"
        assert len({a.source for a in mistakes + variants}) == len(mistakes + variants)


def test_every_notebook_has_a_bank_and_every_bank_a_notebook():
    banks = {path.parent.relative_to(BANK) for path in BANK.glob("*/*/*.py")}
    assert banks == {p.relative_to(ROOT / "solutions").with_suffix("") for p in SOLUTIONS}
    assert banks, "there is no notebook"
