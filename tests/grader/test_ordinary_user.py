"""Releasing and grading as an ordinary user: what holds for root holds then, too.

Where an ordinary user runs the tests, all of them are run that way, and none of these is needed.
"""

import os
import shutil
import sys

import pytest

from tests.grader.ordinary_user import USER, run_as_ordinary_user

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0, reason="an ordinary user runs these tests"
    ),
]


def test_the_user_is_an_ordinary_one(home):
    look = "import os; print(os.getresuid(), os.getgroups(), os.access('/etc/shadow', os.R_OK))"
    result = run_as_ordinary_user([sys.executable, "-c", look], home)
    assert result.stdout == f"({USER}, {USER}, {USER}) [] False\n"


@pytest.mark.parametrize(
    "file", ["test_sandbox.py", "test_system_calls.py", "test_attacks.py", "test_release.py"]
)
def test_an_ordinary_user_passes(file, home, lacking):
    if lacking:
        pytest.skip(f"no sandbox here: {lacking}")
    options = ["-q", "-rs", "-p", "no:cacheprovider", "-p", "no:xdist", f"--basetemp={home}/tests"]
    command = [sys.executable, "-m", "pytest", f"tests/grader/{file}", *options]
    result = run_as_ordinary_user(command, home)
    assert result.returncode == 0 and " skipped" not in result.stdout, result.stdout[-8000:]


@pytest.fixture
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    yield folder
    shutil.rmtree(folder)
