"""The class `Piece`, and functions that compare a student's piece with the course's."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from checking.calling import call
from checking.checks import check, check_same_as
from checking.gradients import parameter_gradients
from checking.modules import check_parameters, load, make_state

SAME = "it gives what the course's gives"


@dataclass(frozen=True)
class Piece:
    """A function or class that students write in an earlier notebook and a closing one uses.

    Attributes:
        notebook: the name of the notebook in which students write it.
        reference: the course's own function or class, with the signature that the notebook asks
            for.
        check: called with the reference and the student's piece; raises if they differ.
    """

    notebook: str
    reference: Callable
    check: Callable[[Callable, Callable], None]


def same_calls(*cases: tuple) -> Callable[[Callable, Callable], None]:
    """Make a `Piece.check` that compares two functions on some lists of arguments.

    Args:
        cases: lists of arguments. If the first argument of a list is a floating point tensor,
            gradients are compared as well as values.
    """

    def check_calls(reference: Callable, answer: Callable) -> None:
        for case in map(copy_arguments, cases):
            has_gradients = isinstance(case[0], Tensor) and case[0].is_floating_point()
            check_same_as(reference, answer, *case, must_hold=SAME, gradients=has_gradients)

    return check_calls


def same_modules(sizes: tuple[int, ...], *cases: tuple) -> Callable[[Callable, Callable], None]:
    """Make a `Piece.check` that compares two modules, given the same weights.

    Values are compared, and gradients with respect to the arguments and to the weights.

    Args:
        sizes: the arguments of the modules' constructor.
        cases: lists of arguments of the modules' forward.
    """

    def check_modules(reference: Callable, answer: Callable) -> None:
        for case in map(copy_arguments, cases):
            expected = reference(*sizes).to(case[0].dtype)
            module = call(answer, *sizes).to(case[0].dtype)
            shapes = {name: tuple(value.shape) for name, value in expected.named_parameters()}
            check_parameters(module, shapes, SAME)
            state = {name: value.to(case[0].dtype) for name, value in make_state(shapes).items()}
            load(module, state)
            expected.load_state_dict(state)
            check_same_as(expected.forward, module, *case, must_hold=SAME)
            found = parameter_gradients(module, *case)
            check(found, parameter_gradients(expected, *case), SAME, step="gradient")

    return check_modules


def copy_arguments(case: tuple) -> tuple:
    """Arguments with copies of the tensors, since a student's piece may change them in place."""
    return tuple(copy.deepcopy(x) if isinstance(x, Tensor) else x for x in case)
