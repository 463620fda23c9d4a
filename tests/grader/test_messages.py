"""Messages on the sockets between the judge's side and the warm process."""

import os
import socket
import threading

import pytest

from grader.sandbox import messages


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for end in (ours, theirs):
            end.settimeout(20)
        yield ours, theirs


def test_messages_that_wait_together_stay_apart_each_with_its_descriptor(ends, tmp_path):
    paths = [tmp_path / "first", tmp_path / "second"]
    for number, path in enumerate(paths):
        with path.open("x", encoding="utf-8") as file:
            messages.send(ends[0], {"plain": number})
            messages.send(ends[0], {"number": number}, [file.fileno()])
    for number, path in enumerate(paths):
        assert messages.receive(ends[1]) == ({"plain": number}, [])
        message, (descriptor,) = messages.receive(ends[1])
        assert message == {"number": number}
        assert os.path.samestat(os.fstat(descriptor), path.stat())
        os.close(descriptor)


def test_a_message_larger_than_a_sockets_buffer_arrives_whole(ends):
    text = "ü" * 2**20
    sender = threading.Thread(target=messages.send, args=(ends[0], {"text": text}))
    sender.start()
    assert messages.receive(ends[1]) == ({"text": text}, [])
    sender.join()


def test_hanging_up_is_no_message_and_in_the_middle_of_one_an_error(ends):
    messages.send(ends[0], {"last": True})
    ends[0].close()
    assert messages.receive(ends[1]) == ({"last": True}, [])
    assert messages.receive(ends[1]) is None
    with pytest.raises(OSError):
        messages.send(ends[1], {})


@pytest.mark.parametrize("part", [b"\0", b"\0\0\0\2", b"\0\0\0\2{"])
def test_half_a_message_is_an_error(ends, part):
    ends[0].sendall(part)
    ends[0].close()
    with pytest.raises(ConnectionResetError, match="in the middle"):
        messages.receive(ends[1])


def test_a_message_that_does_not_come_is_waited_for_no_longer_than_the_timeout(ends):
    ends[1].settimeout(0.1)
    with pytest.raises(TimeoutError):
        messages.receive(ends[1])
