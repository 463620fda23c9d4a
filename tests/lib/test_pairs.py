"""Inputs of one sentence and of two: special tokens, segments, truncation, padding."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lib.data.pairs import join_sentences, pad_inputs

CLS, SEP, PAD = 2, 3, 0
ids = st.lists(st.integers(5, 99), max_size=12)


def join(first, second=None, max_length=50):
    return join_sentences(first, second, cls_id=CLS, sep_id=SEP, max_length=max_length)


def test_one_sentence():
    assert join([7, 8]) == ([CLS, 7, 8, SEP], [0, 0, 0, 0])
    assert join([7, 8, 9], max_length=4) == ([CLS, 7, 8, SEP], [0, 0, 0, 0])


def test_two_sentences():
    assert join([7, 8], [9]) == ([CLS, 7, 8, SEP, 9, SEP], [0, 0, 0, 0, 1, 1])


def shorten(first, second, room):
    """One token after the other, from the longer sentence; of equals, from the second."""
    first, second = list(first), list(second)
    while len(first) + len(second) > room:
        (first if len(first) > len(second) else second).pop()
    return first, second


@given(ids, ids, st.integers(5, 30))
def test_the_longer_sentence_is_shortened(first, second, max_length):
    a, b = shorten(first, second, max_length - 3)
    token_ids, segments = join(first, second, max_length)
    assert token_ids == [CLS, *a, SEP, *b, SEP]
    assert segments == [0] * (len(a) + 2) + [1] * (len(b) + 1)
    assert len(token_ids) <= max_length


@pytest.mark.parametrize(("second", "least"), [(None, 3), ([5], 5)])
def test_no_room_for_a_token_is_refused(second, least):
    join([5], second, max_length=least)
    with pytest.raises(ValueError, match=f"at least {least}.*got {least - 1}"):
        join([5], second, max_length=least - 1)


def test_sentences_are_not_changed():
    first, second = [7, 8, 9], [5, 6]
    token_ids, _ = join(first, second, max_length=6)
    token_ids[1] = 99
    assert (first, second) == ([7, 8, 9], [5, 6])


def test_padding():
    batch = pad_inputs([join([7, 8], [9]), join([5])], pad_id=PAD)
    assert batch.token_ids.tolist() == [[CLS, 7, 8, SEP, 9, SEP], [CLS, 5, SEP, PAD, PAD, PAD]]
    assert batch.segment_ids.tolist() == [[0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 0, 0]]
    assert batch.token_ids.dtype == batch.segment_ids.dtype == torch.long
    assert pad_inputs([join([5])], pad_id=9).token_ids.tolist() == [[CLS, 5, SEP]]
    with pytest.raises(ValueError, match="at least one example"):
        pad_inputs([], pad_id=PAD)
