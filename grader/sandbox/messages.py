"""Messages between `grader.sandbox.sandbox` and the warm process: JSON objects on a stream socket.

A message begins with its length, and may carry an open file descriptor. Sockets that keep messages
apart (SOCK_SEQPACKET) are not used, as macOS has none that also notice that the other end is gone.
"""

import json
import socket
import struct
from collections.abc import Sequence
from typing import Any

_LENGTH = struct.Struct("!I")


def send(
    connection: socket.socket, message: dict[str, Any], descriptors: Sequence[int] = ()
) -> None:
    """Send a message.

    Args:
        connection: a stream socket of the family AF_UNIX.
        message: an object that JSON can represent.
        descriptors: file descriptors, at most one. The sender must keep it open until an answer has
            come: macOS may close a descriptor that is being sent and is not open anywhere else.

    Raises:
        OSError: if the other end has closed the connection.
    """
    text = json.dumps(message).encode()
    data, sent = _LENGTH.pack(len(text)) + text, 0
    if descriptors:
        sent = socket.send_fds(connection, [data], descriptors)
    connection.sendall(data[sent:])


def receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Wait for a message.

    Returns:
        The message and its descriptors, or None if the other end has closed the connection.

    Raises:
        OSError: if the connection ends in the middle of a message, or the socket's timeout is over.
    """
    # The descriptors arrive with the first byte of the message.
    beginning, descriptors, _, _ = socket.recv_fds(connection, _LENGTH.size, 1)
    if not beginning:
        return None
    beginning += _read(connection, _LENGTH.size - len(beginning))
    return json.loads(_read(connection, *_LENGTH.unpack(beginning))), descriptors


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(min(size - len(data), 2**16))
        if not part:
            raise ConnectionResetError("the other end hung up in the middle of a message")
        data += part
    return data
