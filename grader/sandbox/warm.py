"""Work that a process does once, so that each process forked from it starts quickly."""

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

from checking.bans import look_through_modules


def fork() -> int:
    """Fork as `os.fork` does, so that every new process draws the same random numbers."""
    # These are set before forking, since in the new process that would copy memory. Python's own
    # generator must be set after, since Python seeds it anew in a forked process.
    numpy.random.seed(0)
    torch.manual_seed(0)
    pid = os.fork()
    if pid == 0:
        random.seed(0)
    return pid


def warm_up(modules: Sequence[str], *, for_tests: bool) -> None:
    """Do the imports that torch puts off until its first use, and import modules.

    Args:
        modules: the names of the modules.
        for_tests: whether tests will run here, which use more of torch than answers do.
    """
    torch.set_num_threads(1)  # a pool of threads does not survive a fork
    x = torch.ones(2, 3, 4, dtype=torch.float64, requires_grad=True)
    layer = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4)).double()
    y = F.gelu(torch.einsum("bqd,bkd->bqk", layer(x), x).softmax(-1))
    torch.autograd.grad([y], [x], [torch.ones_like(y)])  # torch imports sympy, for a second
    F.cross_entropy(y.detach()[0], torch.tensor([0, 1, 2]), label_smoothing=0.1)
    torch.func.functional_call(layer, dict(layer.named_parameters()), x)
    torch.empty(2).uniform_(generator=torch.Generator().manual_seed(1))
    if for_tests:
        optimizer = torch.optim.AdamW(layer.parameters())  # torch imports modules, for a second
        F.mse_loss(layer(x), x.detach()).backward()
        optimizer.step()
    numpy.random.seed(0)  # numpy imports its generators
    import_modules(modules)


def import_modules(names: Sequence[str]) -> None:
    """Import modules, and exclude all objects made so far from garbage collection.

    Args:
        names: the names of the modules. One that cannot be imported is skipped; the code that
            imports it gets the error.
    """
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    look_through_modules()
    # A garbage collection in a forked process would write to every page of memory and so copy it.
    gc.collect()
    gc.freeze()
