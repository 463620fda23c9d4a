"""For all tests: checks of shapes in lib, the order of tests, and the table of oracles."""

import functools
import importlib.util
import os
import re
from pathlib import Path

import pytest

# The shape annotations of lib are checked in tests only. The hook must be installed before lib is
# imported, and so before any test module is collected. Where jaxtyping is not installed, lib cannot
# be imported, and only tests that do without both are run.
if importlib.util.find_spec("jaxtyping"):
    from jaxtyping import install_import_hook

    install_import_hook("lib", "beartype.beartype")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: grades a class, builds a book or drives a browser")


def pytest_ignore_collect(collection_path):
    """If the environment variable PARTS is set, leave out tests that concern other parts only."""
    if not os.environ.get("PARTS") or not collection_path.name.startswith("test_"):
        return None
    from tests.selection import ALL, PARTS, belongs

    return None if PARTS == ALL or belongs(collection_path) else True


@pytest.hookimpl(optionalhook=True)  # pytest-xdist is not everywhere
def pytest_xdist_make_scheduler(config, log):
    """Spread tests by work: one by one, apart from those that share what takes long to set up."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return unit_of(nodeid)

    return Scheduling(config, log)


def unit_of(nodeid):
    """What a test goes to one process with: the tests of a page, of a module, or itself alone.

    The process that spreads tests has not imported them, so this is read from names and sources.
    """
    file = nodeid.partition("::")[0]
    page = re.search(r"(book/[\w/-]+)\]$", nodeid)
    if page and file.endswith("test_browser.py"):
        return page[1]
    return file if _sets_up_a_module(file) else nodeid


@functools.cache
def _sets_up_a_module(file):
    text = (Path(__file__).parents[1] / file).read_text(encoding="utf-8")
    return 'scope="module"' in text


def pytest_collection_modifyitems(items):
    """Let slow tests come first, so that none of them runs on alone at the end."""
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
