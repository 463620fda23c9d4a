"""One end of the border: it sends requests to the other end and answers that end's requests."""

import functools
import itertools
import socket
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from checking.batches import Call, Result
from checking.calling import accept_changes, changed_argument, changes_are_accepted
from grader.border.connection import Connection
from grader.border.differentiable import attach_gradients
from grader.border.errors import (
    BorderError,
    TooLarge,
    describe_error,
    rebuild_error,
    well_formed,
)
from grader.border.foreign import Foreign, ForeignRoot, handle_of
from grader.border.limits import MAX_CALLS, MAX_NUMBER, short_name, whole_number
from grader.border.objects import ObjectTable
from grader.border.reader import Reader
from grader.border.tensors import TensorUnpacker, content_of, fingerprint, overwrite
from grader.border.updates import accept_updates, write_updates
from grader.border.writer import Writer


class Border:
    """One end of the border.

    Args:
        connection: one end of a stream socket pair.
        trusting: whether the other end may read any public attribute and change parameters. The
            student's end trusts, the judge's does not.
        root: the object of this end that the other end can use from the start, as its `root`.
        seconds: seconds that an answer may take, with all calls back and forth that it needs; None
            for no limit.
        until: time after which every request fails, on the clock of `time.monotonic`, if `seconds`
            is given too; None for no limit.

    Attributes:
        trusting: the argument of that name.
        root: the stand-in for the other end's root.
        called: handles of the other end's objects that this end has called.
    """

    def __init__(
        self,
        connection: socket.socket,
        *,
        trusting: bool,
        root: Any = None,
        seconds: float | None = None,
        until: float | None = None,
    ):
        self.trusting = trusting
        self.root = ForeignRoot(self, 0, "root")
        self.called: set[int] = set()
        # Only the judge's end needs an alarm, to stop a function of its own that the student's code
        # calls and that does not return. A student's process that takes too long is killed.
        self._connection = Connection(connection, seconds=seconds, until=until, alarm=not trusting)
        self._objects = ObjectTable(self, root, trusting=trusting)
        self._call_numbers = itertools.count(1)
        self._has_forgotten = False  # since the last request
        self._depth = 0  # how many requests are being answered, one nested in the other

    # --- sending requests -----------------------------------------------------------------

    def forget(self) -> None:
        """Make both sides forget all objects but the roots; their stand-ins become useless.

        The other side does so when the next request reaches it, which saves an exchange.
        """
        self._objects.forget()
        self._has_forgotten = True

    def call(self, target: Foreign, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Call an object of the other side.

        Gradients flow through the call. A generator among the arguments goes on on this side too.
        A tensor or an array that the call has changed in place is changed here only if this side
        trusts the other, or within `checking.in_place`.

        Args:
            target: the object's stand-in.
            args, kwargs: the arguments.

        Returns:
            What the object returned.

        Raises:
            Exception: the exception that the call raised on the other side, rebuilt here.
            CheckFailed: if the call has changed an argument that it must not change.
            BorderError: if the other end is gone, does not answer in time or sends nonsense.
        """
        self.called.add(handle_of(target))
        writer = Writer(self._objects)
        number = next(self._call_numbers)
        message = {
            "op": "call",
            "number": number,
            "target": writer.write(target),
            "args": writer.write(list(args)),
            "kwargs": writer.write(dict(kwargs)),
            "grad": torch.is_grad_enabled(),
        }
        result, outputs = self._ask(message, writer)
        inputs = writer.differentiable if torch.is_grad_enabled() else []
        if inputs and outputs:
            fetch_gradients = functools.partial(self._fetch_gradients, number)
            result = attach_gradients(result, outputs, inputs, fetch_gradients)
        return result

    def call_each(self, target: Foreign, calls: Sequence[Call], *, overwrite: bool) -> list[Result]:
        """Call an object of the other side once for each of several `Call`s.

        Args:
            target: the object's stand-in.
            calls: the arguments of the calls.
            overwrite: as for `checking.batches.call_each`.

        Raises:
            BorderError: as `call` does, or if there is not one result for each call.
        """
        self.called.add(handle_of(target))
        fields = [(one.args, one.kwargs, one.init, one.state) for one in calls]
        answer = self.root.call_each(target, fields, overwrite)
        with well_formed("the results of several calls"):
            if len(answer) != len(calls):
                raise ValueError
            return [
                Result(value, None if error is None else rebuild_error(error), bool(shares_memory))
                for value, error, shares_memory in answer
            ]

    def _fetch_gradients(self, number: int, gradients: list[Tensor | None]) -> Any:
        """Ask the other side for the gradients of a call's inputs, given those of its outputs."""
        writer = Writer(self._objects)
        message = {"op": "backward", "number": number, "gradients": writer.write(gradients)}
        return self._ask(message, writer)[0]

    def ask(self, message: dict[str, Any]) -> Any:
        """Send a request and return the result; an exception on the other side is raised here."""
        return self._ask(message, Writer(self._objects))[0]

    def _ask(self, message: dict[str, Any], writer: Writer) -> tuple[Any, list[Tensor]]:
        """Send a request; return the result, and the tensors in it that require gradients."""
        # The answer to a call may change the arguments of that call and nothing else. The arguments
        # are listed before sending, which adds changed parameters to the writer's.
        arguments = list(writer.arguments) if message["op"] == "call" else []
        if self._has_forgotten:
            message["forget"], self._has_forgotten = True, False
        is_outermost = self._connection.start_exchange()
        try:
            try:
                self._send(message, writer)
            except TooLarge as error:
                raise ValueError(str(error)) from None
            while True:
                answer, tensors = self._connection.receive()
                if "op" not in answer:
                    break
                self._serve_one(answer, tensors)
            return self._read_answer(answer, tensors, arguments)
        finally:
            if is_outermost:
                self._connection.end_exchange()
                self._objects.end_exchange()

    def _read_answer(
        self, answer: dict[str, Any], tensors: TensorUnpacker, arguments: list[Any]
    ) -> tuple[Any, list[Tensor]]:
        accept_updates(answer.get("updates"), self._objects, tensors)
        reader = Reader(self._objects, tensors)
        if "error" in answer:
            raise rebuild_error(answer["error"])
        result = reader.read(answer.get("result"))
        outputs = list(reader.differentiable)
        if answer.get("changed"):
            with well_formed("a change"):
                changes = [
                    (arguments[whole_number(index, MAX_NUMBER)], reader.read(tree))
                    for index, tree in answer["changed"]
                ]
            for argument, _ in changes:
                self._check_change(argument)
            with well_formed("a change"):
                for argument, content in changes:
                    overwrite(argument, content)
        return result, outputs

    def _check_change(self, argument: Any) -> None:
        """Refuse a change of what the other side was given, unless this side has asked for it.

        A generator goes on as it does in one process.

        Raises:
            CheckFailed: if the other side has changed a tensor or an array that it must not change.
        """
        asked_for = self.trusting or changes_are_accepted()
        if not asked_for and not isinstance(argument, torch.Generator):
            raise changed_argument(argument)

    # --- answering requests ---------------------------------------------------------------

    def serve(self) -> None:
        """Answer requests of the other end until it closes the connection."""
        while True:
            try:
                message, tensors = self._connection.receive(idle=True)
            except EOFError:
                return
            self._connection.start_exchange()
            self._serve_one(message, tensors)
            self._connection.end_exchange()
            self._objects.end_exchange()

    def _serve_one(self, message: dict[str, Any], tensors: TensorUnpacker) -> None:
        writer = Writer(self._objects)
        self._depth += 1
        try:
            if self._depth > MAX_CALLS:
                raise RecursionError("too many calls back and forth in each other")
            if message.get("forget") and self.trusting:
                self._objects.forget()
            accept_updates(message.get("updates"), self._objects, tensors)
            answer = self._answer(message, Reader(self._objects, tensors), writer)
        except BorderError:
            raise
        except BaseException as error:
            writer = Writer(self._objects)
            answer = {"error": describe_error(error)}
        finally:
            self._depth -= 1
        try:
            self._send(answer, writer)
        except TooLarge as error:
            self._send({"error": describe_error(ValueError(str(error)))}, Writer(self._objects))

    def _answer(self, message: dict[str, Any], reader: Reader, writer: Writer) -> dict[str, Any]:
        operation = message.get("op")
        if operation == "call":
            return self._answer_call(message, reader, writer)
        if operation == "backward":
            result: Any = self._gradients(message, reader)
        elif operation == "read":
            handle, name = message["target"], short_name(message["name"])
            result = self._attribute(whole_number(handle, MAX_NUMBER), name)
        else:
            raise BorderError(f"expected the operation call, backward or read, got {operation!r}")
        return {"result": writer.write(result)}

    def _answer_call(
        self, message: dict[str, Any], reader: Reader, writer: Writer
    ) -> dict[str, Any]:
        target = reader.read(message.get("target"))
        args, kwargs = reader.read(message.get("args")), reader.read(message.get("kwargs"))
        before = [fingerprint(value) for value in reader.arguments]
        if not callable(target):
            raise TypeError(f"a {type(target).__name__} cannot be called")
        # What a test has asked for does not hold for what this function calls in turn.
        with torch.set_grad_enabled(bool(message.get("grad"))), accept_changes(False):
            result = target(*args, **kwargs)
        answer = {"result": writer.write(result)}
        answer["changed"] = [
            [i, writer.write(content_of(value))]
            for i, (value, old) in enumerate(zip(reader.arguments, before, strict=True))
            if fingerprint(value) != old
        ]
        if writer.differentiable and reader.differentiable:
            number = whole_number(message["number"], MAX_NUMBER)
            self._objects.keep_graph(number, writer.differentiable, reader.differentiable)
        return answer

    def _gradients(self, message: dict[str, Any], reader: Reader) -> list[Tensor | None]:
        """Compute the gradients of the inputs of a call that this end has answered."""
        outputs, inputs = self._objects.graph(whole_number(message["number"], MAX_NUMBER))
        given = reader.read(message["gradients"])
        found = torch.autograd.grad(outputs, inputs, given, allow_unused=True, retain_graph=True)
        return [None if gradient is None else gradient.detach() for gradient in found]

    def _attribute(self, handle: int, name: str) -> Any:
        owner = self._objects.own(handle)
        self._objects.take_part(owner)
        if not self._objects.shows(owner, name):
            raise AttributeError(f"{type(owner).__name__} shows no {name!r} to the other side")
        return getattr(owner, name)

    def _send(self, message: dict[str, Any], writer: Writer) -> None:
        updates = write_updates(self._objects, writer)
        if updates:
            message["updates"] = updates
        self._connection.send(message, writer.tensors.pack())
