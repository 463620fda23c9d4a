"""Training mode and evaluation mode: dropout acts in the first and not in the second."""

import contextlib
from collections.abc import Iterator

from torch import nn


@contextlib.contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put a model in evaluation mode for the with block, then each part back in its own mode.

    The parts may differ: a part that is not trained further may stay in evaluation mode while
    the rest trains.

    Args:
        model: the model.

    Yields:
        Nothing.
    """
    was_training = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, training in was_training.items():
            module.training = training
