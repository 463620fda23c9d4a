"""Grades in PostgreSQL, with a real server, which is stopped in one test."""

import getpass
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from tests.grader.small_course import NOTEBOOK, POINTS, RIGHT, WRONG, SmallCourse

pytestmark = pytest.mark.slow

USER = "postgres" if os.geteuid() == 0 else getpass.getuser()  # the server refuses to run as root


def programs():
    """The folder of PostgreSQL's programs, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


class Server:
    """A PostgreSQL server for a test, reached through a socket in its folder."""

    def __init__(self, folder):
        self.folder = folder
        self._run("initdb", "-D", folder / "data", "-A", "trust", "-N", "-U", USER)
        self.start()
        self._run("createdb", "-h", folder, "-U", USER, "course")
        self.url = f"postgresql+psycopg://{USER}@/course?host={folder}"

    def start(self):
        options = f"-k {self.folder} -c listen_addresses= -c fsync=off"
        log = self.folder / "log"
        self._run("pg_ctl", "start", "-w", "-D", self.folder / "data", "-l", log, "-o", options)

    def stop(self):
        self._run("pg_ctl", "stop", "-w", "-D", self.folder / "data", "-m", "immediate")

    def _run(self, program, *arguments):
        user = {"user": USER, "group": USER, "extra_groups": []} if os.geteuid() == 0 else {}
        line = [programs() / program, *arguments]
        # The output goes to a file: pipes would be inherited and kept open by the server.
        with (self.folder / "said").open("w+", encoding="utf-8") as said:
            result = subprocess.run(line, cwd=self.folder, stdout=said, stderr=said, **user)
            said.seek(0)
            assert result.returncode == 0, said.read()


@pytest.fixture
def server():
    if programs() is None:
        pytest.skip("PostgreSQL is not installed. On Debian: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # a socket's path must be short
    if os.geteuid() == 0:
        shutil.chown(folder, USER, USER)
    server = Server(folder)
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def course(tmp_path, server):
    course = SmallCourse(tmp_path, f"c.CourseDirectory.db_url = {server.url!r}\n")
    course.release()
    for i in range(8):
        course.hand_in(f"student{i:02}", WRONG if i % 2 else RIGHT)
    return course


EXPECTED = {f"student{i:02}": POINTS - 3 * (i % 2) for i in range(8)}


def test_grades_go_into_postgresql_and_come_back(course, server):
    result = course.grade()
    assert result.returncode == 0, result.stderr
    assert course.scores() == EXPECTED
    with Gradebook(server.url, "transformer-course") as gradebook:
        stored = {s.student.id: s.score for s in gradebook.assignment_submissions("transformer")}
        found = gradebook.find_grade("causal_mask_tests", NOTEBOOK, "transformer", "student01")
        found.manual_score = 0.5
        gradebook.db.commit()
    assert stored == EXPECTED
    again = course.grade("--all", "--regrade")
    assert again.returncode == 0, again.stderr
    assert course.scores() == EXPECTED | {"student01": 17.5}, "the mark by hand is kept"
    exported = course.nbgrader("export", "--to=other.csv")
    assert exported.returncode == 0, exported.stderr


def test_a_server_that_goes_away_costs_no_grade(course, server):
    process = subprocess.Popen(
        [*course.line, "--workers=1"],
        cwd=course.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    while len(list(course.root.glob("autograded/*/*/*.ipynb"))) < 2:
        assert process.poll() is None
        time.sleep(0.01)
    server.stop()
    _, errors = process.communicate(timeout=120)
    server.start()
    assert process.returncode == 1, errors
    assert "run the same command again" in errors.replace("\n", " "), errors
    before = {path: path.stat().st_mtime_ns for path in course.root.glob("autograded/*/*/*.ipynb")}
    assert 2 <= len(before) < 8
    result = course.grade()
    assert result.returncode == 0, result.stderr
    assert course.scores() == EXPECTED
    assert all(path.stat().st_mtime_ns == time for path, time in before.items()), "done once"
