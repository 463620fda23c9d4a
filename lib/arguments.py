"""Checks of arguments that many modules take."""

from torch import Tensor


def check_at_least_one(**values: int | None) -> None:
    """Refuse sizes and counts below 1.

    Args:
        values: the arguments by name; None, which stands for a default, passes.

    Raises:
        ValueError: if a value is below 1.
    """
    for name, value in values.items():
        if value is not None and value < 1:
            raise ValueError(f"expected {name} of at least 1, got {value}")


def check_dropout(dropout: float) -> None:
    """Refuse a share of dropout that is not in [0, 1).

    Args:
        dropout: share of the numbers that are dropped in training.

    Raises:
        ValueError: if it is negative, or leaves nothing.
    """
    if not 0.0 <= dropout < 1.0:
        raise ValueError(f"expected dropout from 0 to below 1, got {dropout}")


def check_not_empty(sentences: Tensor) -> None:
    """Refuse a batch without sentences.

    Args:
        sentences: token ids, shape (batch, length).

    Raises:
        ValueError: if batch is 0.
    """
    if len(sentences) == 0:
        raise ValueError(
            f"expected a batch of at least one sentence, got shape {tuple(sentences.shape)}"
        )
