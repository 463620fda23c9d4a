"""Messages over a socket, within limits of size and time."""

import json
import signal
import socket
import struct
import time
from typing import Any

import numpy as np

from grader.border.errors import BorderError, Gone, TooLate, unreadable
from grader.border.limits import MAX_BYTES, MAX_TEXT
from grader.border.tensors import unpack

SIZES = struct.Struct("!QQ")  # the bytes of JSON and of tensors in a message, which follow


class Connection:
    """Sends and receives messages: a JSON object and tensors.

    Args:
        stream: one end of a stream socket pair.
        seconds: how long an exchange of messages may take, in all; None for ever.
        until: when all must be over, on the clock of `time.monotonic`; None for never.
        alarm: whether what this end does in an exchange is stopped, too, when it takes too long. An
            alarm can be set in a process's main thread only.
    """

    def __init__(
        self, stream: socket.socket, *, seconds: float | None, until: float | None, alarm: bool
    ):
        self._stream, self._seconds, self._alarm = stream, seconds, alarm
        self._until = float("inf") if until is None else until
        self._deadline: float | None = None  # of the present exchange
        self._timeout: float | None = None  # that the socket has
        self._has_handler = False
        self._unread = bytearray()

    def start_exchange(self) -> bool:
        """Let all that is done until `end_exchange` end in time.

        Returns:
            Whether it is in no other exchange, whose time it would share. Always True for an end
            without a limit.
        """
        if self._deadline is not None:
            return False
        if self._seconds is not None:
            now = time.monotonic()
            deadline = min(now + self._seconds, self._until)
            if self._alarm:
                if not self._has_handler:  # to set it takes longer than a message, so once
                    signal.signal(signal.SIGALRM, _raise_too_late)
                    self._has_handler = True
                # A moment later than the waiting for a message, which ends by itself.
                signal.setitimer(signal.ITIMER_REAL, max(deadline - now, 0) + 0.1)
            self._deadline = deadline
        return True

    def end_exchange(self) -> None:
        """Let time no longer run; for an exchange that is in no other."""
        if self._deadline is not None:
            self._deadline = None
            if self._alarm:
                signal.setitimer(signal.ITIMER_REAL, 0)

    def send(self, message: dict[str, Any], tensors: bytes) -> None:
        """Send a message.

        Args:
            message: what JSON can hold.
            tensors: those of the message, packed.

        Raises:
            BorderError: if it is too large.
            TooLate: if the other end does not take it in time.
            Gone: if the other end has hung up.
        """
        text = json.dumps(message).encode()
        if len(text) > MAX_TEXT or len(tensors) > MAX_BYTES + MAX_TEXT:
            raise BorderError(f"a message of {len(text) + len(tensors):,} bytes does not cross")
        self._set_timeout()
        try:
            self._stream.sendall(SIZES.pack(len(text), len(tensors)) + text + tensors)
        except TimeoutError:
            raise TooLate("the other end did not listen in time") from None
        except OSError as error:
            raise Gone(f"the other end is gone ({error})") from None

    def receive(self, *, idle: bool = False) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Wait for a message.

        Args:
            idle: whether none is due, so that the other end may hang up.

        Returns:
            The message, and its tensors as `grader.border.tensors.unpack` returns them.

        Raises:
            EOFError: if the other end has hung up, and `idle`.
            BorderError: if what came is no message, or too large.
            TooLate: if it did not come in time.
            Gone: if the other end has hung up.
        """
        self._set_timeout()
        sizes = SIZES.unpack(self._read(SIZES.size, idle=idle))
        if sizes[0] > MAX_TEXT or sizes[1] > MAX_BYTES + MAX_TEXT:
            raise BorderError(f"a message of {sum(sizes):,} bytes is over the limit")
        content = self._read(sum(sizes))
        try:
            message = json.loads(content[: sizes[0]])
            tensors = unpack(content[sizes[0] :])
        except Exception as error:
            raise unreadable("a message", error) from None
        if type(message) is not dict:
            raise BorderError("a message is no object")
        return message, tensors

    def _read(self, size: int, *, idle: bool = False) -> bytes:
        while len(self._unread) < size:
            try:
                part = self._stream.recv(2**16)
            except TimeoutError:
                raise TooLate("the other end did not answer in time") from None
            except OSError as error:
                raise Gone(f"the other end is gone ({error})") from None
            if not part:
                if idle and not self._unread:
                    raise EOFError
                raise Gone("the other end is gone")
            self._unread += part
            if len(self._unread) < size:
                self._set_timeout()
        data = bytes(self._unread[:size])
        del self._unread[:size]
        return data

    def _set_timeout(self) -> None:
        left = None
        if self._deadline is not None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TooLate("the other end did not answer in time")
        if left != self._timeout:
            self._timeout = left
            self._stream.settimeout(left)


def _raise_too_late(*_: Any) -> None:
    raise TooLate("the other end did not answer in time")
