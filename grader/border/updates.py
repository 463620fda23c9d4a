"""Parameters that have changed since the last message travel with the next."""

from typing import Any

import numpy as np
from torch import Tensor

from grader.border.errors import well_formed
from grader.border.objects import ObjectTable
from grader.border.reader import Reader
from grader.border.writer import Writer


def write_updates(objects: ObjectTable, writer: Writer) -> dict[str, list]:
    """What has changed in parameters since the last message.

    Args:
        objects: what this end knows.
        writer: of the message with which the updates travel.

    Returns:
        By whose module it is, "own" or "foreign": handle, name and JSON tree of each parameter.
    """
    written: dict[int, list] = {}  # a parameter may belong to several modules
    updates: dict[str, list] = {}
    for side, handle, name, parameter in objects.changes():
        if id(parameter) not in written:
            written[id(parameter)] = writer.write(parameter.detach())
        updates.setdefault(side, []).append([handle, name, written[id(parameter)]])
    return updates


def accept_updates(updates: Any, objects: ObjectTable, tensors: dict[str, np.ndarray]) -> None:
    """Change parameters as the other side has changed them, where it may.

    Args:
        updates: what `write_updates` has returned there; nothing happens if it is empty or None.
        objects: what this end knows.
        tensors: those of the message.

    Raises:
        BorderError: if the updates cannot be read.
    """
    if not updates:
        return
    reader = Reader(objects, tensors)
    with well_formed("an update of parameters"):
        for side, entries in updates.items():
            if not objects.may_update(side):
                continue
            named: dict[int, dict] = {}
            for handle, name, tree in entries:
                if handle not in named:
                    named[handle] = objects.parameters(side, handle)
                value = reader.read(tree)
                if not isinstance(value, Tensor):
                    raise TypeError
                named[handle][name].data = value
    objects.ignore_changes()  # of this message, also in other modules with the same parameters
