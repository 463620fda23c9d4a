"""Tensors and NumPy arrays as bytes; a random generator is sent as a tensor with its state.

A message holds the numbers of all its tensors of one dtype as one array, since safetensors takes
time for each array. The place of a tensor is `[dtype, start, shape]`: the array, the index of the
tensor's first number in the array, and the tensor's shape. The place of a NumPy array is that of a
tensor of its bytes.
"""

import math
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load, save
from torch import Tensor

from grader.border.limits import MAX_AXES, MAX_BYTES, MAX_SIZE, whole_number

DTYPES = {str(v).removeprefix("torch."): v for v in vars(torch).values() if type(v) is torch.dtype}
# The dtypes whose numbers can be read from bytes.
READABLE = {n: v for n, v in DTYPES.items() if not n.startswith(("q", "bits"))}
# The dtypes of NumPy arrays and scalars that may be sent, by name: truth values and numbers.
NUMPY_DTYPES = {kind.name: kind for kind in map(np.dtype, "?bhilBHILefdFD")}
TOO_LARGE = f"over {MAX_BYTES // 2**20} MiB of tensors do not cross at once"

# What a call may change in place.
Changeable = Tensor | np.ndarray | torch.Generator


class TensorPacker:
    """Collects the tensors of a message."""

    def __init__(self):
        self._size = 0
        self._counts: dict[str, int] = {}  # how many numbers there are of each dtype
        self._parts: dict[str, list[bytes]] = {}  # the tensors of each dtype, as bytes

    def add(self, value: Tensor, *, copies: int = 1) -> list:
        """Add a tensor.

        Args:
            value: the tensor.
            copies: how many times the other side repeats its numbers.

        Returns:
            Its place.

        Raises:
            ValueError: if the tensors together have more bytes than may be sent at once.
        """
        self._size += value.numel() * value.element_size() * copies
        if self._size > MAX_BYTES:
            raise ValueError(TOO_LARGE)
        dtype = str(value.dtype).removeprefix("torch.")
        start = self._counts.get(dtype, 0)
        self._counts[dtype] = start + value.numel()
        self._parts.setdefault(dtype, []).append(bytes_of(value))
        return [dtype, start, list(value.shape)]

    def add_array(self, value: np.ndarray | np.generic) -> list:
        """Add a NumPy array or scalar.

        Returns:
            The place of its bytes, the name of its dtype, and its shape.

        Raises:
            ValueError: if its dtype is not one of numbers, or if it is too large.
        """
        if value.dtype.name not in NUMPY_DTYPES:
            raise ValueError(f"a NumPy array of dtype {value.dtype.name} does not cross")
        if value.nbytes > MAX_BYTES:
            raise ValueError(TOO_LARGE)
        plain = np.array(value, NUMPY_DTYPES[value.dtype.name], order="C", subok=False)
        data = torch.from_numpy(plain.reshape(-1).view(np.uint8))
        return [self.add(data), value.dtype.name, list(value.shape)]

    def pack(self) -> bytes:
        """The bytes of all tensors; no bytes if there are no tensors."""
        if not self._parts:
            return b""
        joined = {dtype: b"".join(parts) for dtype, parts in self._parts.items()}
        return save({dtype: np.frombuffer(data, np.uint8) for dtype, data in joined.items()})


class TensorUnpacker:
    """Copies tensors out of a message, as many bytes as one message may have.

    The bytes are counted at the shapes that the tensors get here, each time that one is copied: a
    message can name a place again and again, and repeat the numbers at it.

    Args:
        data: what `TensorPacker.pack` returned on the other side.
    """

    def __init__(self, data: bytes):
        self._arrays: dict[str, np.ndarray] = load(data) if data else {}
        self._left = MAX_BYTES

    def tensor(self, place: Any, shape: Any = None) -> Tensor:
        """Copy a tensor.

        Args:
            place: the tensor's place, as the other side has sent it.
            shape: the shape to which its numbers are repeated; None for that of the place.

        Raises:
            IndexError, KeyError, TypeError, ValueError: if there is no such tensor, or if it is too
                large.
        """
        kind, start, own_shape = place
        count = count_of(own_shape)
        dtype = READABLE[kind]
        self._take(max(count, count if shape is None else count_of(shape)) * dtype.itemsize)
        first = whole_number(start, MAX_SIZE) * dtype.itemsize
        size = count * dtype.itemsize
        data = bytearray(self._arrays[kind][first : first + size])
        if len(data) != size:
            raise IndexError
        if not size:  # torch.frombuffer refuses an empty buffer
            return torch.empty(own_shape, dtype=dtype)
        if dtype == torch.bool:  # a byte other than 0 and 1 would be neither true nor false
            value = torch.frombuffer(data, dtype=torch.uint8) != 0
        else:
            value = torch.frombuffer(data, dtype=dtype)
        return value if len(own_shape) == 1 else value.view(own_shape)

    def array(self, place: Any, dtype: Any, shape: Any) -> np.ndarray:
        """Copy a NumPy array.

        Args:
            place, dtype, shape: what `TensorPacker.add_array` returned on the other side.

        Raises:
            IndexError, KeyError, TypeError, ValueError: if there is no such array, or if it is too
                large.
        """
        count_of(shape)
        data = self.tensor(place).numpy()
        value = data.view(np.uint8) != 0 if dtype == "bool" else data.view(NUMPY_DTYPES[dtype])
        return value.reshape(shape)

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise ValueError(TOO_LARGE)


def count_of(shape: Any) -> int:
    """How many numbers a shape that the other side has sent has.

    Raises:
        ValueError: if it is not a shape, or has too many.
    """
    if type(shape) is not list or len(shape) > MAX_AXES:
        raise ValueError("expected a shape")
    return whole_number(math.prod(whole_number(size, MAX_SIZE) for size in shape), MAX_SIZE)


def bytes_of(value: Tensor) -> bytes:
    """The numbers of a tensor as bytes, in row-major order."""
    if value.dtype.itemsize < 4 and value.is_floating_point():  # numpy lacks most of these dtypes
        value = value.contiguous().view(torch.uint8 if value.dtype.itemsize == 1 else torch.int16)
    return value.numpy(force=True).tobytes()


# --- what a call may change in place ------------------------------------------------------


def content_of(value: Changeable) -> Tensor | np.ndarray:
    """What is sent of an argument that a call has changed: numbers, or a generator's state."""
    if isinstance(value, torch.Generator):
        return value.get_state()
    return value.detach() if isinstance(value, Tensor) else value


def fingerprint(value: Changeable) -> tuple[tuple[int, ...], Any, bytes]:
    """A value that differs exactly if the content does; bytes are compared, so NaN equals NaN."""
    content = content_of(value)
    data = content.tobytes() if isinstance(content, np.ndarray) else bytes_of(content)
    return tuple(content.shape), content.dtype, data


def overwrite(original: Changeable, content: Tensor | np.ndarray) -> None:
    """Set the content of an argument to what a call on the other side has made of it."""
    if isinstance(original, torch.Generator):
        original.set_state(torch.as_tensor(content))
    elif isinstance(original, np.ndarray):
        original[...] = content
    else:
        with torch.no_grad():
            original.copy_(torch.as_tensor(content))
