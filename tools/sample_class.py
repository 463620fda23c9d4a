"""Hand in a sample class: write the submissions that tests/sample_class describes.

    python tools/sample_class.py _build/sample-class

Each file there is a student: which notebooks they filled in, and with which known mistakes.
"""

import shutil
import sys
import tomllib
from pathlib import Path

import nbformat

from grader.bank import read_bank

ROOT = Path(__file__).parents[1]
STUDENTS = ROOT / "tests" / "sample_class"
ASSIGNMENT = "transformer"


def reference_answers(notebook: str) -> dict[str, str]:
    """The text of each answer cell in solutions/, by id."""
    cells = nbformat.read(ROOT / "solutions" / ASSIGNMENT / f"{notebook}.ipynb", 4).cells
    return {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }


def known_mistake(notebook: str, task: str, sentence: str) -> str:
    """The answer with a mistake from the bank.

    Raises:
        LookupError: if the bank does not hold it.
    """
    for answer in read_bank(ROOT / "solutions" / ASSIGNMENT / f"{notebook}.ipynb"):
        if (answer.task, answer.sentence) == (task, sentence):
            return answer.source
    raise LookupError(f"the bank of {notebook} has no mistake in {task}: {sentence!r}")


def hand_in(student: dict, folder: Path) -> None:
    """Fill in the released notebooks as the student would and save them in a folder."""
    folder.mkdir(parents=True)
    for path in sorted((ROOT / "exercises" / ASSIGNMENT).glob("*.ipynb")):
        notebook = nbformat.read(path, 4)
        answers = reference_answers(path.stem) if path.stem in student["filled_in"] else {}
        for task, sentence in student.get("mistakes", {}).get(path.stem, {}).items():
            answers[task] = known_mistake(path.stem, task, sentence)
        for cell in notebook.cells:
            cell.source = answers.get(
                cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source
            )
        nbformat.write(notebook, folder / path.name)


def main() -> None:
    """Write all submissions below the folder named on the command line."""
    course = Path(sys.argv[1])
    shutil.rmtree(course, ignore_errors=True)
    for path in sorted(STUDENTS.glob("*.toml")):
        student = tomllib.loads(path.read_text(encoding="utf-8"))
        hand_in(student, course / "submitted" / path.stem / ASSIGNMENT)


if __name__ == "__main__":
    main()
