"""Fixtures for the tests of grading: a sandbox, and what this machine lacks for it."""

import subprocess

import pytest

from grader.sandbox.bubblewrap import sandbox_lacks
from grader.sandbox.sandbox import Sandbox
from grader.sandbox.walls import Limits
from grader.sandbox.warm import warm_up

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
