"""What an exercise notebook imports: checks that say in words what is wrong.

    failure    the failed check and its message; the steps of a check, ran → … → gradient
    words      how values, calls and places in a tensor are described
    inputs     fixed numbers for tests, without a random generator
    bans       what a task forbids
    calling    calling a student's code
    comparing  compares a result with what was expected, one step after another
    gradients  computes gradients through a student's code
    checks     the checks themselves
    batches    calls a student's code many times at once
    modules    a student's module: its parameters, and parameters to give to it
    everywhere tries a function or a module on inputs of every kind
    pieces     the pieces of a part that a student wrote in earlier notebooks

The checks call student code and look at its results, never at its source.
"""

from checking.bans import Forbidden, allowed, forbid
from checking.calling import call, in_place
from checking.checks import check, check_raises, check_same_as
from checking.everywhere import check_everywhere, check_module_everywhere
from checking.failure import STEPS, CheckFailed
from checking.gradients import parameter_gradients
from checking.inputs import boolean, example, masks, positive_numbers
from checking.modules import check_parameters, load, make_state

__all__ = [
    "STEPS",
    "CheckFailed",
    "Forbidden",
    "allowed",
    "boolean",
    "call",
    "check",
    "check_everywhere",
    "check_module_everywhere",
    "check_parameters",
    "check_raises",
    "check_same_as",
    "example",
    "forbid",
    "in_place",
    "load",
    "make_state",
    "masks",
    "parameter_gradients",
    "positive_numbers",
]
