"""Grading a class: again, after interruptions, with faults, and with marks by hand."""

import contextlib
import errno
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from nbgrader.api import Gradebook
from sqlalchemy.exc import OperationalError

from grader.batch import command, feedback, grading
from grader.batch.totals import Totals
from tests.exercises.running import read
from tests.grader.small_course import NOTEBOOK, POINTS, RIGHT, WRONG, SmallCourse

pytestmark = pytest.mark.slow


@pytest.fixture
def course(tmp_path):
    return SmallCourse(tmp_path)


def gradebook_of(course):
    return Gradebook(f"sqlite:///{course.root / 'gradebook.db'}", "transformer-course")


def test_only_what_is_new_or_changed_is_graded(course):
    for student in ("a", "b", "c"):
        course.hand_in(student, WRONG)
    first = course.grade()
    assert "Graded 3 notebooks; 0 had been graded before" in first.stdout, first.stderr
    before = course.graded("a").stat().st_mtime_ns
    course.hand_in("b", RIGHT)
    course.hand_in("d", RIGHT)
    second = course.grade()
    assert "Graded 2 notebooks; 2 had been graded before" in second.stdout
    assert course.graded("a").stat().st_mtime_ns == before
    assert course.scores() == {"a": 17, "b": 20, "c": 17, "d": 20}


def test_changed_tests_show_first_and_keep_marks_by_hand(course):
    course.hand_in("right", RIGHT)
    course.hand_in("wrong", WRONG)
    course.hand_in("by-hand", WRONG)
    assert course.grade().returncode == 0
    assert course.scores() == {"right": 20, "wrong": 17, "by-hand": 17}
    with gradebook_of(course) as gradebook:
        found = gradebook.find_grade("causal_mask_tests", NOTEBOOK, "transformer", "by-hand")
        found.manual_score = 0.5
        gradebook.db.commit()
    notebook = course.source.read_text(encoding="utf-8")
    source = read(course.source)
    (cell,) = [c for c in source.cells if c.id == "causal_mask_tests"]
    assert "call(causal_mask, 2, 1)" in cell.source
    cell.source = "assert causal_mask(1).dtype == torch.bool"
    import nbformat

    nbformat.write(source, course.source)
    assert course.source.read_text(encoding="utf-8") != notebook
    course.release()

    shown = course.grade()
    assert "2 scores change" in shown.stdout
    assert "wrong: 02-masks, causal_mask_tests: 0 → 1" in shown.stdout
    assert "(the mark 0.5 by hand is kept)" in shown.stdout
    assert "3 notebooks were not recorded. To record them: --regrade" in shown.stdout
    assert course.scores() == {"right": 20, "wrong": 17, "by-hand": 17.5}

    recorded = course.grade("--regrade")
    assert "Graded 3 notebooks" in recorded.stdout
    assert course.scores() == {"right": 20, "wrong": 18, "by-hand": 17.5}
    assert "Graded 0 notebooks; 3 had been graded before" in course.grade().stdout


def test_a_pipe_under_another_name_does_not_hold_up_the_run(course):
    course.hand_in("a")
    os.mkfifo(course.submission("a").with_name("homework.ipynb"))
    result = course.grade()
    assert result.returncode == 0, result.stderr
    assert "homework.ipynb is no notebook of this assignment" in result.stdout
    assert course.scores() == {"a": POINTS}


def test_a_dry_run_records_nothing(course):
    course.hand_in("a")
    result = course.grade("--dry-run")
    assert result.returncode == 0, result.stderr
    assert "1 notebooks were not recorded" in result.stdout
    assert not course.graded("a").exists()
    with gradebook_of(course) as gradebook:
        assert gradebook.students == []


def test_nbgraders_own_commands_give_the_same_scores(course):
    course.hand_in("a", WRONG)
    course.hand_in("b", RIGHT)
    assert course.nbgrader("autograde", "transformer").returncode == 0
    assert course.nbgrader("generate_feedback", "transformer").returncode == 0
    assert course.nbgrader("export").returncode == 0
    assert course.scores() == {"a": 17, "b": 20}
    by_nbgrader = read(course.graded("a"))
    assert course.grade("--all", "--regrade").returncode == 0
    by_us = read(course.graded("a"))
    assert course.scores() == {"a": 17, "b": 20}
    for one, other in zip(by_nbgrader.cells, by_us.cells, strict=True):
        assert one.source == other.source and one.get("outputs") == other.get("outputs")


def test_nbgrader_takes_off_for_lateness_what_the_policy_says(course):
    course.hand_in("a", RIGHT)
    timestamp = course.submission("a").with_name("timestamp.txt")
    timestamp.write_text("2026-12-02 12:00:00 UTC", encoding="utf-8")
    policy = "due.transformer = 2026-12-01T00:00:00Z\nlate.share_per_day = 0.1"
    (course.root / "grading-policy.toml").write_text(policy, encoding="utf-8")
    result = course.grade()
    assert result.returncode == 0, result.stderr
    assert course.scores() == {"a": 16}
    (course.root / "grading-policy.toml").write_text(f"{policy}5", encoding="utf-8")
    assert course.nbgrader("autograde", "transformer", "--force").returncode == 0
    assert course.nbgrader("export").returncode == 0
    assert course.scores() == {"a": 14}
    (course.root / "grading-policy.toml").write_text("[due", encoding="utf-8")
    refused = course.grade()
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1
    assert course.scores() == {"a": 14}


def test_nbgrader_does_not_let_a_broken_submission_stop_the_others(course):
    course.hand_in("a", RIGHT)
    course.submission("a").write_text("{", encoding="utf-8")
    course.hand_in("b", RIGHT)
    timestamp = course.submission("b").with_name("timestamp.txt")
    timestamp.write_text("handed in on Friday", encoding="utf-8")
    result = course.nbgrader("autograde", "transformer")
    assert "Ask the student for the file again" in result.stderr
    assert "it reads 'handed in on Friday'" in result.stderr
    assert course.graded("b").exists() and not course.graded("a").exists()


def test_nbgrader_follows_no_link(course):
    """With a link to the solution, a student would get full marks."""
    course.submission("a").parent.mkdir(parents=True)
    course.submission("a").symlink_to(course.source)
    course.hand_in("b")
    course.submission("b").with_name("secret.txt").symlink_to(course.root / "gradebook.db")
    result = course.nbgrader("autograde", "transformer")
    assert f"holds links ({NOTEBOOK}.ipynb)" in result.stderr
    assert "holds links (secret.txt)" in result.stderr
    assert not list(course.root.glob("autograded/*/*/*"))


def test_feedback_that_a_stopped_run_left_undone_is_written_by_the_next(course):
    course.hand_in("a")
    assert course.grade().returncode == 0
    page = course.root / "feedback" / "a" / "transformer" / f"{NOTEBOOK}.html"
    page.unlink()
    assert "Graded 0 notebooks" in course.grade().stdout
    assert page.exists()


# --- faults -------------------------------------------------------------------------------

STUDENTS = [f"s{i:02}" for i in range(12)]
EXPECTED = {s: 17 if i % 2 else 20 for i, s in enumerate(STUDENTS)}


@pytest.fixture
def class_of_twelve(course):
    for i, student in enumerate(STUDENTS):
        course.hand_in(student, WRONG if i % 2 else RIGHT)
    return course


def is_whole(course):
    """Whether grades.csv is right; fails unless each student has each grade once and feedback."""
    with gradebook_of(course) as gradebook:
        for student in STUDENTS:
            submission = gradebook.find_submission("transformer", student)
            assert submission.score == EXPECTED[student]
            grades = submission.notebooks[0].grades
            assert len({g.name for g in grades}) == len(grades) == 14
            assert all(g.auto_score is not None for g in grades)
            page = course.root / "feedback" / student / "transformer" / f"{NOTEBOOK}.html"
            assert page.exists(), "a run that was stopped leaves no feedback undone"
    return course.scores() == EXPECTED


@pytest.mark.parametrize("after", [0, 2])
def test_a_killed_run_is_finished_by_the_next(class_of_twelve, after):
    course = class_of_twelve
    process = subprocess.Popen(course.line, cwd=course.root, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 300
    while len(list(course.root.glob("autograded/*/*/*.ipynb"))) < after:
        assert time.monotonic() < until
        time.sleep(0.02)
    if not after:
        time.sleep(3)
    workers = server_and_workers_of(process.pid)
    assert after == 0 or len(workers) > 1
    process.send_signal(signal.SIGKILL)
    process.wait()
    until = time.monotonic() + 60
    while any("forkserver" in command_of(pid) for pid in workers):
        assert time.monotonic() < until, "a worker is left over"
        time.sleep(0.1)
    result = course.grade()
    assert result.returncode == 0, result.stderr
    assert is_whole(course)


@pytest.mark.parametrize("victims", ["workers", "server", "warm process"])
def test_a_process_that_is_killed_costs_nothing(class_of_twelve, victims, lacking):
    course = class_of_twelve
    process = subprocess.Popen(
        course.line,
        cwd=course.root,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    until = time.monotonic() + 300
    while not list(course.root.glob("autograded/*/*/*.ipynb")):
        assert time.monotonic() < until
        time.sleep(0.02)
    server, *workers = server_and_workers_of(process.pid)
    others = set(children_of(server)) - set(workers)
    assert others or lacking, "the warm process of the sandboxes is no child of the server"
    for pid in {"workers": workers, "server": [server], "warm process": others}[victims]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, output + errors
    assert is_whole(course)


def command_of(pid):
    with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
        return file.read()
    return ""


def server_and_workers_of(pid):
    """The ids of the server process of a grading, and of the workers that it has forked."""
    servers = [child for child in children_of(pid) if "forkserver" in command_of(child)]
    forks = [child for server in servers for child in children_of(server)]
    return servers + [fork for fork in forks if "forkserver" in command_of(fork)]


def children_of(pid):
    found = []
    for status in os.listdir("/proc"):
        if status.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{status}/stat", encoding="utf-8") as f:
                if f.read().rpartition(")")[2].split()[1] == str(pid):
                    found.append(int(status))
    return found


STEPS = [
    (grading.Record, "enroll"),
    (grading.Record, "save"),
    (grading, "replace_file"),
    (feedback, "write_page"),
    (command, "export"),
    (grading.Record, "penalise"),
    (command, "score_table"),
    (Totals, "keep"),
    (command, "log_run"),
]


def failing_at(owner, name, call, fail):
    """The function `name` of `owner`, wrapped so that its call number `call` calls `fail` first."""
    real, calls = getattr(owner, name), []

    def failing(*arguments, **named):
        calls.append(arguments)
        if len(calls) == call:
            fail()
        return real(*arguments, **named)

    return failing


@pytest.mark.parametrize(("owner", "name"), STEPS, ids=[name for _, name in STEPS])
def test_a_run_killed_at_any_step_is_finished_by_the_next(class_of_twelve, owner, name):
    course = class_of_twelve
    call = 4 if (owner, name) in STEPS[:4] else 1

    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    def run():
        setattr(owner, name, failing_at(owner, name, call, die))
        course.grade()

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert course.grade().returncode == 0
    assert is_whole(course)


def no_space():
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(("owner", "name"), STEPS[2:5], ids=[name for _, name in STEPS[2:5]])
def test_a_full_disk_loses_nothing(class_of_twelve, monkeypatch, owner, name):
    course = class_of_twelve
    call = 1 if name == "export" else 4
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, failing_at(owner, name, call, no_space))
        result = course.grade()
    assert result.returncode == 1 and "No space left" in result.stderr + result.stdout
    assert "run the same command" in (result.stderr + result.stdout).replace("\n", " ")
    assert course.grade().returncode == 0
    assert is_whole(course)


def gone():
    raise OperationalError("select", {}, Exception("the server has gone away"))


@pytest.mark.parametrize("step", ["enroll", "save"])
def test_a_database_that_goes_away_loses_nothing(class_of_twelve, monkeypatch, step):
    course = class_of_twelve
    with monkeypatch.context() as patched:
        patched.setattr(grading.Record, step, failing_at(grading.Record, step, 4, gone))
        result = course.grade()
    assert result.returncode == 1 and "the server has gone away" in result.stderr
    assert course.grade().returncode == 0
    assert is_whole(course)


def test_a_locked_database_is_waited_for(course):
    course.hand_in("a")
    connection = sqlite3.connect(course.root / "gradebook.db", check_same_thread=False)
    with contextlib.closing(connection):
        connection.execute("begin exclusive")
        threading.Timer(8, connection.rollback).start()
        result = course.grade()
    assert result.returncode == 0, result.stderr
    assert course.scores() == {"a": POINTS}


def test_feedback_that_fails_costs_no_grade(course, monkeypatch):
    course.hand_in("a", WRONG)

    def fail(*_):
        assert course.scores() == {"a": 17}, "grades are written before the first page"
        raise RuntimeError("the highlighter hangs")

    with monkeypatch.context() as patched:
        patched.setattr(command, "generate_feedback", fail)
        result = course.grade()
    assert result.returncode == 1
    assert "the highlighter hangs" in result.stdout and "run the same command" in result.stdout
    assert course.scores() == {"a": 17}
    assert course.grade().returncode == 0
    assert list((course.root / "feedback" / "a" / "transformer").glob("*.html"))


def test_a_fresh_course_is_graded_without_an_activated_environment(course):
    course.hand_in("a")
    (course.root / "gradebook.db").unlink()
    outside = os.environ | {"PATH": "/usr/bin:/bin"}
    result = course.command("grader", "transformer", "--sandbox=off", env=outside)
    assert result.returncode == 2
    assert "make exercises" in result.stderr and "No such file" not in result.stderr


def test_two_gradings_at_once_are_refused(course):
    course.hand_in("a")
    with command.only_grading_of(course.root):
        result = course.grade()
    assert result.returncode == 2 and "another grading" in result.stderr


def test_without_a_sandbox_nothing_is_graded_unless_asked(course, monkeypatch):
    course.hand_in("a")
    monkeypatch.setenv("PATH", "/nonexistent")
    refused = course.command("grader", "transformer")
    assert refused.returncode == 2
    assert "bubblewrap is not installed" in refused.stderr and "--sandbox=off" in refused.stderr
    assert not course.graded("a").exists()
    asked = course.command("grader", "transformer", "--sandbox=off")
    assert asked.returncode == 0, asked.stderr
    assert course.scores() == {"a": POINTS}


def test_the_process_that_records_does_without_torch():
    line = "import sys, grader.batch.grading; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", line], check=False).returncode == 0
