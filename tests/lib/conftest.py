"""What the tests of `lib` share: one thread, and oracles whose differences are noted."""

import pytest
import torch


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
