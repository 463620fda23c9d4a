"""What all tests of `lib` share: shapes are checked, and the oracles' differences are counted."""

import pytest
import torch
from jaxtyping import install_import_hook

# The shape annotations of lib are checked in tests only. This must come before lib's import.
install_import_hook("lib", "beartype.beartype")


@pytest.fixture(autouse=True)
def _one_thread():
    """Tests are small: a second thread only gets in the way of another test process."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def agree(record_property):
    """Assert that two tensors agree, and note by how much they differ for the table at the end.

    The difference is the largest absolute one, relative to the largest expected value where that
    exceeds 1.
    """

    def agree(oracle: str, actual, expected, *, tolerance: float = 1e-9) -> None:
        assert actual.shape == expected.shape
        assert actual.dtype == expected.dtype
        difference = (actual - expected).abs().max() / expected.abs().max().clamp(min=1.0)
        record_property("oracle", (oracle, actual.numel(), difference.item(), tolerance))
        assert difference <= tolerance, f"{oracle}: largest difference {difference:.3g}"

    return agree


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
