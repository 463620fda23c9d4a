"""Checks that try a function or a module on inputs of every kind.

A wrong answer is often right on ordinary inputs: where all sizes differ, where tensors lie in
memory in the usual way, on the first call. From one example, these checks make the others: each
size once at 1, sizes that coincide, another layout in memory, float32, all arguments by position, a
second call after the first result was overwritten.
"""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from checking.bans import allowed
from checking.batches import Call, call_each, tensors_in
from checking.calling import changed_argument, explain_error, in_place, is_equal
from checking.comparing import compare
from checking.failure import CheckFailed, note_call
from checking.gradients import compare_gradients, explain_backward_errors, input_gradients
from checking.modules import make_state
from checking.words import describe, describe_call

Arguments = dict[str, Any]
# What a case changes in the arguments of the first case: other values, or a function of the dict.
Change = Mapping[str, Any] | Callable[[Arguments], Mapping[str, Any]]


@dataclass(frozen=True)
class _Case:
    """A call to try.

    Attributes:
        words: in what it differs from the first case; "" for the first.
        arguments: the arguments by name, in the order of the signature.
        init: the arguments of a module's constructor; None for a function.
        state: a module's parameters by name.
        by_position: whether arguments that have a default are given by position, too.
    """

    words: str
    arguments: Arguments
    init: tuple | None = None
    state: dict[str, Tensor] = field(default_factory=dict)
    by_position: bool = False


def check_everywhere(
    reference: Callable,
    function: Callable,
    arguments: Callable[..., Arguments],
    *,
    must_hold: str,
    axes: str = "",
    least: Mapping[str, int] | None = None,
    equal: Mapping[str, int] | None = None,
    options: Mapping[str, Any] | None = None,
    also: Mapping[str, Change] | None = None,
    dtypes: Sequence[torch.dtype] = (torch.float32,),
    gradients: bool = True,
    exactly: bool = False,
    separate: bool = False,
) -> None:
    """Compare a function with a reference on inputs of every kind.

    Args:
        reference: the correct function. It may use what the task forbids.
        function: the student's function.
        arguments: a function from sizes to the arguments of a call, by name and in the order of
            the signature. The defaults of its parameters are the sizes of the first case. They
            should all differ, and be neither squares nor powers of two.
        must_hold: the property that is tested, as a sentence in the present tense.
        axes: the names of the dimensions of the (first) result.
        least: the smallest value of a size, by the name of the size, if that is not 1. A size that
            may be 0 is tried at 1 as well.
        equal: the sizes of the case in which sizes coincide. By default all are equal.
        options: values for arguments that have a default and that `arguments` leaves out. They are
            given by name in one case and by position in another.
        also: further cases: in what they differ, in words, and what they change in the arguments
            of the first case. A change may also be a function of these arguments.
        dtypes: floating point types to try besides that of the first case.
        gradients: whether the gradients of the (first) result are compared as well, in the first
            case, in the further cases and in the other dtypes.
        exactly: whether values must be equal to the last digit.
        separate: whether no floating point tensor of the result may be a part of an argument.

    Raises:
        CheckFailed: at the first case that does not hold, at its first step.
    """
    sizes = _sizes(arguments)

    def case_of(words: str = "", **changed: int) -> _Case:
        return _Case(words, arguments(**sizes | changed))

    sized = list(_cases_of_sizes(case_of, sizes, least or {}, equal))
    with_gradients, others = _cases(case_of(), options or {}, also or {}, dtypes, sized)
    check = _Check(reference, function, must_hold, axes, exactly=exactly, separate=separate)
    if gradients:
        check.run(with_gradients, differentiable=True)
        check.run(others, differentiable=False)
    else:
        check.run([*with_gradients, *others], differentiable=False)


def check_module_everywhere(
    reference: Callable,
    module_class: Callable[..., nn.Module],
    example_of: Callable[..., tuple[tuple, dict[str, tuple[int, ...]], Arguments]],
    *,
    must_hold: str,
    axes: str = "",
    least: Mapping[str, int] | None = None,
    equal: Mapping[str, int] | None = None,
    options: Mapping[str, Any] | None = None,
    also: Mapping[str, Change] | None = None,
    dtypes: Sequence[torch.dtype] = (torch.float32,),
    zero: tuple[str, ...] = (),
) -> None:
    """Compare a module with a reference on inputs of every kind, in values and all gradients.

    The parameters are made here and given to both, so that nothing of the student's module decides
    what is expected. The module may have buffers, and further names for its parameters.

    Args:
        reference: the correct function of the module's parameters, a dict by name, and of the
            arguments of forward.
        module_class: the student's class.
        example_of: a function from sizes to three things: the arguments of the constructor; the
            shapes of the parameters that the task prescribes, by name; the arguments of forward,
            by name. For the sizes, see `check_everywhere`.
        must_hold, axes, least, equal, options, also, dtypes: as for `check_everywhere`.
        zero: parts of names; parameters whose names contain one of them are zeros.

    Raises:
        CheckFailed: at the first case that does not hold, at its first step.
    """
    sizes = _sizes(example_of)

    def case_of(words: str = "", **changed: int) -> _Case:
        init, shapes, arguments = example_of(**sizes | changed)
        return _Case(words, arguments, init, make_state(shapes, zero=zero))

    sized = list(_cases_of_sizes(case_of, sizes, least or {}, equal))
    with_gradients, others = _cases(case_of(), options or {}, also or {}, dtypes, sized)
    check = _Check(reference, module_class, must_hold, axes)
    check.run(with_gradients, differentiable=True)
    check.run(others, differentiable=False)


# --- the cases ----------------------------------------------------------------------------


def _sizes(example_of: Callable) -> dict[str, int]:
    return {name: p.default for name, p in inspect.signature(example_of).parameters.items()}


def _cases(
    first: _Case,
    options: Mapping[str, Any],
    also: Mapping[str, Change],
    dtypes: Sequence[torch.dtype],
    sized: list[_Case],
) -> tuple[list[_Case], list[_Case]]:
    """The cases in which gradients are compared, and the others."""

    def changed(words: str, change: Mapping[str, Any]) -> _Case:
        return replace(first, words=words, arguments=first.arguments | dict(change))

    with_gradients = [first]
    if options:
        with_gradients.append(changed(f"with {_in_words(options)}", options))
    for words, change in also.items():
        change = change(dict(first.arguments)) if callable(change) else change
        with_gradients.append(changed(words, change))
    if any(tensor.is_floating_point() for tensor in tensors_in([first.arguments, first.state])):
        for dtype in dtypes:
            words = f"in {str(dtype).removeprefix('torch.')}"
            cast = functools.partial(_cast, dtype=dtype)
            with_gradients.append(_change_tensors(first, words, cast))
    by_position = changed("with every argument given by position", options)
    return with_gradients, [
        replace(by_position, by_position=True),
        _change_tensors(first, "with tensors that lie in memory in another way", _lay_out),
        *sized,
        replace(first, words="called once more, after other calls"),
    ]


def _cases_of_sizes(
    case_of: Callable[..., _Case],
    sizes: dict[str, int],
    least: Mapping[str, int],
    equal: Mapping[str, int] | None,
) -> Iterator[_Case]:
    for name in sizes:
        smallest = least.get(name, 1)
        for value in dict.fromkeys([max(smallest, 1), smallest]):
            yield case_of(f"with {name} = {value}", **{name: value})
    if len(sizes) > 1:
        middle = sorted(sizes.values())[len(sizes) // 2]
        same = dict.fromkeys(sizes, middle) if equal is None else dict(equal)
        yield case_of(f"with {_in_words(same)}", **same)
        if equal is None:
            other = dict(zip(sizes, reversed(sizes.values()), strict=True))
            yield case_of(f"with {_in_words(other)}", **other)


def _in_words(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {describe(value)}" for name, value in values.items())


def _change_tensors(case: _Case, words: str, change: Callable[[Tensor], Tensor]) -> _Case:
    arguments, state = _map([case.arguments, case.state], lambda _, tensor: change(tensor))
    return replace(case, words=words, arguments=arguments, state=state)


def _cast(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    return tensor.to(dtype) if tensor.is_floating_point() else tensor


def _lay_out(tensor: Tensor) -> Tensor:
    """The same tensor with its dimensions in the reverse order in memory; a vector with gaps."""
    if tensor.dim() < 2:
        return torch.stack([tensor, tensor], dim=-1)[..., 0]
    order = list(range(tensor.dim()))[::-1]
    return tensor.permute(order).contiguous().permute(order)


def _map(value: Any, change: Callable[[str, Tensor], Tensor], name: str = "") -> Any:
    """A value with every tensor in it changed; `change` is given the tensor's name, too."""
    if isinstance(value, Tensor):
        return change(name, value)
    if isinstance(value, tuple | list):
        return type(value)(_map(item, change, f"{name}[{i}]") for i, item in enumerate(value))
    if isinstance(value, dict):
        inner = f"{name}." if name else ""
        return {key: _map(item, change, f"{inner}{key}") for key, item in value.items()}
    return value


# --- running them -------------------------------------------------------------------------


class _Check:
    """Runs cases on a student's function or module and compares the results with a reference's."""

    def __init__(
        self,
        reference: Callable,
        function: Callable,
        must_hold: str,
        axes: str,
        *,
        exactly: bool = False,
        separate: bool = False,
    ):
        self.reference, self.function = reference, function
        self.must_hold, self.axes = must_hold, axes
        self.exactly, self.separate = exactly, separate
        self._name = getattr(function, "__name__", type(function).__name__)
        self._parameters = list(inspect.signature(reference).parameters.values())

    def run(self, cases: list[_Case], *, differentiable: bool) -> None:
        prepared = [_with_leaves(case, differentiable) for case in cases]
        calls, inputs = (
            [self._call(case) for case, _ in prepared],
            [leaves for _, leaves in prepared],
        )
        with allowed():
            expected = [self._expect(call) for call in calls]
            wanted = input_gradients(expected, inputs)
        with in_place():  # what a call has changed is found out below
            results = call_each(self.function, calls, overwrite=not differentiable)
        for case, given, call, result, value in zip(
            cases, prepared, calls, results, expected, strict=True
        ):
            self._note(call)
            if result.error is not None:
                if differentiable and isinstance(result.error, RuntimeError):
                    # PyTorch stops code that changes an argument in place if the argument needs a
                    # gradient. Without gradients it runs on, and the change is seen.
                    self.run([case], differentiable=False)
                raise explain_error(result.error) from result.error
            must_hold = self._must_hold(case)
            compare(result.value, value, must_hold, "the result", self.axes, exactly=self.exactly)
            if self.separate and result.shares_memory:
                detail = ["The result shares its memory with an argument: return new tensors."]
                raise CheckFailed("the result is separate from the arguments", "values", detail)
            for name, before in case.arguments.items():
                if not is_equal(given[0].arguments[name], before):
                    raise changed_argument(before)
        with explain_backward_errors():
            got = input_gradients([result.value for result in results], inputs)
        for case, call, found, right in zip(cases, calls, got, wanted, strict=True):
            self._note(call)
            compare_gradients(found, right, self._must_hold(case))

    def _must_hold(self, case: _Case) -> str:
        return f"{self.must_hold}; here {case.words}" if case.words else self.must_hold

    def _expect(self, call: Call) -> Any:
        state = () if call.init is None else (call.state,)
        return self.reference(*state, *call.args, **call.kwargs)

    def _call(self, case: _Case) -> Call:
        """The call of a case: what has a default in the reference's signature goes by name."""
        positional: list[Any] = []
        named: dict[str, Any] = {}
        for parameter in self._parameters if case.init is None else self._parameters[1:]:
            name, has_default = parameter.name, parameter.default is not parameter.empty
            if case.by_position:
                positional.append(case.arguments.get(name, parameter.default))
            elif name in case.arguments and has_default:
                named[name] = case.arguments[name]
            elif name in case.arguments:
                positional.append(case.arguments[name])
        return Call(tuple(positional), named, case.init, case.state)

    def _note(self, call: Call) -> None:
        name = self._name if call.init is None else describe_call(self._name, call.init, {})
        note_call(describe_call(name, call.args, call.kwargs))


def _with_leaves(case: _Case, differentiable: bool) -> tuple[_Case, dict[str, Tensor]]:
    """The case with copies of its tensors, and those of them that need a gradient, by name."""
    leaves: dict[str, Tensor] = {}

    def copy_tensor(name: str, tensor: Tensor) -> Tensor:
        copied = tensor.detach().clone()
        if copied.stride() != tensor.stride() and 0 not in tensor.stride():  # one with gaps
            copied = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype)
            copied.copy_(tensor.detach())
        if differentiable and tensor.is_floating_point():
            leaves[name] = copied.requires_grad_()
        return copied

    arguments = _map(case.arguments, copy_tensor)
    state = _map(case.state, copy_tensor)
    return replace(case, arguments=arguments, state=state), leaves
