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

A `Border` asks and answers. Its `Connection` carries the messages, which a `Writer` makes out of
values and a `Reader` turns back into values; both look objects up in the `ObjectTable` of their
end.
"""

from grader.border.border import Border
from grader.border.errors import BorderError, Gone, TooLate
from grader.border.foreign import Foreign, ForeignModule, handle_of

__all__ = ["Border", "BorderError", "Foreign", "ForeignModule", "Gone", "TooLate", "handle_of"]
