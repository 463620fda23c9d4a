"""Print a table of what the tests make of the known answers to a task.

    python -m grader.judging attention_scores

Where several parts have a task of that name, write PART/TASK.
"""

import argparse
import sys
from pathlib import Path

import nbformat

from grader.bank import load_notebook
from grader.files import COURSE
from grader.judging.known_answers import known_outcomes
from grader.judging.naming import name_mistakes, symptom
from grader.notebooks import answer_cells

SOLUTIONS = COURSE / "solutions"


def table(path: Path, task: str) -> str:
    """A table of the known answers to a task and whether its tests accept them, one line each.

    Args:
        path: the instructor's notebook.
        task: the id of an answer cell.
    """
    outcomes = known_outcomes(*load_notebook(path), task)
    shown = {
        answer: {cell: symptom(outcome) for cell, outcome in found.items()}
        for answer, found in outcomes.items()
    }
    known = {a.sentence: symptoms for a, symptoms in shown.items() if not a.is_correct}
    cells = [*next(iter(shown.values()))]
    heads = [cell.removeprefix(f"{task}_") for cell in cells]
    lines = [[f"{task}: a known ...", *heads, "feedback names"]]
    for answer, symptoms in sorted(shown.items(), key=lambda item: item[0].is_correct):
        if answer.is_correct:
            marks = ["REJECTED" if symptoms[cell] else "passed" for cell in cells]
            lines.append([f"right:   {answer.sentence}", *marks, ""])
            continue
        named = name_mistakes(symptoms, known)
        also = f"this or {len(named) - 1} more" if len(named) > 1 else "this"
        marks = ["rejected" if symptoms[cell] else "passed" for cell in cells]
        names = also if answer.sentence in named else "nothing"
        lines.append([f"mistake: {answer.sentence}", *marks, names])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join(rows)


def find_task(wanted: str) -> tuple[Path, str]:
    """Find the notebook with a task; return its path and the task.

    Args:
        wanted: TASK or PART/TASK.

    Raises:
        LookupError: if no task has this name, or several have it.
    """
    part, _, task = wanted.rpartition("/")
    tasks = [
        (path, known)
        for path in sorted(SOLUTIONS.glob(f"{part or '*'}/*.ipynb"))
        for known in answer_cells(nbformat.read(path, as_version=4))
    ]
    found = [(path, known) for path, known in tasks if known == task]
    if len(found) == 1:
        return found[0]
    if found:
        places = ", ".join(f"{path.parent.name}/{task}" for path, _ in found)
        raise LookupError(f"several parts have a task {task}; name one: {places}")
    known = ", ".join(known for _, known in tasks)
    raise LookupError(f"expected one of {known}; got {wanted!r}")


def main() -> int:
    """Print the table of the task named on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m grader.judging",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("task", help="the id of an answer cell")
    arguments = parser.parse_args()
    try:
        path, task = find_task(arguments.task)
        shown = table(path, task)
    except LookupError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{path.parent.name}/{path.name}")
    print(shown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
