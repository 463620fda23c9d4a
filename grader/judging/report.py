"""Writes the outcomes for people to read: into the graded notebook and into the feedback.

The graded notebook holds the outcomes as outputs of its cells, from which nbgrader takes points.
What a student's code has printed or displayed is there as plain text.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output

from grader.judging.job import Outcome

# If the end of the hidden tests is not marked, they reach to the end of the cell.
HIDDEN = re.compile(r"^[^\n]*BEGIN HIDDEN TESTS.*?(?:END HIDDEN TESTS[^\n]*|\Z)", re.M | re.S)
SECTION = re.compile(r"`(book/[\w/-]+)`")
MOST_DETAIL = 600  # characters of a line of detail, which can quote a long text of student code


def write_outcomes(
    notebook: NotebookNode, outcomes: Mapping[str, Outcome], named: Mapping[str, tuple[str, ...]]
) -> None:
    """Put the outcomes into a rebuilt notebook, as outputs and as metadata.

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
        outcome = outcomes[name]
        cell.metadata["grader"] = asdict(outcome) | {"task": task}
        if about.get("grade") and not outcome.passed:
            cell.metadata["grader"]["mistakes"] = list(named.get(task, ()))
        cell.outputs = _outputs(cell, outcome, graded=bool(about.get("grade")))


def _outputs(cell: NotebookNode, outcome: Outcome, *, graded: bool) -> list[NotebookNode]:
    outputs = []
    if outcome.output:
        outputs.append(new_output("stream", name="stdout", text=printable(outcome.output)))
    if not outcome.passed:
        kind, _, text = outcome.error.partition(": ")
        if not kind.isidentifier():
            kind, text = "Stopped", outcome.error
        lines = explain(cell.metadata["grader"], "").splitlines() if graded else [outcome.error]
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


def explain(result: Mapping[str, Any], section: str) -> str:
    """The text of the feedback on a graded cell.

    Args:
        result: the cell's metadata "grader", as `write_outcomes` leaves it.
        section: the page of the book to read again, or "".
    """
    if result["passed"]:
        return "Passed."
    failure = result["failure"]
    if result["stopped"]:
        lines = [f"Your code was stopped while this ran. {result['error']}"]
    elif failure is None:
        lines = [f"Your code failed. {shorten(result['error'])}"]
    else:
        ladder = [f"{step} ok" for step in failure["climbed"]]
        ladder.append(f"{failure['step'].upper()} BROKEN")
        lines = [f"This must hold: {failure['must_hold']}.", f"Steps:  {'  '.join(ladder)}"]
        if failure["called"]:
            lines.append(f"Called: {shorten(failure['called'])}")
        lines += map(shorten, failure["detail"])
    mistakes = result.get("mistakes", [])
    if mistakes:
        lines.append(f"Known mistake: {', or: '.join(mistakes[:3])}.")
    if result["lent"]:
        names = ", ".join(result["lent"])
        lines.append(f"This was run with the course's {names}, since yours did not pass.")
    if section:
        lines.append(f"Read again: {section}.")
    return "\n".join(lines)


def shorten(text: str) -> str:
    """The beginning of a text, since it may quote a long text of student code."""
    return text if len(text) <= MOST_DETAIL else f"{text[:MOST_DETAIL]}…"


def printable(text: str) -> str:
    """A text with control characters made visible: they could control a terminal or hide text."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)


# --- feedback -----------------------------------------------------------------------------


def make_feedback(notebook: NotebookNode) -> None:
    """Turn a graded notebook into what its student may see, in place.

    Hidden tests are removed, outcomes explained, and a list of the graded cells is put on top.
    """
    sections = _sections(notebook)
    rows = []
    for cell in notebook.cells:
        about, result = cell.metadata.get("nbgrader", {}), cell.metadata.get("grader", {})
        if not about.get("grade"):
            continue
        if about.get("solution"):  # graded by a person
            rows.append((about, "graded by your teacher"))
            continue
        cell.source = HIDDEN.sub("", cell.source).rstrip()
        if "passed" not in result:
            continue
        section = sections.get(result["task"], "")
        stream = [o for o in cell.outputs if o.output_type == "stream"]
        text = explain(result, section)
        cell.outputs = [*stream, new_output("stream", name="stdout", text=text + "\n")]
        rows.append((about, _short_result(result)))
    info = notebook.metadata.get("grader", {})
    notebook.cells.insert(0, new_markdown_cell(_summary(rows, info), id="feedback-summary"))


def _sections(notebook: NotebookNode) -> dict[str, str]:
    """The page of the book for each task: the last one that a text above the task names."""
    sections, page = {}, ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            found = SECTION.search(cell.source)
            page = found.group(1) if found else page
        elif cell.metadata.get("nbgrader", {}).get("solution"):
            sections[cell.metadata.nbgrader.grade_id] = page
    return sections


def _short_result(result: Mapping[str, Any]) -> str:
    if result["passed"]:
        return "passed"
    if result["stopped"]:
        return "your code was stopped"
    failure = result["failure"]
    return f"does not hold: {failure['must_hold']}" if failure else "your code failed"


def _summary(rows: list[tuple[Mapping[str, Any], str]], info: Mapping[str, Any]) -> str:
    lines = ["## Your results", ""]
    for about, text in rows:
        points = f"{about.get('score') or 0:g} of {about.get('points', 0):g}"
        lines.append(f"- **{points}** `{about['grade_id']}` {_escape_markdown(text)}")
    if info.get("repairs"):
        lines += ["", "What was not as in the released notebook:", ""]
        lines += [f"- {_escape_markdown(repair)}" for repair in info["repairs"]]
    if "sha256" in info:
        path = f"`{info['path']}`, " if info.get("path") else ""
        groups = " ".join(re.findall(".{8}", info["sha256"]))  # so that a phone can break the line
        lines += ["", f"Graded: {path}answers with the SHA-256 `{groups}`."]
    return "\n".join(lines)


def _escape_markdown(text: str) -> str:
    """Escape a text, so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~$&-])", r"\\\1", text.replace("\n", " "))
