"""The feedback page on a notebook: what to mend first, the points by task, then the notebook.

A page needs no network and no script. It is made in a forked process with limits of time and
memory, since it shows what students wrote; if that fails, a plain page shows the points alone.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from nbformat import NotebookNode

from grader.addresses import published_book, with_page_links
from grader.batch.markup import code_html, instructors_code_html, markdown_html
from grader.batch.results import CellResult, NotebookMarks, TaskResult, results_of
from grader.judging.report import HIDDEN, added_to, explain, printable

SECONDS_A_PAGE = 10
MEMORY_A_PAGE = 2**30  # bytes beyond those of the process that it is forked from
TITLE = re.compile(r"^#[ \t]+(.+)$", re.M)


@functools.cache
def templates() -> Environment:
    """The templates of pages, compiled. What is put into them is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_without_controls,
    )
    for name in environment.list_templates():
        environment.get_template(name)
    return environment


def _without_controls(value: Any) -> Any:
    """What a template puts into a page, with control characters made visible."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else printable(value)


@dataclass(frozen=True)
class Part:
    """A cell as the page shows it.

    Attributes:
        kind: "text", "setup", "answer", "added", "written" or "test".
        anchor: the id of its place on the page.
        body: its HTML, or as text what a student wrote.
        task: for a graded cell, the name of its task.
        output: what it printed, or the error that ended it.
        message: what is to be said of the test.
        comment: a person's comment.
        result: the result, if it is graded.
    """

    kind: str
    anchor: str
    body: str
    task: str = ""
    output: str = ""
    message: str = ""
    comment: str = ""
    result: CellResult | None = None


def page_of(notebook: NotebookNode, student: str, name: str, marks: NotebookMarks) -> str:
    """The HTML of a feedback page.

    Args:
        notebook: the graded notebook.
        student: the student's id.
        name: the notebook's name.
        marks: its marks.
    """
    # Importing this imports torch, which a process that makes no page need not do.
    from grader.judging.fork import in_a_fork
    from grader.judging.job import JudgeError

    facts = facts_of(notebook, student, name, marks)
    _prepare(notebook)
    work = functools.partial(_whole_page, notebook, marks, facts)
    try:
        page: str = in_a_fork(work, seconds=SECONDS_A_PAGE, memory=MEMORY_A_PAGE)
    except JudgeError:
        limits = {"seconds": SECONDS_A_PAGE, "memory": MEMORY_A_PAGE}
        page = templates().get_template("plain.html").render(facts, **limits)
    return page


def facts_of(
    notebook: NotebookNode, student: str, name: str, marks: NotebookMarks
) -> dict[str, Any]:
    """What stands on top of a page: title, points, and what to mend first."""
    tasks = results_of(notebook, marks)
    return {
        "student": student,
        "name": name,
        "title": title_of(notebook) or name,
        "tasks": tasks,
        "first": next((task for task in tasks if task.first_failure), None),
        "score": marks.score,
        "points": sum(task.points for task in tasks),
        "penalty": marks.penalty,
        "about": notebook["metadata"].get("grader", {}),
    }


def title_of(notebook: NotebookNode) -> str:
    """The first heading of a notebook, or ""."""
    texts = (c["source"] for c in notebook["cells"] if c["cell_type"] == "markdown")
    found = (TITLE.search(text) for text in texts)
    return next((match[1].strip() for match in found if match), "")


def _prepare(notebook: NotebookNode) -> None:
    """Compile and render what all pages share, in this process, which keeps it for the next."""
    templates()
    for cell in notebook["cells"]:
        if not _is_students(cell):
            _instructors_html(cell)


def _whole_page(notebook: NotebookNode, marks: NotebookMarks, facts: Mapping[str, Any]) -> str:
    results = {cell.cell: (task, cell) for task in facts["tasks"] for cell in task.cells}
    parts = [_part_of(cell, results, marks) for cell in notebook["cells"]]
    return templates().get_template("page.html").render(facts, parts=parts)


def _is_students(cell: Mapping[str, Any]) -> bool:
    return bool(cell["metadata"].get("nbgrader", {}).get("solution") or added_to(cell))


def _instructors_html(cell: Mapping[str, Any]) -> Markup:
    if cell["cell_type"] != "code":
        return markdown_html(with_page_links(cell["source"], published_book()))
    return instructors_code_html(HIDDEN.sub("", cell["source"]).strip())


def _part_of(
    cell: Mapping[str, Any],
    results: Mapping[str, tuple[TaskResult, CellResult]],
    marks: NotebookMarks,
) -> Part:
    about, outcome = cell["metadata"].get("nbgrader", {}), cell["metadata"].get("grader", {})
    name = about.get("grade_id", cell.get("id", ""))
    task, result = results.get(name, (None, None))
    title = task.title if task else ""
    comment = marks.comments.get(name, "")
    anchor = f"cell-{name}"
    if _is_students(cell):
        if cell["cell_type"] != "code":
            return Part("written", anchor, cell["source"], title, "", "", comment, result)
        kind = "added" if added_to(cell) else "answer"
        error = "" if outcome.get("passed", True) else outcome["error"]
        output = "\n".join(filter(None, [outcome.get("output", "").rstrip("\n"), error]))
        body = code_html(printable(cell["source"]))
        return Part(kind, anchor, body, title, output, "", comment, result)
    body = _instructors_html(cell)
    if result is None:
        return Part("text" if cell["cell_type"] != "code" else "setup", anchor, body)
    # What is printed while a hidden test runs could tell its inputs.
    output = outcome.get("output", "") if result.kind == "tests" else ""
    return Part("test", anchor, body, title, output.rstrip("\n"), _message(result), comment, result)


def _message(result: CellResult) -> str:
    outcome = result.outcome
    if not outcome:
        return ""
    if not outcome["passed"]:
        return explain(outcome)
    if outcome["lent"]:
        names = ", ".join(outcome["lent"])
        return f"This was run with the course's {names}, since yours did not pass."
    return ""
