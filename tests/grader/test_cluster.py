"""Grading on a Dask cluster."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.grader.small_course import POINTS, RIGHT, WRONG, SmallCourse

pytestmark = pytest.mark.slow


class DaskCluster:
    """A scheduler, and workers that tests can add."""

    def __init__(self, folder):
        self.folder, self.workers = folder, []
        line = ["dask", "scheduler", "--port", "0", "--dashboard-address", ":0"]
        self.scheduler = self._start("scheduler", *line, "--host", "127.0.0.1")
        self.address = self._wait_for("scheduler", r"Scheduler at:\s+(tcp://\S+)")

    def _start(self, name, *line, environment=None):
        log = (self.folder / f"{name}.log").open("w", encoding="utf-8")
        with log:
            return subprocess.Popen(
                [sys.executable, "-m", *line],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=os.environ | (environment or {}),
            )

    def _wait_for(self, name, pattern):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            text = (self.folder / f"{name}.log").read_text(encoding="utf-8")
            if found := re.search(pattern, text):
                return found.group(1)
            time.sleep(0.1)
        raise AssertionError(text)

    def add_worker(self, *options, environment=None):
        name = f"worker-{len(self.workers)}"
        line = ["dask", "worker", self.address, "--no-dashboard", "--nthreads", "2", *options]
        self.workers.append(self._start(name, *line, environment=environment))
        self._wait_for(name, r"(Registered to)")

    def close(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path, lacking):
    folder = tmp_path / "dask"
    folder.mkdir()
    with contextlib.closing(DaskCluster(folder)) as cluster:
        yield cluster


@pytest.fixture
def course(tmp_path):
    course = SmallCourse(tmp_path / "course", "c.Judge.seconds_per_call = 3\n")
    for i in range(8):
        course.hand_in(f"student{i}", WRONG if i % 2 else RIGHT)
    course.hand_in("endless", "def causal_mask(*_):\n    while True:\n        pass")
    return course


EXPECTED = {f"student{i}": POINTS - 3 * (i % 2) for i in range(8)} | {"endless": POINTS - 3}


def test_a_cluster_gives_the_same_grades(course, cluster):
    cluster.add_worker("--no-nanny")
    result = course.grade(f"--dask={cluster.address}")
    assert result.returncode == 0, result.stderr
    assert "Graded 9 notebooks" in result.stdout
    assert course.scores() == EXPECTED


def test_a_worker_that_dies_costs_no_grade(course, cluster):
    cluster.add_worker("--no-nanny")

    def kill():
        while not list(course.root.glob("autograded/*/*/*.ipynb")):
            time.sleep(0.02)
        os.kill(cluster.workers[0].pid, signal.SIGKILL)
        cluster.add_worker("--no-nanny")

    killer = threading.Thread(target=kill)
    killer.start()
    result = course.grade(f"--dask={cluster.address}")
    killer.join()
    assert result.returncode == 0, result.stderr
    assert course.scores() == EXPECTED


def test_a_worker_below_a_nanny_is_refused_with_advice(course, cluster):
    cluster.add_worker()
    result = course.grade(f"--dask={cluster.address}")
    assert result.returncode == 2 and "--no-nanny" in result.stderr
    assert not list(course.root.glob("autograded/*/*/*.ipynb"))


def test_without_workers_or_scheduler_it_says_what_to_start(course, cluster, monkeypatch):
    monkeypatch.setattr("grader.batch.cluster.SECONDS_TO_CONNECT", 2)
    result = course.grade(f"--dask={cluster.address}")
    assert result.returncode == 2 and "dask worker" in result.stderr
    cluster.scheduler.kill()
    cluster.scheduler.wait()
    result = course.grade(f"--dask={cluster.address}")
    assert result.returncode == 2 and "dask scheduler" in result.stderr


def test_a_worker_with_another_version_of_the_course_is_refused(course, cluster, monkeypatch):
    cluster.add_worker("--no-nanny")
    monkeypatch.setattr("grader.batch.cluster.version", lambda: "another")
    result = course.grade(f"--dask={cluster.address}")
    assert result.returncode == 2 and "version of the course" in result.stderr


def test_a_worker_without_a_sandbox_is_refused_unless_asked(course, cluster):
    cluster.add_worker("--no-nanny", environment={"PATH": "/nonexistent"})
    result = course.grade(f"--dask={cluster.address}", "--sandbox=required")
    assert result.returncode == 2 and "bubblewrap is not installed" in result.stderr
    assert not list(course.root.glob("autograded/*/*/*.ipynb"))
    for path in sorted(course.root.glob("submitted/*"))[1:]:
        shutil.rmtree(path)
    result = course.grade(f"--dask={cluster.address}")  # with --sandbox=if-possible
    assert result.returncode == 0 and "without the sandbox on tcp://" in result.stderr
