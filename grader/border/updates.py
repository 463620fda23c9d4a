"""Updates: changed parameters are sent along with the next message, whatever it is."""

from typing import Any

from torch import Tensor

from grader.border.errors import well_formed
from grader.border.limits import MAX_NUMBER, whole_number
from grader.border.objects import ObjectTable
from grader.border.reader import Reader
from grader.border.tensors import TensorUnpacker
from grader.border.writer import Writer


def write_updates(objects: ObjectTable, writer: Writer) -> dict[str, list]:
    """Write the parameters that have changed since the last message.

    Args:
        objects: the objects that this end knows.
        writer: the writer of the message with which the updates are sent.

    Returns:
        Lists of changed parameters, with the keys "own" for modules of this side and "foreign" for
        modules of the other. A parameter is given by its module's handle, its name and its JSON
        tree.
    """
    written: dict[int, list] = {}  # by id, since a parameter may belong to several modules
    updates: dict[str, list] = {}
    for side, handle, name, parameter in objects.changes():
        if id(parameter) not in written:
            written[id(parameter)] = writer.write(parameter.detach())
        updates.setdefault(side, []).append([handle, name, written[id(parameter)]])
    return updates


def accept_updates(updates: Any, objects: ObjectTable, tensors: TensorUnpacker) -> None:
    """Change parameters as the other side has changed them, if it may change them.

    Args:
        updates: what `write_updates` has returned on the other side; empty or None for no updates.
        objects: the objects that this end knows.
        tensors: the tensors of the message.

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
                    named[handle] = objects.parameters(side, whole_number(handle, MAX_NUMBER))
                value = reader.read(tree)
                if not isinstance(value, Tensor):
                    raise TypeError
                parameter = named[handle][name]
                objects.keep(value.nbytes - parameter.nbytes)
                parameter.data = value
    # Else these updates would be sent back, also for other modules with the same parameters.
    objects.ignore_changes()
