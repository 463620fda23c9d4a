"""Hostile and broken submissions, graded in a class with honest ones."""

import collections
import contextlib
import json
import socket
import threading
import time

import pytest

from grader.judging.judge import judge
from grader.sandbox.sandbox import Sandbox
from grader.sandbox.walls import Limits
from grader.submissions.reading import read_submission
from tests.exercises.running import ROOT, read, run_cells
from tests.grader.attacks import ALL, ATTACKS, TASK, WITHOUT
from tests.grader.small_course import RIGHT, SOURCE, SmallCourse, notebook_with

pytestmark = pytest.mark.slow

# What one student may add to the work of the others, whatever they hand in: lines of the report,
# bytes that the course keeps of their notebook, and bytes of its feedback page.
MOST_LINES, MOST_KEPT, MOST_PAGE = 21, 1_500_000, 500_000
HONEST = ["aaa-honest", "mmm-honest", "zzz-honest"]
SETTINGS = """
c.Judge.seconds_per_call = 4
c.Judge.seconds_per_notebook = 30
"""


class Door:
    """A server on this machine that sends a right answer to every client that can reach it."""

    def __init__(self, course):
        self.sockets = [socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)]
        self.port = self.sockets[0].getsockname()[1]
        with contextlib.chdir(course):  # the path of a Unix socket must be short
            self.sockets[1].bind("door")
        self.sockets[1].listen()
        for listening in self.sockets:
            threading.Thread(target=self._serve, args=(listening,), daemon=True).start()

    @staticmethod
    def _serve(listening):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(0.3)  # an HTTP client sends a request first
                    with contextlib.suppress(TimeoutError):
                        connection.recv(4096)
                    connection.sendall(f"HTTP/1.0 200 OK\r\n\r\n{RIGHT}".encode())

    def close(self):
        for listening in self.sockets:
            listening.close()


def filled_in(text, places):
    for name, value in places.items():
        text = text.replace(f"@{name}@", str(value))
    return text


def hand_in(path, attack, places):
    path.parent.mkdir(parents=True)
    notebook = notebook_with(filled_in(attack.answer, places))
    if attack.file:
        attack.file(notebook, path)
    else:
        path.write_text(json.dumps(notebook), encoding="utf-8")


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    course = SmallCourse(tmp_path_factory.mktemp("course"), SETTINGS)
    door = Door(course.root)
    yield {
        "course": course,
        "COURSE": course.root,
        "REPOSITORY": ROOT,
        "PORT": door.port,
        "MARK": tmp_path_factory.mktemp("host") / "mark",
    }
    door.close()


@pytest.fixture(scope="module")
def graded(places, lacking):
    """The class, graded: what was printed, and the scores."""
    if lacking:
        pytest.skip(f"no sandbox here: {lacking}")
    course = places["course"]
    for attack in ATTACKS:
        hand_in(course.submission(attack.name), attack, places)
    for name in HONEST:
        course.hand_in(name)
    result = course.command("grader", "transformer")
    assert result.returncode == 0, result.stdout + result.stderr
    time.sleep(3)  # for processes that might still run, to leave their mark
    return result.stdout, course.scores()


def graded_cells(places, name):
    return read(places["course"].graded(name)).cells


@pytest.mark.parametrize("attack", ATTACKS, ids=[f"{a.category}: {a.name}" for a in ATTACKS])
def test_an_attack_gets_what_it_has_earned(attack, graded, places):
    output, scores = graded
    assert scores.get(attack.name) == attack.score
    lines = [line for line in output.splitlines() if line.startswith(f"{attack.name}: ")]
    assert any(attack.told in line for line in lines) or not attack.told, lines
    if attack.noted:
        cells = [c for c in graded_cells(places, attack.name) if "outputs" in c]
        task = [c for c in cells if c.metadata.get("nbgrader", {}).get("grade_id", "")[:11] == TASK]
        texts = [
            o.get("evalue", "") + "\n".join(o.get("traceback", [])) for c in task for o in c.outputs
        ]
        assert any(attack.noted in text for text in texts), texts


@pytest.mark.parametrize("name", HONEST)
def test_the_honest_beside_them_are_untouched(name, graded, places):
    assert graded[1][name] == ALL
    for cell in graded_cells(places, name):
        assert not cell.get("outputs"), "an honest answer to this notebook prints nothing"


@pytest.mark.parametrize("attack", ATTACKS, ids=[f"{a.category}: {a.name}" for a in ATTACKS])
def test_an_attack_takes_no_more_lines_and_space_than_any_student(attack, graded, places):
    output, _ = graded
    lines = [line for line in output.splitlines() if line.startswith(f"{attack.name}: ")]
    assert len(lines) <= MOST_LINES and max(map(len, lines), default=0) < 2000
    root, sizes = places["course"].root, {}
    for folder in ("autograded", "feedback"):
        files = (root / folder / attack.name).rglob("*")
        sizes[folder] = sum(path.stat().st_size for path in files if path.is_file())
    assert sizes["autograded"] <= MOST_KEPT and sizes["feedback"] <= MOST_PAGE, sizes


def test_nothing_was_written_outside(graded, places):
    assert not places["MARK"].exists()


def test_the_gradebook_holds_no_mark_by_hand(graded, places):
    from nbgrader.api import Grade, Gradebook

    with Gradebook(f"sqlite:///{places['COURSE'] / 'gradebook.db'}") as gradebook:
        assert gradebook.db.query(Grade).filter(Grade.manual_score.isnot(None)).count() == 0


def test_there_are_attacks_of_each_kind():
    count = collections.Counter(attack.category for attack in ATTACKS)
    assert len(ATTACKS) >= 60 and len(count) >= 9 and min(count.values()) >= 6
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


# --- without the judge or the sandbox, the attacks succeed --------------------------------


def by_name(name):
    return next(attack for attack in ATTACKS if attack.name == name)


def earned(notebook, passed):
    return sum(
        cell.metadata.nbgrader.points
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
        and passed(cell.metadata.nbgrader.grade_id)
    )


@pytest.mark.parametrize(
    "name",
    ["check-replaced", "compile-replaced", "tensor-subclass", "callers-frame"],
)
def test_the_attacks_bite_where_there_is_no_judge(name, places):
    """With tests and answers in one process, these attacks pass the hidden tests."""
    outcome = run_cells(read(SOURCE), {TASK: filled_in(by_name(name).answer, places)}, TASK)
    assert outcome[f"{TASK}_hidden_tests"] is None


@pytest.mark.parametrize(
    "name", ["solutions", "other-submission", "loopback", "urllib", "the-bank"]
)
def test_the_attacks_bite_where_there_is_no_sandbox(name, graded, places, tmp_path):
    """Without walls, these attacks get full marks."""
    notebook = read(SOURCE)
    attack = by_name(name)
    path = tmp_path / "transformer" / SOURCE.name
    hand_in(path, attack, places)
    submission = read_submission(path, notebook)
    with Sandbox(walls=False, limits=Limits(seconds_per_call=10)) as sandbox:
        outcomes = judge(notebook, submission.sources, sandbox)
    assert earned(notebook, lambda cell: outcomes[cell].passed) == ALL > WITHOUT
