"""What a process does once, so that each process forked from it is quick."""

import contextlib
import gc
import importlib
import os
import random
from collections.abc import Sequence

import numpy
import torch
from torch import nn
from torch.nn import functional as F


def fork() -> int:
    """Fork as `os.fork` does, so that every new process draws the same random numbers."""
    # Before the fork, since after it this would copy memory; but a fork seeds Python's own anew.
    numpy.random.seed(0)
    torch.manual_seed(0)
    pid = os.fork()
    if pid == 0:
        random.seed(0)
    return pid


def warm_up(modules: Sequence[str], *, for_tests: bool) -> None:
    """Import what torch imports at its first use, and keep the heap out of later collections.

    Args:
        modules: what will be imported here, by name.
        for_tests: whether tests will run here; they use more of torch than answers do.
    """
    torch.set_num_threads(1)  # a pool of threads does not survive a fork
    x = torch.ones(2, 3, 4, dtype=torch.float64, requires_grad=True)
    layer = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4)).double()
    y = F.gelu(torch.einsum("bqd,bkd->bqk", layer(x), x).softmax(-1))
    torch.autograd.grad([y], [x], [torch.ones_like(y)])  # imports sympy, which takes a second
    F.cross_entropy(y.detach()[0], torch.tensor([0, 1, 2]), label_smoothing=0.1)
    torch.empty(2).uniform_(generator=torch.Generator().manual_seed(1))
    if for_tests:
        optimizer = torch.optim.AdamW(layer.parameters())  # imports for a second
        F.mse_loss(layer(x), x.detach()).backward()
        optimizer.step()
    numpy.random.seed(0)  # imports its generators
    import_modules(modules)


def import_modules(names: Sequence[str]) -> None:
    """Import modules, and keep the heap out of later collections.

    Args:
        names: their names; what cannot be imported here is left to the code that asks for it.
    """
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    # A collection in a fork would touch, and so copy, every page of the heap.
    gc.collect()
    gc.freeze()
