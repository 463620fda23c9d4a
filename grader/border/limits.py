"""Limits of what may be sent across the border, and the check of numbers that the other side sends.

One message takes at most `MAX_TEXT` and `MAX_BYTES`. Of what is kept from one message to the next,
an end that does not trust the other keeps at most `MAX_OBJECTS`, `MAX_KEPT` and `MAX_GRAPHS`.
"""

from typing import Any

MAX_BYTES = 64 * 2**20  # of all tensors and arrays in one message, at their full shapes
MAX_TEXT = 4 * 2**20  # bytes of JSON in one message
MAX_ERROR = 5000  # characters of an exception's message
MAX_NAME = 200  # characters of the name of an object, an attribute or a parameter
MAX_DEPTH = 40  # of nested lists, tuples, dicts and sets
MAX_CALLS = 40  # of nested calls back and forth
MAX_AXES = 64  # of a tensor or an array
MAX_SIZE = 2**40  # of one axis, and numbers in one tensor
MAX_NUMBER = 2**53  # of a handle, or of a call
MAX_RANGE = 10**6  # numbers in a range
MAX_OBJECTS = 10_000  # of the other side, until they are forgotten
MAX_KEPT = 256 * 2**20  # bytes of parameters of the other side, and as many of graphs
MAX_GRAPHS = 1000  # calls whose gradients can still be asked for; of older ones they cannot


def whole_number(value: Any, most: int) -> int:
    """A number that the other side has sent, if it is an int from 0 to `most`.

    Raises:
        ValueError: if it is anything else.
    """
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"expected a whole number from 0 to {most:,}")
    return value


def short_name(value: Any) -> str:
    """A name that the other side has sent, if it is a text of at most `MAX_NAME` characters.

    Raises:
        ValueError: if it is anything else.
    """
    if type(value) is not str or len(value) > MAX_NAME:
        raise ValueError(f"expected a name of at most {MAX_NAME} characters")
    return value
