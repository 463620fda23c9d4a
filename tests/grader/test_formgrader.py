"""Grading within a Jupyter server, as the formgrader does it: that process has threads."""

import json

import pytest

from tests.grader.small_course import POINTS, SmallCourse

pytestmark = pytest.mark.slow

# What the formgrader's button does, in a process in which nothing may fork.
PROGRAM = """
import json, os, sys

def refuse():
    raise RuntimeError("this process must not fork")

if __name__ == "__main__":
    os.fork = refuse
    from nbgrader.apps import NbGrader, NbGraderAPI

    app = NbGrader()
    app.load_config_file()
    results = [NbGraderAPI(config=app.config).autograde("transformer", s) for s in ("aiko", "ben")]
    print(json.dumps([[r["success"] for r in results], "torch" in sys.modules]))
"""


def test_the_jupyter_servers_process_neither_forks_nor_imports_torch(tmp_path):
    course = SmallCourse(tmp_path, 'c.Judge.sandbox = "if-possible"\n')
    for student in ("aiko", "ben"):
        course.hand_in(student)
    (tmp_path / "button.py").write_text(PROGRAM, encoding="utf-8")
    result = course.command("button")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout.splitlines()[-1]) == [[True, True], False]
    course.nbgrader("export", "--to=grades.csv")
    assert course.scores() == {"aiko": POINTS, "ben": POINTS}
