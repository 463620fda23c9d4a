"""The border between the judge, which runs the tests, and the student's code.

The judge's process and the student's process each hold one end of a socket. Neither ever holds an
object of the other. Plain data is copied. Any other object stays in its own process, and the other
process has a stand-in for it, a `Foreign`: calling the stand-in calls the object. Both ends work
alike, so a test can call the student's function and pass it a function or a model of the test,
which the student's function can call in turn.

Plain data are None, bool, int, float, complex, str, bytes, range, list, tuple, dict, set,
frozenset, tensors, dtypes, random generators of torch, and NumPy arrays and scalars of truth values
and numbers. Tensors and arrays are sent as safetensors and all else as JSON; nothing is ever
unpickled. What arrives has exactly these types: an instance of a subclass of float whose `__eq__`
always answers True arrives as a plain float, a named tuple as a tuple, an OrderedDict as a dict.

Calls are differentiable. The inputs of a call are its arguments and the parameters of the modules
that take part in it. In the backward pass the calling end sends the gradients of the call's outputs
to the other end and gets the gradients of its inputs back.

The judge's end does not trust the student's. The student's side may call functions of the judge
that it was given, and may use those attributes of a given model that the model's class in the test
defines. It can change none of these objects, nor the tensors and arrays that it is called with,
unless the test asks for that by `checking.in_place`. What it sends is held to the limits in
`grader.border.limits`.

Each end is a `Border`, which sends requests and answers those of the other end. Its `Connection`
carries the messages. A `Writer` turns values into messages and a `Reader` turns messages back into
values; both look objects up in the `ObjectTable` of their end.
"""

from grader.border.border import Border
from grader.border.errors import BorderError, Gone, TooLate
from grader.border.foreign import Foreign, ForeignModule, handle_of

__all__ = ["Border", "BorderError", "Foreign", "ForeignModule", "Gone", "TooLate", "handle_of"]
