"""A sandbox for the tests of grading, and what a machine must have for it."""

import pytest

from grader.sandbox import Sandbox, missing
from grader.walls import Limits
from grader.warm import warm_up

LIMITS = Limits(seconds_per_call=20, seconds_per_notebook=120)


@pytest.fixture(scope="session")
def lacking():
    """What this machine lacks for the sandbox."""
    return missing()


@pytest.fixture(scope="session")
def sandbox(lacking):
    """A sandbox; without walls where this machine cannot build them."""
    warm_up()
    with Sandbox(walls=not lacking, limits=LIMITS) as opened:
        yield opened


@pytest.fixture(scope="session")
def walled(lacking, sandbox):
    """A sandbox with walls."""
    if lacking:
        pytest.skip(f"no sandbox here: {lacking}")
    return sandbox
