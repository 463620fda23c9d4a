"""Fixtures for the tests of grading: a sandbox, and what this machine lacks for it."""

import functools
import shutil
import subprocess

import pytest
from nbgrader import api

from grader.sandbox.bubblewrap import sandbox_lacks
from grader.sandbox.sandbox import Sandbox
from grader.sandbox.walls import Limits
from grader.sandbox.warm import warm_up
from tests.grader.tiny_course import NAMES, STUDENTS, Course, release

LIMITS = Limits(seconds_per_call=20, seconds_per_notebook=120)


@pytest.fixture(scope="session")
def lacking():
    """What this machine lacks for the sandbox, or ""; if bubblewrap runs here, it must be ""."""
    found = sandbox_lacks()
    if found and bubblewrap_runs():
        pytest.fail(f"bubblewrap runs on this machine, and our sandbox does not: {found}")
    return found


def bubblewrap_runs():
    """Whether bubblewrap is installed and may make namespaces."""
    line = ["bwrap", "--unshare-pid", "--unshare-net", "--ro-bind", "/", "/", "true"]
    try:
        return subprocess.run(line, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.fixture(scope="session")
def sandbox(lacking):
    """A sandbox; without walls where this machine cannot build them."""
    warm_up((), for_tests=True)
    with Sandbox(walls=not lacking, limits=LIMITS) as opened:
        yield opened


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    return release(tmp_path_factory.mktemp("course") / "released")


@pytest.fixture(scope="module")
def graded(released):
    """A course in which all have handed in everything, graded; and a folder with its files."""
    with pytest.MonkeyPatch.context() as patched:
        # All gradebooks of a path share an engine, so that no statement is compiled twice.
        patched.setattr(api, "create_engine", functools.cache(api.create_engine))
        course = Course(released.with_name("course"), released)
        for student, text in zip(STUDENTS, ["right", "half"], strict=True):
            for name in NAMES:
                course.hand_in(student, name, text)
        course.grade()
        files = released.with_name("files")
        shutil.copytree(course.root, files)
        yield course, files
