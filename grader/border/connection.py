"""Sending and receiving messages over a socket, within limits of size and time."""

import json
import signal
import socket
import struct
import time
from typing import Any

from grader.border.errors import BorderError, Gone, TooLarge, TooLate, unreadable
from grader.border.limits import MAX_BYTES, MAX_TEXT
from grader.border.tensors import TensorUnpacker

# A message begins with two numbers: how many bytes of JSON and how many bytes of tensors follow.
SIZES = struct.Struct("!QQ")
SECONDS_TO_NEXT_ALARM = 1.0  # code that catches every exception may have caught that of the alarm


class Connection:
    """Sends and receives messages. A message is a JSON object and tensors.

    An exchange is a request and all messages until its answer has come.

    Args:
        stream: one end of a stream socket pair.
        seconds: seconds that an exchange may take; None for no limit.
        until: time after which every exchange fails, on the clock of `time.monotonic`, if `seconds`
            is given too; None for no limit.
        alarm: whether code of this process that runs during an exchange is also stopped when the
            exchange takes too long. This works in a process's main thread only.
    """

    def __init__(
        self, stream: socket.socket, *, seconds: float | None, until: float | None, alarm: bool
    ):
        self._stream, self._seconds, self._alarm = stream, seconds, alarm
        self._until = float("inf") if until is None else until
        self._in_exchange = False
        self._deadline: float | None = None  # of the present exchange
        self._timeout: float | None = None  # the one that the socket has now, in seconds
        self._has_handler = False
        self._unread = bytearray()

    def start_exchange(self) -> bool:
        """Start an exchange and its time limit, which last until `end_exchange`.

        Returns:
            False if another exchange is going on already, whose time limit goes on as well; then
            `end_exchange` must not be called.
        """
        if self._in_exchange:
            return False
        self._in_exchange = True
        if self._seconds is not None:
            now = time.monotonic()
            deadline = min(now + self._seconds, self._until)
            if self._alarm:
                if not self._has_handler:  # set only once, since it takes longer than a message
                    signal.signal(signal.SIGALRM, _raise_too_late)
                    self._has_handler = True
                # A moment after the timeout of the socket, which ends waiting for a message.
                first = max(deadline - now, 0) + 0.1
                signal.setitimer(signal.ITIMER_REAL, first, SECONDS_TO_NEXT_ALARM)
            self._deadline = deadline
        return True

    def end_exchange(self) -> None:
        """End the exchange that `start_exchange` has started."""
        self._in_exchange = False
        if self._deadline is not None:
            self._deadline = None
            if self._alarm:
                signal.setitimer(signal.ITIMER_REAL, 0)

    def send(self, message: dict[str, Any], tensors: bytes) -> None:
        """Send a message.

        Args:
            message: an object that JSON can represent.
            tensors: the message's tensors, as `TensorPacker.pack` returns them.

        Raises:
            TooLarge: if the message is too large; then nothing was sent.
            TooLate: if the other end does not read it in time.
            Gone: if the other end has closed the connection.
        """
        text = json.dumps(message).encode()
        if len(text) > MAX_TEXT or len(tensors) > MAX_BYTES + MAX_TEXT:
            raise TooLarge(f"a message of {len(text) + len(tensors):,} bytes does not cross")
        self._set_timeout()
        try:
            self._stream.sendall(SIZES.pack(len(text), len(tensors)) + text + tensors)
        except TimeoutError:
            raise TooLate("the other end did not listen in time") from None
        except OSError as error:
            raise Gone(f"the other end is gone ({error})") from None

    def receive(self, *, idle: bool = False) -> tuple[dict[str, Any], TensorUnpacker]:
        """Wait for a message.

        Args:
            idle: whether this end waits for a request instead of an answer. Then the other end may
                close the connection.

        Returns:
            The message, and its tensors.

        Raises:
            EOFError: if `idle`, and the other end has closed the connection.
            BorderError: if what arrives is not a message, or is too large.
            TooLate: if no message arrives in time.
            Gone: if the other end has closed the connection and this end waits for an answer.
        """
        self._set_timeout()
        sizes = SIZES.unpack(self._read(SIZES.size, idle=idle))
        if sizes[0] > MAX_TEXT or sizes[1] > MAX_BYTES + MAX_TEXT:
            raise BorderError(f"a message of {sum(sizes):,} bytes is over the limit")
        content = self._read(sum(sizes))
        try:
            message = json.loads(content[: sizes[0]])
            tensors = TensorUnpacker(content[sizes[0] :])
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
