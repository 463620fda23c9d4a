"""Tensors as bytes, and random generators, which cross as tensors that hold their state.

A message holds the numbers of all its tensors of one dtype as one array, since safetensors takes
time for each. A tensor's place in it is `[dtype, start, shape]`, counted in numbers.
"""

import math
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load, save
from torch import Tensor

from grader.border.limits import MAX_BYTES

DTYPES = {str(v).removeprefix("torch."): v for v in vars(torch).values() if type(v) is torch.dtype}
# Those whose numbers can be read from bytes.
READABLE = {n: v for n, v in DTYPES.items() if not n.startswith(("q", "bits"))}


class TensorPacker:
    """Collects the tensors of a message."""

    def __init__(self):
        self._size = 0
        self._counts: dict[str, int] = {}  # by dtype, as the parts are
        self._parts: dict[str, list[bytes]] = {}

    def add(self, value: Tensor) -> list:
        """Take a tensor in.

        Returns:
            Its place.

        Raises:
            ValueError: if there are more tensors than may cross at once.
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
        """The bytes of all tensors; none, if there are none."""
        if not self._parts:
            return b""
        joined = {dtype: b"".join(parts) for dtype, parts in self._parts.items()}
        return save({dtype: np.frombuffer(data, np.uint8) for dtype, data in joined.items()})


def unpack(data: bytes) -> dict[str, np.ndarray]:
    """The numbers of a message's tensors as bytes, by dtype; what `TensorPacker.pack` has made."""
    return load(data) if data else {}


def take(place: Any, arrays: dict[str, np.ndarray]) -> Tensor:
    """A tensor out of those of a message, with a memory of its own.

    Args:
        place: where it is, as the other side says.
        arrays: what `unpack` returned.

    Raises:
        IndexError, KeyError, TypeError, ValueError: if there is no such place.
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
    if not size:  # torch makes no tensor from an empty buffer
        return torch.empty(shape, dtype=dtype)
    value = torch.frombuffer(data, dtype=dtype)
    return value if len(shape) == 1 else value.view(shape)


def bytes_of(value: Tensor) -> bytes:
    """The numbers of a tensor, one row after the other."""
    if value.dtype.itemsize < 4 and value.is_floating_point():  # most of these numpy does not know
        value = value.contiguous().view(torch.uint8 if value.dtype.itemsize == 1 else torch.int16)
    return value.numpy(force=True).tobytes()


# --- what a call may change in place ------------------------------------------------------


def content_of(value: Tensor | torch.Generator) -> Tensor:
    """What crosses when it has changed: a tensor's numbers, or a generator's state."""
    return value.detach() if isinstance(value, Tensor) else value.get_state()


def fingerprint(value: Tensor | torch.Generator) -> tuple[torch.Size, torch.dtype, bytes]:
    """What tells whether a tensor or generator is as it was; NaN stays NaN."""
    content = content_of(value)
    return content.shape, content.dtype, bytes_of(content)


def overwrite(original: Tensor | torch.Generator, content: Tensor) -> None:
    """Give a tensor or generator of this side the content that the other side has left in it."""
    if isinstance(original, torch.Generator):
        original.set_state(content)
    else:
        with torch.no_grad():
            original.copy_(content)
