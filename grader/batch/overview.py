"""The page over all notebooks of a student: the total, and what to mend first."""

from collections.abc import Sequence
from dataclasses import dataclass

from grader.batch.page import templates
from grader.batch.results import TaskResult


@dataclass(frozen=True)
class NotebookResult:
    """The result of one of a student's notebooks.

    Attributes:
        name: the notebook's name, which is that of its feedback page.
        title: its first heading.
        missing: why it has no results, such as "not handed in"; "" if it has.
        tasks: the results by task.
        score: the points that count, the penalty taken off.
        points: the points that there are.
        penalty: the points that are taken off for handing in late.
    """

    name: str
    title: str
    missing: str
    tasks: Sequence[TaskResult]
    score: float
    points: float
    penalty: float


def overview_of(
    student: str, assignment: str, notebooks: Sequence[NotebookResult], digest: str
) -> str:
    """The HTML of the page.

    Args:
        student: the student's id.
        assignment: the name of the assignment.
        notebooks: the results, in order.
        digest: a digest of all that the student's pages are made of, which the page keeps.
    """
    first = next(
        (
            (notebook, task)
            for notebook in notebooks
            for task in notebook.tasks
            if task.first_failure
        ),
        None,
    )
    return (
        templates()
        .get_template("overview.html")
        .render(
            student=student,
            assignment=assignment,
            notebooks=notebooks,
            digest=digest,
            first=first,
            score=sum(notebook.score for notebook in notebooks),
            points=sum(notebook.points for notebook in notebooks),
            penalty=sum(notebook.penalty for notebook in notebooks),
        )
    )
