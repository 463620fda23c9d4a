"""Writes the outcomes into the graded notebook, for nbgrader and for people to read.

The graded notebook holds the outcomes as outputs of its cells, from which nbgrader takes points.
What a student's code has printed or displayed is there as plain text. Long texts of a student are
cut here, since what shows notebooks takes time that grows with the square of some texts' lengths.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from grader.judging.job import Outcome

# If the end of the hidden tests is not marked, they reach to the end of the cell.
HIDDEN = re.compile(r"^[^\n]*BEGIN HIDDEN TESTS.*?(?:END HIDDEN TESTS[^\n]*|\Z)", re.M | re.S)
MOST_DETAIL = 600  # characters of a line of detail, which can quote a long text of student code
MOST_DETAILS = 20  # lines of detail
MOST_MISTAKES = 3  # that are named where several known mistakes show the same
MOST_CHARACTERS = 20_000  # that are shown of a task's answer, and of what a cell printed
MOST_LINES = 1_000


def write_outcomes(
    notebook: NotebookNode, outcomes: Mapping[str, Outcome], named: Mapping[str, tuple[str, ...]]
) -> None:
    """Put the outcomes into a rebuilt notebook, as outputs and as metadata.

    An answer of which only the beginning is shown is whole in the metadata of its cell, as
    `answer_in` reads it.

    Args:
        notebook: a notebook made by `grader.submissions.reading.rebuild`; it is changed.
        outcomes: the outcomes, by id of the cell.
        named: for each failed task, the sentences of the known mistakes with equal results.
    """
    task, count = "", 0
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        name = about.get("grade_id")
        if about.get("solution"):
            task = name
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        if name not in outcomes:
            continue
        outcome = _within_bounds(outcomes[name])
        cell.metadata["grader"] = asdict(outcome) | {"task": task}
        if about.get("grade") and not outcome.passed:
            cell.metadata["grader"]["mistakes"] = list(named.get(task, ()))
        cell.outputs = _outputs(cell, outcome, graded=bool(about.get("grade")))
    _cut_answers(notebook)


def _within_bounds(outcome: Outcome) -> Outcome:
    """The outcome with what can quote a student's text cut to lengths that can be shown."""
    failure = outcome.failure
    if failure is not None:
        failure = replace(
            failure,
            must_hold=shorten(failure.must_hold),
            called=shorten(failure.called),
            detail=tuple(map(shorten, failure.detail[:MOST_DETAILS])),
        )
    error, output = (_cut(text, "") for text in (outcome.error, outcome.output))
    cause = shorten(outcome.cause)
    return replace(outcome, error=error, output=output, failure=failure, cause=cause)


def _cut_answers(notebook: NotebookNode) -> None:
    """Cut the sources of answers and of added cells to what is shown of a task."""
    shown: dict[str, int] = {}
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        task = about.get("grade_id") if about.get("solution") else added_to(cell)
        if not task:
            continue
        most = max(MOST_CHARACTERS - shown.get(task, 0), 0)
        source = _cut(cell.source, "# ", most)
        shown[task] = shown.get(task, 0) + len(source)
        if source != cell.source:
            cell.metadata.setdefault("grader", {})["source"] = cell.source
            cell.source = source


def added_to(cell: Mapping[str, Any]) -> str:
    """The task to which a cell of a rebuilt notebook was added by the student, or ""."""
    return cell["metadata"].get("grader", {}).get("added_to", "")


def answer_in(cell: Mapping[str, Any]) -> str:
    """The whole source of a cell of a graded notebook, of which a part may be shown."""
    return cell["metadata"].get("grader", {}).get("source", cell["source"])


def _cut(text: str, comment: str, most: int = MOST_CHARACTERS) -> str:
    """The beginning of a text, and a line that says how much is not shown.

    Args:
        text: the text.
        comment: what the line begins with, such as "# " in code.
        most: the most characters to show, besides that line.
    """
    shown = "\n".join(text[:most].split("\n")[:MOST_LINES])
    if len(shown) == len(text):
        return text
    return f"{shown}\n{comment}… ({len(text) - len(shown):,} more characters are not shown)"


def _outputs(cell: NotebookNode, outcome: Outcome, *, graded: bool) -> list[NotebookNode]:
    outputs = []
    if outcome.output:
        outputs.append(new_output("stream", name="stdout", text=printable(outcome.output)))
    if not outcome.passed:
        kind, _, text = outcome.error.partition(": ")
        if not kind.isidentifier():
            kind, text = "Stopped", outcome.error
        lines = explain(cell.metadata["grader"]).splitlines() if graded else [outcome.error]
        outputs.append(
            new_output(
                "error",
                ename=kind,
                evalue=printable(text),
                traceback=[printable(line) for line in lines],
            )
        )
    elif graded and outcome.partial is not None:
        data = {"text/plain": f"{outcome.partial:g}"}
        outputs.append(
            new_output("execute_result", data=data, execution_count=cell.execution_count)
        )
    return outputs


def reason(result: Mapping[str, Any]) -> str:
    """Why a graded cell did not pass, as one sentence; "" if it did.

    Args:
        result: the cell's metadata "grader", as `write_outcomes` leaves it.
    """
    if result["passed"]:
        return ""
    failure = result["failure"]
    why = result.get("cause") or (result["error"] if failure is None else "")
    if failure is not None and failure["step"] == "ran" and failure["detail"]:
        why = why or failure["detail"][0]  # the property, "it runs", would say less
    if not why:
        why = f"This must hold: {failure['must_hold']}"
    return printable(shorten(f"{why[:1].upper()}{why[1:]}".rstrip(".")) + ".")


def explain(result: Mapping[str, Any]) -> str:
    """The text below a graded cell that did not pass.

    Args:
        result: the cell's metadata "grader", as `write_outcomes` leaves it.
    """
    failure = result["failure"]
    if failure is None:
        lines = [reason(result)]
    else:
        ladder = [f"{step} ok" for step in failure["climbed"]]
        ladder.append(f"{failure['step'].upper()} BROKEN")
        lines = [f"This must hold: {failure['must_hold']}.", f"Steps:  {'  '.join(ladder)}"]
        if failure["called"]:
            lines.append(f"Called: {failure['called']}")
        lines += failure["detail"]
    mistakes = result.get("mistakes", [])
    if mistakes:
        lines.append(f"Known mistake: {', or: '.join(mistakes[:MOST_MISTAKES])}.")
    if result["lent"]:
        names = ", ".join(result["lent"])
        lines.append(f"This was run with the course's {names}, since yours did not pass.")
    return "\n".join(lines)


def shorten(text: str) -> str:
    """The beginning of a text, since it may quote a long text of student code."""
    return text if len(text) <= MOST_DETAIL else f"{text[:MOST_DETAIL]}…"


def printable(text: str) -> str:
    """A text with control characters made visible: they could control a terminal or hide text."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)
