"""A known mistake is named when a student's results equal its results."""

import json
import subprocess
import sys

import pytest
import torch

from grader.bank import load_notebook, read_bank
from grader.judging import known_answers
from grader.judging.examine import examine
from grader.judging.fork import in_a_fork
from grader.judging.job import Job, Outcome, Setting
from grader.judging.known_answers import (
    known_outcomes,
    learn,
    run_known_answers,
    symptoms_of_mistakes,
)
from grader.judging.naming import name_mistakes, symptom
from tests.exercises.running import ROOT, SOLUTIONS, answer_cells, read
from tests.grader.conftest import LIMITS

NOTEBOOKS = {path: read(path) for path in SOLUTIONS}
TASKS = [(path, task) for path, notebook in NOTEBOOKS.items() for task in answer_cells(notebook)]
MASKS = ROOT / "solutions" / "transformer" / "02-masks.ipynb"


@pytest.mark.parametrize(("path", "task"), TASKS, ids=[task for _, task in TASKS])
def test_each_mistake_is_named_and_nearly_always_alone(path, task):
    symptoms = symptoms_of_mistakes(*load_notebook(path), task)
    assert len(symptoms) >= 10
    named = {sentence: name_mistakes(shown, symptoms) for sentence, shown in symptoms.items()}
    assert all(sentence in names for sentence, names in named.items())
    alone = sum(len(names) == 1 for names in named.values())
    assert alone >= 0.7 * len(named), {s: n for s, n in named.items() if len(n) > 1}


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """An empty folder for the outcomes of known answers."""
    monkeypatch.setattr(known_answers, "RECORDS", tmp_path / "kept")
    return tmp_path / "kept"


def forget():
    """Empty the cache in memory, as in a new process."""
    known_answers._known_outcomes.cache_clear()


def test_what_known_answers_show_is_found_once_and_kept(kept, monkeypatch):
    text, bank = load_notebook(MASKS)
    runs = []
    monkeypatch.setattr(
        known_answers, "in_a_fork", lambda *a, **k: runs.append(1) or in_a_fork(*a, **k)
    )

    def ask(text):
        forget()
        return known_outcomes(text, bank, "causal_mask")

    first = ask(text)
    assert {answer.is_correct for answer in first} == {True, False} and len(runs) == 1
    assert all(isinstance(o, Outcome) for found in first.values() for o in found.values())
    assert ask(text) == first and len(runs) == 1, "kept for the next process"
    (file,) = kept.iterdir()
    for spoilt in ("{", "[{}]", '[{"a": 1}]', "7"):
        file.write_text(spoilt, encoding="utf-8")
        assert ask(text) == first, "what cannot have been written is found again"
    assert len(runs) == 5
    changed = text.replace("Hidden tests:", "Hidden tests :")
    assert changed != text
    ask(changed)
    assert len(runs) == 6, "other tests are another matter"
    forget()


def test_what_known_answers_show_can_be_learnt_before_grading(kept, monkeypatch):
    text, bank = load_notebook(MASKS)
    assert learn([(text, bank)], count=2) == len(bank)
    assert learn([(text, bank)], count=2) == 0
    forget()
    monkeypatch.setattr(known_answers, "in_a_fork", lambda *_, **__: pytest.fail("not learnt"))
    for task in answer_cells(NOTEBOOKS[MASKS]):
        assert list(known_outcomes(text, bank, task)) == [a for a in bank if a.task == task]
    forget()


@pytest.fixture
def examined(lacking):
    setting = Setting("off" if lacking else "required", LIMITS)

    def run(path, answers):
        sources = {
            cell.metadata.nbgrader.grade_id: (cell.source,)
            for cell in NOTEBOOKS[path].cells
            if cell.metadata.get("nbgrader", {}).get("solution")
        }
        sources |= {task: (text,) for task, text in answers.items()}
        job = Job(*load_notebook(path), sources, setting)
        return job, examine(job)

    return run


@pytest.mark.parametrize("which", [0, 4])
@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_the_grader_names_what_the_bank_holds(path, which, examined):
    """If all tasks of a notebook have a known mistake, the grader names each of them."""
    mistakes = {}
    for task in answer_cells(NOTEBOOKS[path]):
        known = [a for a in read_bank(path) if a.task == task and not a.is_correct]
        mistakes[task] = known[which]
    job, finding = examined(path, {task: a.source for task, a in mistakes.items()})
    assert not finding.fault
    for task, answer in mistakes.items():
        known = symptoms_of_mistakes(job.instructors, job.bank, task)
        symptoms = known[answer.sentence]
        # Where a test fails that this mistake passes, it shows the mistake in another task.
        if all(symptoms[cell] or finding.outcomes[cell].passed for cell in symptoms):
            is_named = answer.sentence in finding.mistakes[task]
            assert is_named or draws_random_numbers(job, answer, symptoms), (task, known)


def draws_random_numbers(job, answer, symptoms):
    """Whether an answer shows something else each time, so that nothing else can equal it."""

    def run_again():
        torch.manual_seed(1)
        return run_known_answers(job.instructors, answer.task, [answer])

    (outcomes,) = in_a_fork(run_again, seconds=60)
    return {cell: symptom(outcome) for cell, outcome in outcomes.items()} != symptoms


RESTYLED = {
    "attention_scores": (
        "def attention_scores(query, key, scale=None):\n"
        "    s = 1 if scale is None else scale\n"
        "    return s * torch.einsum('...qd,...kd->...qk', query, key)",
        "the 1/√d_k is missing",
    ),
    "masked_softmax": (
        "def masked_softmax(scores, allowed):\n"
        "    e = torch.exp(scores - scores.max(-1, keepdim=True).values)\n"
        "    return torch.where(allowed, e / e.sum(-1, keepdim=True), torch.zeros_like(e))",
        "masks after the softmax, so the rows no longer sum to 1",
    ),
}


def test_a_mistake_is_named_however_it_is_written(examined):
    path = next(path for path in SOLUTIONS if path.stem == "03-scaled-dot-product")
    _, finding = examined(path, {task: text for task, (text, _) in RESTYLED.items()})
    for task, (_, sentence) in RESTYLED.items():
        assert sentence in finding.mistakes[task]


def test_an_answer_that_equals_a_mistake_in_one_test_alone_is_not_named():
    known = {"forgets the mask": {"tests": "no mask", "hidden_tests": "no mask there either"}}
    assert name_mistakes({"tests": "no mask", "hidden_tests": "no mask there either"}, known)
    assert name_mistakes({"tests": "no mask", "hidden_tests": "too long"}, known) == ()
    assert name_mistakes({"tests": "", "hidden_tests": "no mask there either"}, known) == ()
    # A test that does not mention the answer is not among those shown.
    assert name_mistakes({"hidden_tests": "no mask there either"}, known)


def test_a_mistake_that_nobody_knows_is_not_named(examined):
    path = next(path for path in SOLUTIONS if path.stem == "03-scaled-dot-product")
    odd = "def attention_scores(query, key, scale=None):\n    return (query @ key.mT) ** 3 + 17"
    _, finding = examined(path, {"attention_scores": odd})
    assert finding.mistakes["attention_scores"] == ()


def test_an_empty_answer_is_no_mistake(examined):
    path = next(path for path in SOLUTIONS if path.stem == "03-scaled-dot-product")
    empty = "def attention_scores(query, key, scale=None):\n    raise NotImplementedError"
    _, finding = examined(path, {"attention_scores": empty})
    assert "attention_scores" not in finding.mistakes


def test_the_command_shows_the_table_of_a_task():
    """The command runs in a process of its own, since a notebook's bans would stay in this one."""

    def show(task):
        line = [sys.executable, "-m", "grader.judging", task]
        return subprocess.run(line, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)

    shown = show("causal_mask")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("transformer/02-masks.ipynb")
    assert shown.stdout.count("\nmistake: ") >= 10 and shown.stdout.count("\nright: ") >= 3
    assert "REJECTED" not in shown.stdout
    refused = show("nonsense")
    assert refused.returncode == 2 and "causal_mask" in refused.stderr


def test_released_notebooks_do_not_mention_the_grader():
    released = json.dumps([read(p).cells for p in (ROOT / "exercises").glob("*/*.ipynb")])
    assert "grader" not in released.replace("nbgrader", "").replace("teacher grades", "")
