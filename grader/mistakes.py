"""Known mistakes: what the tests show of each, and which of them an answer shows.

The mistakes themselves are in the banks; see `grader.bank`. The command shows what the tests
make of a task's known answers, or finds out for a whole assignment what they show, so that grading
need not:

    python -m grader.mistakes attention_scores
    python -m grader.mistakes --learn transformer
"""

import argparse
import contextlib
import io
import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import torch
from nbformat import NotebookNode
from tqdm import tqdm

from grader.bank import KnownAnswer, read_bank
from grader.instructors import code_cells, defined_names
from grader.job import Outcome
from grader.judge import execute, outcome_of
from lib.checking import CheckFailed

SOLUTIONS = Path(__file__).parents[1] / "solutions"

# --- naming a mistake ---------------------------------------------------------------------

Symptoms = dict[str, str]  # by the id of a graded cell; "" if it passes


def symptom(outcome: Outcome) -> str:
    """What a failed test shows, so that equal texts mean equal results; "" if it passed."""
    if outcome.failure is None:
        return outcome.error
    detail = [line for line in outcome.failure.detail if not line.startswith("in line ")]
    return "\n".join([outcome.failure.property, outcome.failure.step, *detail])


def symptoms_of_mistakes(
    notebook: NotebookNode, task: str, answers: Iterable[KnownAnswer]
) -> dict[str, Symptoms]:
    """Run the tests of a task against its known mistakes, in this process.

    Args:
        notebook: the instructor's notebook.
        task: the id of an answer cell.
        answers: the bank.

    Returns:
        For the sentence of each mistake, what the graded cells of the task show.
    """
    base: dict[str, Any] = {"__name__": "__main__"}
    tests, owner, names = [], "", set()
    for cell in code_cells(notebook):
        about = cell.metadata.nbgrader
        if about.get("grade"):
            tests += [cell] if owner == task else []
        else:
            execute(cell, base)
            if about.get("solution"):
                owner = about.grade_id
                names = defined_names(cell.source) if owner == task else names
    return {
        answer.sentence: {
            # What does not mention the answer shows nothing of it, and may take long.
            cell.metadata.nbgrader.grade_id: _show(cell, answer, dict(base))
            if any(re.search(rf"\b{name}\b", cell.source) for name in names)
            else ""
            for cell in tests
        }
        for answer in answers
        if answer.task == task and not answer.is_correct
    }


def _show(test: NotebookNode, answer: KnownAnswer, namespace: dict[str, Any]) -> str:
    try:
        exec(compile(answer.source, "<answer>", "exec"), namespace)
        execute(test, namespace)
    except CheckFailed as error:
        return symptom(outcome_of(error))
    except Exception as error:
        return symptom(Outcome(False, f"{type(error).__name__}: {error}"))
    return ""


def name_mistakes(shown: Symptoms, known: dict[str, Symptoms]) -> tuple[str, ...]:
    """The sentences of the known mistakes that show what an answer shows.

    Args:
        shown: the symptoms of an answer, in the order of the cells.
        known: those of the mistakes.
    """
    if not any(shown.values()):
        return ()
    same = [sentence for sentence, symptoms in known.items() if symptoms == shown]
    # Where an answer has several faults, the last test that shows a known one decides.
    for cell in reversed(shown):
        if not same and shown[cell]:
            same = [s for s, symptoms in known.items() if symptoms.get(cell) == shown[cell]]
    return tuple(same)


# --- the table of a task ------------------------------------------------------------------


def table(notebook: NotebookNode, task: str, answers: list[KnownAnswer]) -> str:
    """What the tests make of the known answers to a task, one line each.

    Args:
        notebook: the instructor's notebook.
        task: the id of an answer cell.
        answers: the bank of the notebook.
    """
    mistakes = symptoms_of_mistakes(notebook, task, answers)
    variants = symptoms_of_mistakes(
        notebook, task, [replace(a, is_correct=False) for a in answers if a.is_correct]
    )
    cells = [*next(iter({**mistakes, **variants}.values()))]
    heads = [cell.removeprefix(f"{task}_") for cell in cells]
    lines = [[f"{task}: a known ...", *heads, "feedback names"]]
    for sentence, shown in mistakes.items():
        named = name_mistakes(shown, mistakes)
        also = f"this or {len(named) - 1} more" if len(named) > 1 else "this"
        marks = ["rejected" if shown[cell] else "passed" for cell in cells]
        lines.append([f"mistake: {sentence}", *marks, also if sentence in named else "nothing"])
    for sentence, shown in variants.items():
        marks = ["REJECTED" if shown[cell] else "passed" for cell in cells]
        lines.append([f"right:   {sentence}", *marks, ""])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join(rows)


def main() -> int:
    """Print the table of the task named on the command line, or learn an assignment."""
    parser = argparse.ArgumentParser(
        prog="python -m grader.mistakes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("task", nargs="?", help="the id of an answer cell")
    what.add_argument("--learn", metavar="ASSIGNMENT", help="such as transformer")
    arguments = parser.parse_args()
    if arguments.learn:
        from grader.examine import learn_symptoms  # which imports this module

        paths = sorted(SOLUTIONS.glob(f"{arguments.learn}/*.ipynb"))
        if not paths:
            print(
                f"expected notebooks in {SOLUTIONS / arguments.learn}, found none", file=sys.stderr
            )
            return 2
        learn_symptoms(tqdm(paths, desc="Known mistakes", unit="notebook"))
        return 0
    task = arguments.task
    torch.set_num_threads(1)
    tasks = []
    for path in sorted(SOLUTIONS.glob("*/*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        own = [c.metadata.nbgrader.grade_id for c in code_cells(notebook)]
        if task in own:
            bank = read_bank(path)
            print(f"{path.parent.name}/{path.name}")
            with contextlib.redirect_stdout(io.StringIO()):
                text = table(notebook, task, bank)
            print(text)
            return 0
        tasks += [
            c.metadata.nbgrader.grade_id
            for c in code_cells(notebook)
            if c.metadata.nbgrader.get("solution")
        ]
    print(f"expected one of {', '.join(tasks)}; got {task!r}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
