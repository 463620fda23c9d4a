"""What a release changes in the gradebook.

nbgrader refuses to add or remove notebooks and cells once there are submissions. What can be added
without touching a grade is added here, before nbgrader looks; the rest is said beforehand.
"""

from collections.abc import Mapping

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Assignment, Comment, Grade, Gradebook, MissingEntry, SubmittedNotebook
from nbgrader.api import Notebook as KnownNotebook

from grader.notebooks import metadata_of, name_of

Cells = dict[str, NotebookNode]  # by id


class CellsOf:
    """The cells of a notebook that the gradebook keeps, by kind.

    Args:
        notebook: the notebook.
    """

    def __init__(self, notebook: NotebookNode):
        cells = {name_of(c): c for c in notebook.cells if metadata_of(c).get("grade_id")}
        self.grade = {name: cell for name, cell in cells.items() if utils.is_grade(cell)}
        self.solution = {name: cell for name, cell in cells.items() if utils.is_solution(cell)}
        self.task = {name: cell for name, cell in cells.items() if utils.is_task(cell)}
        locked = {name: cell for name, cell in cells.items() if utils.is_locked(cell)}
        self.source = locked | self.grade | self.solution | self.task


def find_assignment(gradebook: Gradebook, part: str) -> Assignment | None:
    """The gradebook's entry for a part, or None if it was never released."""
    try:
        return gradebook.find_assignment(part)
    except MissingEntry:
        return None


def impossible_changes(
    gradebook: Gradebook, part: str, notebooks: Mapping[str, NotebookNode]
) -> list[str]:
    """What cannot be changed any more, since it would take away grades: a sentence for each.

    Args:
        gradebook: the gradebook.
        part: the name of the part.
        notebooks: the notebooks that are to be released, by name.
    """
    assignment = find_assignment(gradebook, part)
    if assignment is None or not assignment.submissions:
        return []
    problems = []
    for known in sorted(assignment.notebooks, key=lambda known: known.name):
        if known.name not in notebooks:
            problems.append(
                f"{known.name}.ipynb is gone. Put it back under this name. If it is not to count, "
                "set the points of its tests to 0."
            )
            continue
        cells = CellsOf(notebooks[known.name])
        for kind, before, now in [
            ("test", known.grade_cells, cells.grade),
            ("answer", known.solution_cells, cells.solution),
            ("task", known.task_cells, cells.task),
        ]:
            problems += [
                f"{known.name}.ipynb has no {kind} cell {cell.name} any more. Put it back under "
                "this id. If it is not to count, set its points to 0 and empty it."
                for cell in before
                if cell.name not in now
            ]
    return problems


def make_room(gradebook: Gradebook, part: str, notebooks: Mapping[str, NotebookNode]) -> None:
    """Before nbgrader saves a release: add new notebooks and cells to a part with submissions.

    Args:
        gradebook: the gradebook.
        part: the name of the part.
        notebooks: the notebooks that are to be released, by name.
    """
    assignment = find_assignment(gradebook, part)
    if assignment is None or not assignment.submissions:
        return
    known = {notebook.name: notebook for notebook in assignment.notebooks}
    for name, notebook in notebooks.items():
        if name not in known:
            gradebook.add_notebook(name, part)
        else:
            _add_cells(gradebook, known[name], part, CellsOf(notebook))


def _add_cells(gradebook: Gradebook, known: KnownNotebook, part: str, cells: CellsOf) -> None:
    def new(cells: Cells, before: list) -> Cells:
        names = {cell.name for cell in before}
        return {name: cell for name, cell in cells.items() if name not in names}

    for name, cell in new(cells.grade, known.grade_cells).items():
        points = float(cell.metadata.nbgrader.points)
        gradebook.add_grade_cell(name, known.name, part, max_score=points, cell_type=cell.cell_type)
    for name in new(cells.solution, known.solution_cells):
        gradebook.add_solution_cell(name, known.name, part)
    for name, cell in new(cells.task, known.task_cells).items():
        points = float(cell.metadata.nbgrader.points)
        gradebook.add_task_cell(name, known.name, part, max_score=points, cell_type=cell.cell_type)
    for name, cell in new(cells.source, known.source_cells).items():
        gradebook.add_source_cell(name, known.name, part, cell_type=cell.cell_type)
    # A text that is only read carries no grade, so it may go.
    for gone in [cell for cell in known.source_cells if cell.name not in cells.source]:
        gradebook.db.delete(gone)
    gradebook.db.commit()


def complete_submissions(gradebook: Gradebook, part: str) -> None:
    """After nbgrader has saved a release: give each submission a place for each new grade.

    nbgrader makes these places when it adds a submission, and never again.
    """
    for submission in gradebook.find_assignment(part).submissions:
        present = {notebook.name: notebook for notebook in submission.notebooks}
        for known in submission.assignment.notebooks:
            if known.name not in present:
                submitted = SubmittedNotebook(notebook=known, assignment=submission)
                gradebook.db.add(submitted)
                graded, commented = set(), set()
            else:
                submitted = present[known.name]
                graded = {grade.cell_id for grade in submitted.grades}
                commented = {comment.cell_id for comment in submitted.comments}
            for cell in [*known.grade_cells, *known.task_cells]:
                if cell.id not in graded:
                    gradebook.db.add(Grade(cell_id=cell.id, notebook=submitted))
            for cell in [*known.solution_cells, *known.task_cells]:
                if cell.id not in commented:
                    gradebook.db.add(Comment(cell_id=cell.id, notebook=submitted))
    gradebook.db.commit()
