"""Write the submissions of a sample class, which tests/sample_class describes.

    python -m tools.sample_class _build/sample-class transformer

Each file there describes a student: which notebooks of a part they fill in, and which known
mistakes they make. If it lists no mistakes for a part, but has a number `otherwise`, the student
makes the known mistake of that number (from 0) in the last task of each notebook.
"""

import shutil
import sys
import tomllib
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grader.bank import read_bank
from grader.notebooks import answer_cells

ROOT = Path(__file__).parents[1]
STUDENTS = ROOT / "tests" / "sample_class"


def filled_in(student: dict, notebooks: list[str]) -> list[str]:
    """The names of the notebooks that a student fills in.

    Args:
        student: the description.
        notebooks: the names of all notebooks of a part.

    Raises:
        ValueError: if the description's `filled_in` is not one of the known words.
    """
    shares = {
        "all": notebooks,
        "none": [],
        "first half": notebooks[: len(notebooks) // 2],
        "all but the last": notebooks[:-1],
    }
    if student["filled_in"] not in shares:
        raise ValueError(f"expected filled_in of {list(shares)}, got {student['filled_in']!r}")
    return shares[student["filled_in"]]


def mistakes_in(student: dict, source: Path) -> dict[str, str]:
    """The wrong answers that a student gives in a notebook, by task.

    Args:
        student: the description.
        source: the path of the instructor's notebook.

    Raises:
        LookupError: if the bank does not hold a mistake that the description names.
    """
    mistakes = [answer for answer in read_bank(source) if not answer.is_correct]
    listed = student.get("mistakes", {}).get(source.parent.name)
    if listed is None and "otherwise" in student:
        tasks = [task for task in answer_cells(_read(source)) if task in {a.task for a in mistakes}]
        of_last = [answer for answer in mistakes if answer.task in tasks[-1:]]
        return {a.task: a.source for a in of_last[student["otherwise"] :][:1]}
    answers = {}
    for task, sentence in (listed or {}).get(source.stem, {}).items():
        found = [a.source for a in mistakes if (a.task, a.sentence) == (task, sentence)]
        if not found:
            raise LookupError(f"the bank of {source} has no mistake in {task}: {sentence!r}")
        answers[task] = found[0]
    return answers


def hand_in(student: dict, part: str, folder: Path) -> None:
    """Fill in the released notebooks of a part as a student would and save them in a folder."""
    folder.mkdir(parents=True)
    paths = sorted((ROOT / "exercises" / part).glob("*.ipynb"))
    chosen = filled_in(student, [path.stem for path in paths])
    for path in paths:
        notebook, source = _read(path), ROOT / "solutions" / part / path.name
        answers: dict[str, str] = {}
        if path.stem in chosen:
            cells = filter(_is_answer, _read(source).cells)
            answers = {cell.metadata.nbgrader.grade_id: cell.source for cell in cells}
            answers |= mistakes_in(student, source)
        for cell in notebook.cells:
            cell.source = answers.get(_grade_id(cell), cell.source)
        nbformat.write(notebook, folder / path.name)


def _read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def _grade_id(cell: NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def _is_answer(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def main() -> None:
    """Write all submissions; the command line names the course's folder, and the parts."""
    course, parts = Path(sys.argv[1]), sys.argv[2:]
    shutil.rmtree(course, ignore_errors=True)
    for path in sorted(STUDENTS.glob("*.toml")):
        student = tomllib.loads(path.read_text(encoding="utf-8"))
        for part in parts:
            hand_in(student, part, course / "submitted" / path.stem / part)


if __name__ == "__main__":
    main()
