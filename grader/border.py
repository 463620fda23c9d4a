"""The border between the judge, which runs the tests, and the student's code.

Two processes hold one end each of a socket. Neither ever holds an object of the other: plain data
is copied across, and anything else stays where it is and is represented by a `Foreign` on the
other side, which carries calls over and brings results back. Both ends work alike, so a test can
call the student's function, hand it a function or a model of its own, and be called back.

Plain data are None, bool, int, float, str, list, tuple, dict, set, tensors, dtypes and random
generators. They cross as JSON, tensors as safetensors; nothing is ever unpickled. What arrives has
exactly these types: a number that claims to equal everything arrives as a number.

Calls are differentiable. The calling end notes which tensors went in (arguments, and parameters of
the modules that take part) and which came out; in the backward pass it sends the gradients of the
latter over and gets those of the former back.

The judge's end does not trust the other: of the judge's objects the student's side may call
functions, and of a model use what its class in the test defines; it can change nothing.
"""

import builtins
import contextlib
import itertools
import json
import math
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator
from types import MethodType
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load, save
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from checking import Forbidden

MAX_BYTES = 64 * 2**20  # of the tensors in one message
MAX_TEXT = 4 * 2**20  # of its JSON
MAX_ERROR = 5000  # characters of an error's message
MAX_DEPTH = 40  # of lists, tuples, dicts and sets in each other
MAX_CALLS = 40  # of calls back and forth in each other
SIZES = struct.Struct("!QQ")  # the bytes of JSON and of tensors in a message

DTYPES = {str(v).removeprefix("torch."): v for v in vars(torch).values() if type(v) is torch.dtype}
# Those whose numbers can be read from bytes.
NUMBERS = {n: v for n, v in DTYPES.items() if not n.startswith(("q", "bits"))}
# What keeps its type when it crosses; a subclass arrives as its nearest ancestor among these.
EXCEPTIONS = {"Forbidden": Forbidden} | {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type)
    and issubclass(kind, Exception)
    and not name.startswith(("Unicode", "Stop", "ExceptionGroup"))  # mean more than their message
}


class BorderError(Exception):
    """The other end broke the rules."""


class TooLate(BorderError):
    """The other end did not answer in time."""


class Gone(BorderError):
    """The other end has hung up."""


class Foreign:
    """An object of the other side: call it, and read its public attributes."""

    def __init__(self, border: "Border", handle: int, name: str):
        self._border, self._handle = border, handle
        self.__name__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._border.call(self, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"{self.__name__} is on the other side, which shows no {name}")
        return self._border.ask({"op": "read", "target": self._handle, "name": name})

    def __repr__(self) -> str:
        return f"<{self.__name__} on the other side>"


class ForeignRoot(Foreign):
    """The object that this end knows from the start; it is there for its methods alone."""

    def __getattr__(self, name: str) -> "ForeignMethod":
        if name.startswith("_"):
            raise AttributeError(name)
        return ForeignMethod(self, name)  # without asking whether there is one


class ForeignModule(Foreign):
    """A module of the other side, with copies of its parameters that gradients flow to.

    Copies and originals are kept equal: a change of either crosses with the next message.
    """

    def __init__(self, border: "Border", handle: int, name: str, parameters: dict):
        super().__init__(border, handle, name)
        self._parameters = parameters
        self._methods: dict[str, ForeignMethod] = {}
        self._class = type(name if name.isidentifier() else "Module", (nn.Module,), {})

    @property
    def __class__(self) -> type:
        """What isinstance asks for: a class of modules, named as on the other side."""
        return self._class

    def __getattr__(self, name: str) -> Any:
        # A method is looked up by its name at each call, so it is asked for only once.
        if name not in self._methods:
            is_shown = not self._border.trusting and not name.startswith("_")
            if is_shown and callable(getattr(nn.Module, name, None)):
                value = ForeignMethod(self, name)
            else:
                value = super().__getattr__(name)
            if type(value) is not ForeignMethod:
                return value
            self._methods[name] = value
        return self._methods[name]

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """As of a module."""
        yield from self._parameters.items()

    def parameters(self) -> Iterator[nn.Parameter]:
        """As of a module."""
        yield from self._parameters.values()

    def named_modules(self, memo: Any = None, prefix: str = "", *_: Any) -> Iterator[tuple]:
        """As of a module without parts: a module of this side may have it as a part."""
        yield prefix, self


class ForeignMethod(Foreign):
    """A method of an object of the other side; a module's parameters take part in its calls."""

    def __init__(self, owner: Foreign, name: str):
        super().__init__(owner._border, owner._handle, name)
        self._owner = owner


class _Watched:
    """A module that both sides know, and its parameters as they were in the last message."""

    def __init__(self, module: Any):
        self.module = module
        self.walk()
        self._noted = self._note()

    def walk(self) -> None:
        """Look which parameters the module has."""
        named = dict(self.module.named_parameters())
        self._names, self._parameters = list(named), list(named.values())
        self._ids = list(map(id, self._parameters))

    def _note(self) -> list[list]:
        """What shows that a parameter has been replaced, changed in place, or given other data."""
        # Made for each message and of every parameter, so it counts how long this takes.
        return [
            self._names,
            self._ids,
            [parameter._version for parameter in self._parameters],
            list(map(Tensor.data_ptr, self._parameters)),
        ]

    def changes(self) -> list[tuple[str, nn.Parameter]]:
        """The parameters that have changed since this was asked last."""
        noted = self._note()
        if noted == self._noted:
            return []
        before = {name: note for name, *note in zip(*self._noted, strict=True)}
        self._noted = noted
        return [
            (name, parameter)
            for parameter, (name, *note) in zip(
                self._parameters, zip(*noted, strict=True), strict=True
            )
            if before.get(name, note) != note
        ]


class Border:
    """One end of the border.

    Args:
        connection: one end of a stream socket pair.
        trusting: whether the other end may read any public attribute and change parameters. The
            student's end trusts, the judge's does not.
        root: the object that the other end knows from the start, as its `root`.
        seconds: how long an answer may take, in all; None for ever.
        until: when all must be over, on the clock of `time.monotonic`.
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
        self.connection, self.trusting, self.seconds = connection, trusting, seconds
        self._until = float("inf") if until is None else until
        self._root = root
        self._numbers = itertools.count(1)
        self._clear()
        self._depth = 0
        self._deadline: float | None = None
        self._timeout: float | None = None
        self._is_timed = self._has_alarm = False
        self._unread = bytearray()
        self.root = ForeignRoot(self, 0, "root")
        self.called: set[int] = set()  # handles of what this end has called

    def _clear(self) -> None:
        """Know no object but the root."""
        self._own: dict[int, Any] = {0: self._root}
        self._handles = {id(self._root): 0}
        self._foreign: dict[int, Foreign] = {}
        # The modules that both sides know, by whose they are ("own" or "foreign") and handle.
        self._watched: dict[tuple[str, int], _Watched] = {}
        self._touched: set[int] = set()  # modules that take part in the present exchange
        self._graphs: dict[int, tuple[list[Tensor], list[Tensor]]] = {}

    # --- asking ---------------------------------------------------------------------------

    def forget(self) -> None:
        """Let go, on both sides, of all objects that have crossed; they cannot be used again."""
        self.ask({"op": "forget"})
        self._clear()

    def call(self, target: Foreign, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Call an object of the other side; differentiable, and in-place changes come back."""
        self.called.add(target._handle)
        writer = _Writer(self)
        number = next(self._numbers)
        message = {
            "op": "call",
            "number": number,
            "target": writer.write(target),
            "args": writer.write(list(args)),
            "kwargs": writer.write(dict(kwargs)),
            "grad": torch.is_grad_enabled(),
        }
        result, outputs = self._ask(message, writer)
        inputs = writer.linked if torch.is_grad_enabled() else []
        if inputs and outputs:
            tied = _Link.apply(self, number, len(inputs), *inputs, *outputs)
            result = _replace(result, dict(zip(map(id, outputs), tied, strict=True)))
        return result

    def ask(self, message: dict[str, Any]) -> Any:
        """Send a message and return the answer; what goes wrong over there is raised here."""
        return self._ask(message, _Writer(self))[0]

    def _ask(self, message: dict[str, Any], writer: "_Writer") -> tuple[Any, list[Tensor]]:
        """The result, and the tensors in it through which gradients flow."""
        outermost = self._deadline is None
        if outermost and self.seconds is not None:
            self._deadline = min(time.monotonic() + self.seconds, self._until)
        # Only what a call was given can be changed by it; sending adds updates to the writer.
        arguments = list(writer.arguments) if message["op"] == "call" else []
        try:
            with self._in_time():
                self._send(message, writer)
                while True:
                    answer, tensors = self._receive()
                    if "op" not in answer:
                        break
                    self._serve_one(answer, tensors)
                return self._read_answer(answer, tensors, arguments)
        finally:
            if outermost:
                self._deadline = None
                self._touched.clear()

    def _read_answer(
        self, answer: dict[str, Any], tensors: dict[str, np.ndarray], arguments: list[Any]
    ) -> tuple[Any, list[Tensor]]:
        self._accept_updates(answer, tensors)
        reader = _Reader(self, tensors)
        if "error" in answer:
            raise _rebuild_error(answer["error"])
        result = reader.read(answer.get("result"))
        linked = list(reader.linked)
        if answer.get("changed"):
            with _well_formed("a change"):
                for index, tree in answer["changed"]:
                    if type(index) is not int or not 0 <= index < len(arguments):
                        raise IndexError
                    self._change(arguments[index], reader.read(tree))
        return result, linked

    @staticmethod
    def _change(original: Tensor | torch.Generator, value: Tensor) -> None:
        """Give an argument the value that the other side has left in it."""
        if isinstance(original, torch.Generator):
            original.set_state(value)
        else:
            with torch.no_grad():
                original.copy_(value)

    # --- serving --------------------------------------------------------------------------

    def serve(self) -> None:
        """Answer the other end until it hangs up."""
        while True:
            try:
                message, tensors = self._receive(idle=True)
            except EOFError:
                return
            self._touched.clear()
            self._serve_one(message, tensors)

    def _serve_one(self, message: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
        writer = _Writer(self)
        self._depth += 1
        try:
            if self._depth > MAX_CALLS:
                raise RecursionError("too many calls back and forth in each other")
            self._accept_updates(message, tensors)
            answer = self._answer(message, _Reader(self, tensors), writer)
        except BorderError:
            raise
        except BaseException as error:
            writer = _Writer(self)
            answer = {"error": _describe_error(error)}
        finally:
            self._depth -= 1
        self._send(answer, writer)

    def _answer(
        self, message: dict[str, Any], reader: "_Reader", writer: "_Writer"
    ) -> dict[str, Any]:
        operation = message.get("op")
        if operation == "call":
            target = reader.read(message.get("target"))
            args, kwargs = reader.read(message.get("args")), reader.read(message.get("kwargs"))
            before = [_state(value) for value in reader.arguments]
            if not callable(target):
                raise TypeError(f"a {type(target).__name__} cannot be called")
            with torch.set_grad_enabled(bool(message.get("grad"))):
                result = target(*args, **kwargs)
            answer = {"result": writer.write(result)}
            answer["changed"] = [
                [i, writer.write(_numbers(value))]
                for i, (value, old) in enumerate(zip(reader.arguments, before, strict=True))
                if _state(value) != old
            ]
            if writer.linked and reader.linked:
                self._graphs[message["number"]] = writer.linked, reader.linked
            return answer
        if operation == "backward":
            outputs, inputs = self._graphs[message["number"]]
            gradients = torch.autograd.grad(
                outputs,
                inputs,
                reader.read(message["gradients"]),
                allow_unused=True,
                retain_graph=True,
            )
            return {"result": writer.write([None if g is None else g.detach() for g in gradients])}
        if operation == "read":
            owner, name = self._own[message["target"]], message["name"]
            self._touched.add(id(owner))
            if not self._shows(owner, name):
                raise AttributeError(f"{type(owner).__name__} shows no {name!r} to the other side")
            return {"result": writer.write(getattr(owner, name))}
        if operation == "forget" and self.trusting:
            self._clear()
            return {"result": writer.write(None)}
        raise BorderError(f"expected the operation call, backward or read, got {operation!r}")

    @contextlib.contextmanager
    def _in_time(self) -> Iterator[None]:
        """Let all that an answer makes this end do end in time: reading it, and being called."""
        if self.trusting or self._deadline is None or self._is_timed:
            yield
            return

        if not self._has_alarm:  # to set it takes longer than a message, so once
            signal.signal(signal.SIGALRM, _ring)
            self._has_alarm = True
        # A moment later than the waiting for a message, which ends by itself.
        signal.setitimer(signal.ITIMER_REAL, max(self._deadline - time.monotonic(), 0) + 0.1)
        self._is_timed = True
        try:
            yield
        finally:
            self._is_timed = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _shows(self, owner: Any, name: str) -> bool:
        """Whether the other side may read an attribute."""
        if not isinstance(name, str) or name.startswith("_"):
            return False
        if self.trusting:
            return True
        if not isinstance(owner, nn.Module):
            return False
        # What the test itself defines, and not, for example, load_state_dict or a hook.
        defined = itertools.takewhile(lambda kind: kind is not nn.Module, type(owner).__mro__)
        return (
            name in ("train", "eval", "training")
            or name in vars(owner)
            or any(name in vars(kind) for kind in defined)
        )

    # --- objects --------------------------------------------------------------------------

    def _handle(self, value: Any) -> tuple[int, bool]:
        """The handle of an object of this side, and whether the other side hears of it first."""
        if id(value) in self._handles:
            return self._handles[id(value)], False
        handle = next(self._numbers)  # never used again, also after everything is forgotten
        self._own[handle], self._handles[id(value)] = value, handle
        return handle, True

    # --- parameters -----------------------------------------------------------------------

    def _watch(self, side: str, handle: int, module: Any) -> None:
        """Keep the parameters of a module that both sides know from now on equal."""
        self._watched[side, handle] = _Watched(module)

    def _updates(self, writer: "_Writer") -> dict[str, list]:
        """What changed in parameters since the last message, by whose module it is."""
        written: dict[int, list] = {}
        updates: dict[str, list] = {}
        for (side, handle), watched in self._watched.items():
            # To walk through a module takes long, so only those are walked that take part.
            if id(watched.module) in self._touched:
                watched.walk()
            for name, parameter in watched.changes():
                if id(parameter) not in written:
                    written[id(parameter)] = writer.write(parameter.detach())
                updates.setdefault(side, []).append([handle, name, written[id(parameter)]])
        return updates

    def _accept_updates(self, message: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
        updates = message.get("updates")
        if not updates:
            return
        reader = _Reader(self, tensors)
        # What is "own" to the sender is foreign here.
        sides = {"own": self._foreign} | ({"foreign": self._own} if self.trusting else {})
        with _well_formed("an update of parameters"):
            for side, entries in updates.items():
                named: dict[int, dict] = {}
                for handle, name, tree in entries if side in sides else []:
                    if handle not in named:
                        named[handle] = dict(_module(sides[side][handle]).named_parameters())
                    value = reader.read(tree)
                    if not isinstance(value, Tensor):
                        raise TypeError
                    named[handle][name].data = value
        for watched in self._watched.values():  # a parameter may belong to several modules
            watched.changes()

    # --- messages -------------------------------------------------------------------------

    def _send(self, message: dict[str, Any], writer: "_Writer") -> None:
        updates = self._updates(writer)
        if updates:
            message["updates"] = updates
        text = json.dumps(message).encode()
        tensors = writer.pack()
        if len(text) > MAX_TEXT or len(tensors) > MAX_BYTES + MAX_TEXT:
            raise BorderError(f"a message of {len(text) + len(tensors):,} bytes does not cross")
        self._set_timeout()
        try:
            self.connection.sendall(SIZES.pack(len(text), len(tensors)) + text + tensors)
        except TimeoutError:
            raise TooLate("the other end did not listen in time") from None
        except OSError as error:
            raise Gone(f"the other end is gone ({error})") from None

    def _receive(self, *, idle: bool = False) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        self._set_timeout()
        sizes = SIZES.unpack(self._read_bytes(SIZES.size, idle=idle))
        if sizes[0] > MAX_TEXT or sizes[1] > MAX_BYTES + MAX_TEXT:
            raise BorderError(f"a message of {sum(sizes):,} bytes is over the limit")
        content = self._read_bytes(sum(sizes))
        try:
            message = json.loads(content[: sizes[0]])
            loaded = load(content[sizes[0] :]) if sizes[1] else {}
        except Exception as error:
            raise _unreadable("a message", error) from None
        if type(message) is not dict:
            raise BorderError("a message is no object")
        return message, loaded

    def _read_bytes(self, size: int, *, idle: bool = False) -> bytes:
        while len(self._unread) < size:
            try:
                part = self.connection.recv(2**16)
            except TimeoutError:
                raise TooLate("the other end did not answer in time") from None
            except OSError as error:
                raise Gone(f"the other end is gone ({error})") from None
            if not part:
                if idle and not self._unread:
                    raise EOFError
                raise Gone("the other end is gone")
            self._unread += part
            if len(self._unread) < size:
                self._set_timeout()
        data = bytes(self._unread[:size])
        del self._unread[:size]
        return data

    def _set_timeout(self) -> None:
        left = None
        if self._deadline is not None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TooLate("the other end did not answer in time")
        if left != self._timeout:
            self._timeout = left
            self.connection.settimeout(left)


def _ring(*_: Any) -> None:
    raise TooLate("the other end did not answer in time")


class _Link(torch.autograd.Function):
    """Ties what came out of a call to what went in; the gradients are fetched from over there."""

    @staticmethod
    def forward(ctx, border: Border, number: int, count: int, *tensors: Tensor):
        ctx.border, ctx.number, ctx.count = border, number, count
        return tuple(tensor.clone() for tensor in tensors[count:])

    @staticmethod
    @once_differentiable
    def backward(ctx, *gradients: Tensor):
        writer = _Writer(ctx.border)
        message = {
            "op": "backward",
            "number": ctx.number,
            "gradients": writer.write(list(gradients)),
        }
        found, _ = ctx.border._ask(message, writer)
        if type(found) is not list or len(found) != ctx.count:
            raise BorderError(f"expected gradients for {ctx.count} tensors, got something else")
        return None, None, None, *found, *(None for _ in gradients)


class _Writer:
    """Turns values into JSON trees and collects their tensors.

    Attributes:
        tensors: the numbers of the message's tensors as bytes, by dtype.
        linked: those through which gradients flow, with the parameters of modules, in order.
        arguments: tensors and generators in order, which a call may change in place.
    """

    def __init__(self, border: Border):
        self.border = border
        self.size = 0
        self.tensors: dict[str, list[bytes]] = {}
        self._used: dict[str, int] = {}
        self.linked: list[Tensor] = []
        self.arguments: list[Any] = []

    def write(self, value: Any, depth: int = 0) -> list:
        if depth > MAX_DEPTH:
            raise ValueError(f"more than {MAX_DEPTH} lists, tuples or dicts in each other")
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return ["plain", value]
        if isinstance(value, Tensor) and value.layout == torch.strided and not value.is_quantized:
            return self._write_tensor(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return ["plain", int.__int__(value)]
        if isinstance(value, float):
            return ["float", float.hex(float.__float__(value))]
        if isinstance(value, str):
            return ["plain", str.__str__(value)]
        if isinstance(value, dict):
            items = dict.items(value)
            return [
                "dict",
                [[self.write(k, depth + 1), self.write(v, depth + 1)] for k, v in items],
            ]
        for kind in (list, tuple, set):
            if isinstance(value, kind):
                return [kind.__name__, [self.write(v, depth + 1) for v in kind.__iter__(value)]]
        if isinstance(value, torch.dtype):
            return ["dtype", str(value).removeprefix("torch.")]
        if isinstance(value, torch.Generator):
            self.arguments.append(value)
            return ["generator", self._store(value.get_state())]
        return self._write_object(value)

    def _write_tensor(self, value: Tensor) -> list:
        self.arguments.append(value)
        if value.requires_grad:
            self.linked.append(value)
        plain = value.detach().as_subclass(Tensor)
        shape, stride = list(plain.shape), list(plain.stride())
        # An expanded dimension is one number seen several times; it crosses once.
        for axis, step in enumerate(stride):
            if step == 0 and shape[axis] > 1:
                plain = plain.narrow(axis, 0, 1)
        return ["tensor", self._store(plain), value.requires_grad, shape, stride]

    def _store(self, value: Tensor) -> list:
        self.size += value.numel() * value.element_size()
        if self.size > MAX_BYTES:
            raise ValueError(f"over {MAX_BYTES // 2**20} MiB of tensors do not cross at once")
        kind = str(value.dtype).removeprefix("torch.")
        start = self._used.get(kind, 0)
        self._used[kind] = start + value.numel()
        self.tensors.setdefault(kind, []).append(_bytes(value))
        return [kind, start, list(value.shape)]

    def pack(self) -> bytes:
        """The bytes of all tensors, one array a dtype, since safetensors takes time for each."""
        if not self.tensors:
            return b""
        joined = {kind: b"".join(parts) for kind, parts in self.tensors.items()}
        return save({kind: np.frombuffer(data, np.uint8) for kind, data in joined.items()})

    def _write_object(self, value: Any) -> list:
        if type(value) is ForeignMethod:
            return ["method", self._write_object(value._owner), value.__name__]
        if type(value) is MethodType and isinstance(value.__self__, nn.Module):
            return ["method", self._write_object(value.__self__), value.__name__]
        if isinstance(value, Foreign):
            names = self._link(value) if type(value) is ForeignModule else []
            return ["yours", value._handle, names]
        handle, new = self.border._handle(value)
        name = str(getattr(value, "__name__", type(value).__name__))[:200]
        if not isinstance(value, nn.Module):
            return ["mine", handle, name, None, []]
        parameters = {}
        if new:
            self.border._watch("own", handle, value)
            parameters = {
                n: [self._store(p.detach()), p.requires_grad] for n, p in value.named_parameters()
            }
        return ["mine", handle, name, parameters, self._link(value)]

    def _link(self, module: Any) -> list[str]:
        self.border._touched.add(id(module))
        named = [(n, p) for n, p in module.named_parameters() if p.requires_grad]
        self.linked += [parameter for _, parameter in named]
        return [name for name, _ in named]


class _Reader:
    """Turns JSON trees into values; the counterpart of `_Writer`, with the same attributes."""

    def __init__(self, border: Border, tensors: dict[str, np.ndarray]):
        self.border, self.tensors = border, tensors
        self.linked: list[Tensor] = []
        self.arguments: list[Any] = []

    def read(self, tree: Any) -> Any:
        try:  # not with _well_formed, which takes longer than to read a number
            return self._read(tree, 0)
        except BorderError:
            raise
        except Exception as error:
            raise _unreadable("a value", error) from None

    def _read(self, tree: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise ValueError("nested too deeply")
        kind, content, *rest = tree
        if kind == "plain" and (content is None or type(content) in (bool, int, str)):
            return content
        if kind == "float":
            return float.fromhex(content)
        if kind == "dict":
            return {self._read(k, depth + 1): self._read(v, depth + 1) for k, v in content}
        if kind in ("list", "tuple", "set"):
            make: Callable = {"list": list, "tuple": tuple, "set": set}[kind]
            return make(self._read(item, depth + 1) for item in content)
        if kind == "dtype":
            return DTYPES[content]
        if kind == "generator":
            generator = torch.Generator()
            generator.set_state(self._take(content))
            self.arguments.append(generator)
            return generator
        if kind == "tensor":
            return self._read_tensor(content, *rest)
        if kind == "yours":
            value = self.border._own[content]
            self.border._touched.add(id(value))
            self._link(value, *rest)
            return value
        if kind == "mine":
            return self._read_object(content, *rest)
        if kind == "method":
            owner, (name,) = self._read(content, depth + 1), rest
            if type(owner) is ForeignModule:
                return ForeignMethod(owner, name)
            if self.border._shows(owner, name):
                return getattr(owner, name)
        raise ValueError(f"unknown kind {kind!r}")

    def _take(self, place: list) -> Tensor:
        """A tensor out of those of the message, with a memory of its own."""
        kind, start, shape = place
        for size in (start, *shape):
            if type(size) is not int or size < 0:
                raise TypeError
        dtype, count = NUMBERS[kind], math.prod(shape)
        first, size = start * dtype.itemsize, count * dtype.itemsize
        data = bytearray(self.tensors[kind][first : first + size])
        if len(data) != size:
            raise IndexError
        if not size:  # torch makes no tensor from an empty buffer
            return torch.empty(shape, dtype=dtype)
        value = torch.frombuffer(data, dtype=dtype)
        return value if len(shape) == 1 else value.view(shape)

    def _read_tensor(
        self, place: list, linked: bool, shape: list[int], stride: list[int]
    ) -> Tensor:
        value = self._take(place)
        if self.border.trusting and value.numel() and list(value.stride()) != stride:
            laid_out = torch.empty_strided(value.shape, stride, dtype=value.dtype)
            value = laid_out.copy_(value)
        if list(value.shape) != shape:
            if math.prod(shape) * value.element_size() > MAX_BYTES:
                raise ValueError
            value = value.expand(shape)
            if not self.border.trusting:
                value = value.contiguous()
        if linked and value.is_floating_point():
            value.requires_grad_()
            self.linked.append(value)
        self.arguments.append(value)
        return value

    def _read_object(
        self, handle: int, name: str, parameters: dict[str, list] | None, linked: list[str]
    ) -> Foreign:
        if type(handle) is not int or type(name) is not str:
            raise TypeError
        foreign = self.border._foreign.get(handle)
        if foreign is None:
            if parameters is None:
                foreign = Foreign(self.border, handle, name)
            else:
                copies = {
                    n: nn.Parameter(self._take(place), bool(trainable))
                    for n, (place, trainable) in parameters.items()
                }
                foreign = ForeignModule(self.border, handle, name, copies)
                self.border._watch("foreign", handle, foreign)
            self.border._foreign[handle] = foreign
        self._link(foreign, linked)
        return foreign

    def _link(self, module: Any, names: list[str]) -> None:
        if names:
            parameters = dict(_module(module).named_parameters())
            self.linked += [parameters[name] for name in names]


def _module(value: Any) -> Any:
    """The value, if it is a module of this side, or stands for one of the other.

    Raises:
        TypeError: if it is something else, which might answer in its own way.
    """
    if not isinstance(value, nn.Module):
        raise TypeError
    return value


@contextlib.contextmanager
def _well_formed(what: str) -> Iterator[None]:
    """Take whatever goes wrong while a message is read as a fault of the message."""
    try:
        yield
    except BorderError:
        raise
    except Exception as error:
        raise _unreadable(what, error) from None


def _unreadable(what: str, error: Exception) -> BorderError:
    return BorderError(f"{what} cannot be read ({type(error).__name__})")


def _replace(value: Any, by_id: dict[int, Tensor]) -> Any:
    if isinstance(value, Tensor):
        return by_id.get(id(value), value)
    if type(value) in (list, tuple):
        return type(value)(_replace(item, by_id) for item in value)
    if type(value) is dict:
        return {key: _replace(item, by_id) for key, item in value.items()}
    return value


def _numbers(value: Tensor | torch.Generator) -> Tensor:
    return value.detach() if isinstance(value, Tensor) else value.get_state()


def _state(value: Tensor | torch.Generator) -> tuple[torch.Size, torch.dtype, bytes]:
    """What tells whether a tensor or generator is as it was; NaN stays NaN."""
    numbers = _numbers(value)
    return numbers.shape, numbers.dtype, _bytes(numbers)


def _bytes(value: Tensor) -> bytes:
    """The numbers of a tensor, one row after the other."""
    if value.dtype.itemsize < 4 and value.is_floating_point():  # most of these numpy does not know
        value = value.contiguous().view(torch.uint8 if value.dtype.itemsize == 1 else torch.int16)
    return value.numpy(force=True).tobytes()


def _describe_error(error: BaseException) -> dict[str, Any]:
    """Type, message and, for code in a cell, the line of an error."""
    try:
        text = str(error)
    except BaseException:
        text = "(its message cannot be shown)"
    lines, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename.startswith(("<cell", "<ipython-input")):
            outermost = code.co_qualname.split(".")[0]
            lines = [f"in line {trace.tb_lineno} of the cell that defines {outermost}"]
        trace = trace.tb_next
    kinds = [kind.__name__ for kind in type(error).__mro__]
    return {"kinds": kinds, "text": str(text)[:MAX_ERROR], "lines": lines}


def _rebuild_error(error: Any) -> Exception:
    """The exception that stands for one of the other side."""
    with _well_formed("an error"):
        kinds, text, lines = [*map(str, error["kinds"])], str(error["text"]), [*error["lines"]]
        text = text[:MAX_ERROR]
    known = next((EXCEPTIONS[kind] for kind in kinds if kind in EXCEPTIONS), RuntimeError)
    if known in (Exception, RuntimeError) and kinds and kinds[0] not in EXCEPTIONS:
        text = f"{kinds[0][:200]}: {text}"
    rebuilt = known(text)
    rebuilt.student_lines = [str(line)[:200] for line in lines[:1]]
    return rebuilt
