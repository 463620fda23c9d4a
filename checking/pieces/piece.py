"""What a piece is, and how a student's is compared with the course's."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from checking.calling import call
from checking.checks import check, check_same_as
from checking.gradients import parameter_gradients
from checking.inputs import set_parameters

SAME = "it gives what the course's gives"


@dataclass(frozen=True)
class Piece:
    """A piece of a closing notebook.

    Attributes:
        notebook: the name of the notebook in which students write it.
        reference: the course's own, with the signature that the notebook asks for.
        check: called with the reference and a student's; raises where they differ.
    """

    notebook: str
    reference: Callable
    check: Callable[[Callable, Callable], None]


def same_calls(*cases: tuple) -> Callable[[Callable, Callable], None]:
    """Compare two functions on some lists of arguments, in values and, of floats, gradients."""

    def check_calls(reference: Callable, theirs: Callable) -> None:
        for case in map(copy_arguments, cases):
            has_gradients = isinstance(case[0], Tensor) and case[0].is_floating_point()
            check_same_as(reference, theirs, *case, must_hold=SAME, gradients=has_gradients)

    return check_calls


def same_modules(sizes: tuple[int, ...], *cases: tuple) -> Callable[[Callable, Callable], None]:
    """Compare two modules with the same weights, in values and gradients, the weights' too."""

    def check_modules(reference: Callable, theirs: Callable) -> None:
        for case in map(copy_arguments, cases):
            ours = reference(*sizes).to(case[0].dtype)
            other = call(theirs, *sizes).to(case[0].dtype)
            shapes = {name: tuple(value.shape) for name, value in ours.named_parameters()}
            check({n: tuple(v.shape) for n, v in other.named_parameters()}, shapes, SAME)
            state = set_parameters(other).state_dict()
            ours.load_state_dict({name: state[name] for name in shapes})
            check_same_as(ours.forward, other, *case, must_hold=SAME)
            check(parameter_gradients(other, *case), parameter_gradients(ours, *case), SAME)

    return check_modules


def copy_arguments(case: tuple) -> tuple:
    """The same arguments in other memory: a student's piece may write into them."""
    return tuple(copy.deepcopy(x) if isinstance(x, Tensor) else x for x in case)
