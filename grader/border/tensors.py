"""Tensors as bytes, and random generators, which are sent as tensors with their state.

A message holds the numbers of all its tensors of one dtype as one array, since safetensors takes
time for each array. The place of a tensor is `[dtype, start, shape]`: the array, the index of the
tensor's first number in the array, and the tensor's shape.
"""

import math
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load, save
from torch import Tensor

from grader.border.limits import MAX_BYTES

DTYPES = {str(v).removeprefix("torch."): v for v in vars(torch).values() if type(v) is torch.dtype}
# The dtypes whose numbers can be read from bytes.
READABLE = {n: v for n, v in DTYPES.items() if not n.startswith(("q", "bits"))}


class TensorPacker:
    """Collects the tensors of a message."""

    def __init__(self):
        self._size = 0
        self._counts: dict[str, int] = {}  # how many numbers there are of each dtype
        self._parts: dict[str, list[bytes]] = {}  # the tensors of each dtype, as bytes

    def add(self, value: Tensor) -> list:
        """Add a tensor.

        Returns:
            Its place.

        Raises:
            ValueError: if the tensors together have more bytes than may be sent at once.
        """
        self._size += value.numel() * value.element_size()
        if self._size > MAX_BYTES:
            raise ValueError(f"over {MAX_BYTES // 2**20} MiB of tensors do not cross at once")
        dtype = str(value.dtype).removeprefix("torch.")
        start = self._counts.get(dtype, 0)
        self._counts[dtype] = start + value.numel()
        self._parts.setdefault(dtype, []).append(bytes_of(value))
        return [dtype, start, list(value.shape)]

    def pack(self) -> bytes:
        """The bytes of all tensors; no bytes if there are no tensors."""
        if not self._parts:
            return b""
        joined = {dtype: b"".join(parts) for dtype, parts in self._parts.items()}
        return save({dtype: np.frombuffer(data, np.uint8) for dtype, data in joined.items()})


def unpack(data: bytes) -> dict[str, np.ndarray]:
    """The inverse of `TensorPacker.pack`: arrays of bytes by name of the dtype."""
    return load(data) if data else {}


def tensor_at(place: Any, arrays: dict[str, np.ndarray]) -> Tensor:
    """Copy a tensor out of the tensors of a message.

    Args:
        place: the tensor's place, as the other side has sent it.
        arrays: what `unpack` returned.

    Raises:
        IndexError, KeyError, TypeError, ValueError: if there is no such place in the arrays.
    """
    kind, start, shape = place
    for size in (start, *shape):
        if type(size) is not int or size < 0:
            raise TypeError
    dtype, count = READABLE[kind], math.prod(shape)
    first, size = start * dtype.itemsize, count * dtype.itemsize
    data = bytearray(arrays[kind][first : first + size])
    if len(data) != size:
        raise IndexError
    if not size:  # torch.frombuffer refuses an empty buffer
        return torch.empty(shape, dtype=dtype)
    value = torch.frombuffer(data, dtype=dtype)
    return value if len(shape) == 1 else value.view(shape)


def bytes_of(value: Tensor) -> bytes:
    """The numbers of a tensor as bytes, in row-major order."""
    if value.dtype.itemsize < 4 and value.is_floating_point():  # numpy lacks most of these dtypes
        value = value.contiguous().view(torch.uint8 if value.dtype.itemsize == 1 else torch.int16)
    return value.numpy(force=True).tobytes()


# --- what a call may change in place ------------------------------------------------------


def content_of(value: Tensor | torch.Generator) -> Tensor:
    """What is sent of an argument that a call has changed: numbers, or a generator's state."""
    return value.detach() if isinstance(value, Tensor) else value.get_state()


def fingerprint(value: Tensor | torch.Generator) -> tuple[torch.Size, torch.dtype, bytes]:
    """A value that differs exactly if the content does; bytes are compared, so NaN equals NaN."""
    content = content_of(value)
    return content.shape, content.dtype, bytes_of(content)


def overwrite(original: Tensor | torch.Generator, content: Tensor) -> None:
    """Set the content of a tensor or generator to what a call on the other side has made of it."""
    if isinstance(original, torch.Generator):
        original.set_state(content)
    else:
        with torch.no_grad():
            original.copy_(content)
