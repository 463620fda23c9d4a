"""What all tests share: the shapes in lib are checked, and a table shows how far oracles differ."""

import importlib.util

# The shape annotations of lib are checked in tests only. This must come before lib's import,
# and so before any test module is collected. Some tests need neither lib nor jaxtyping, and run
# where both are missing; lib cannot be imported there, so nothing of it goes unchecked.
if importlib.util.find_spec("jaxtyping"):
    from jaxtyping import install_import_hook

    install_import_hook("lib", "beartype.beartype")


def pytest_collection_modifyitems(items):
    """The one file that installs packages goes first: at the end it would run on alone.

    `--no-loadscope-reorder` keeps xdist from sorting the files by their number of tests.
    """
    items.sort(key=lambda item: item.path.name != "test_bundle.py")


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
