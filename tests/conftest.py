"""For all tests: checks of shapes in lib, the order of tests, and the table of oracles."""

import importlib.util
import os

import pytest

# The shape annotations of lib are checked in tests only. The hook must be installed before lib is
# imported, and so before any test module is collected. Where jaxtyping is not installed, lib cannot
# be imported, and only tests that do without both are run.
if importlib.util.find_spec("jaxtyping"):
    from jaxtyping import install_import_hook

    install_import_hook("lib", "beartype.beartype")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: grades a class, builds a book or drives a browser")
    # pytest-xdist defines this marker, but is not installed everywhere.
    config.addinivalue_line("markers", "xdist_group(name): tests that go to the same process")


def pytest_ignore_collect(collection_path):
    """If the environment variable PARTS is set, leave out tests that concern other parts only."""
    if not os.environ.get("PARTS") or not collection_path.name.startswith("test_"):
        return None
    from tests.selection import ALL, PARTS, belongs

    return None if PARTS == ALL or belongs(collection_path) else True


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the marks
def pytest_collection_modifyitems(items):
    """Let pytest-xdist distribute single tests, and start slow ones first.

    Tests that share a fixture of a module stay together on one worker, so that the fixture is set
    up once. Slow tests come first, so that none of them runs alone at the end.
    """
    for item in items:
        shared = any(
            found[-1].scope == "module" for found in item._fixtureinfo.name2fixturedefs.values()
        )
        if shared and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_terminal_summary(terminalreporter):
    table = {}
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, value in getattr(report, "user_properties", ()):
            if name == "oracle" and report.when == "call":
                oracle, count, difference, tolerance = value
                old = table.get(oracle, (0, 0.0, tolerance))
                table[oracle] = (old[0] + count, max(old[1], difference), tolerance)
    if not table:
        return
    terminalreporter.section("oracles")
    width = max(map(len, table))
    terminalreporter.line(f"{'oracle':{width}}  numbers  largest difference  allowed")
    for oracle, (count, difference, tolerance) in sorted(table.items()):
        terminalreporter.line(f"{oracle:{width}}  {count:7,}  {difference:18.1e}  {tolerance:7.0e}")
