"""Experiments: what takes longer than a page may, computed once and committed.

Each folder is an experiment. Its `run.py` computes it (see `experiments.experiment`), arm by arm:
an arm is one setting of what is compared. Beside it lie what came out: `result.json`, the numbers
of each arm and how they were made; `checkpoint.safetensors`, if it trained something that is used
further; and `card.md`, the same for people to read. A page reads the first two by the functions
below. So it is executed anew when these change, and not when `run.py` or `card.md` does.

This module imports nothing but the standard library until it is asked for tensors.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

FOLDER = Path(__file__).parent
RESULT, CHECKPOINT, CARD = "result.json", "checkpoint.safetensors", "card.md"


def read_result(name: str) -> dict[str, Any]:
    """What an experiment found.

    Args:
        name: its folder's name.

    Returns:
        The numbers of each arm, by the arm's name, in the order in which they were computed.

    Raises:
        FileNotFoundError: if there is no such experiment, or none that has been run.
    """
    return _read(name)["arms"]


def read_origin(name: str) -> str:
    """Where an experiment's numbers come from, in a sentence that a page can print.

    Args:
        name: the experiment's folder's name.

    Returns:
        The folder, the time, the processor and the version of PyTorch.

    Raises:
        FileNotFoundError: as `read_result` does.
    """
    made = _read(name)["made"]
    return (
        f"From experiments/{name}: {made['seconds']:.0f} s on one core of {made['processor']}, "
        f"torch {made['torch']}."
    )


def read_checkpoint(name: str, arm: str) -> "dict[str, Tensor]":
    """The tensors that an arm of an experiment has kept.

    Args:
        name: the experiment's folder's name.
        arm: the arm's name.

    Returns:
        Tensors by name, such as a module's `load_state_dict` takes.

    Raises:
        FileNotFoundError: as `read_result` does, or if no arm has kept tensors.
        LookupError: if this arm has kept none.
    """
    from safetensors.torch import load_file

    _read(name)  # complains about a wrong name
    tensors = load_file(FOLDER / name / CHECKPOINT)
    of_arm = {
        key.removeprefix(f"{arm}/"): tensor
        for key, tensor in tensors.items()
        if key.startswith(f"{arm}/")
    }
    if not of_arm:
        arms = sorted({key.partition("/")[0] for key in tensors})
        raise LookupError(f"expected an arm of {name} that has kept tensors, {arms}, got {arm!r}")
    return of_arm


def _read(name: str) -> dict[str, Any]:
    path = FOLDER / name / RESULT
    if not path.is_file():
        known = sorted(path.parent.name for path in FOLDER.glob(f"*/{RESULT}"))
        raise FileNotFoundError(
            f"expected an experiment with a result, {known}, got {name!r}; a new one needs "
            f"`make experiment NAME={name}` first"
        )
    return json.loads(path.read_text(encoding="utf-8"))
