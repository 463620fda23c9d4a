"""Pairs for next sentence prediction, cut from documents."""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import torch

Sentence = list[int]  # token ids


class Pair(NamedTuple):
    """Two texts, and whether the second followed the first.

    Args:
        first: token ids.
        second: token ids.
        label: 0 if second followed first in its document, 1 if it is from another one, as in the
            released code.
    """

    first: Sentence
    second: Sentence
    label: int


def next_sentence_pairs(
    documents: Sequence[Sequence[Sentence]],
    *,
    max_tokens: int,
    generator: torch.Generator,
) -> list[Pair]:
    """Cut documents into pairs, half of which are followed by text of another document.

    Sentences of a document are collected until they have max_tokens tokens, two at least. A point
    between two of them is drawn: what stands before it is `first`. With probability ½ `second` is
    what stands after it. Otherwise `second` comes from another document, from a sentence drawn
    there on, and what stood after the point is used for the next pair.

    In two points this differs from the released code, for documents as short as docstrings. A last
    sentence that is left alone makes no pair; there it always gets a foreign text, so that more
    than half of the pairs are foreign. And a foreign text is meant to be as long as the one that it
    replaces, unless its document ends before; there it fills up the pair. Either way length tells a
    little.

    Args:
        documents: each a list of sentences, each a list of token ids. Empty sentences and documents
            are passed over.
        max_tokens: number of tokens of a pair after which no further sentence is added. Pairs may
            exceed it: see `lib.data.pairs.join_sentences`, which truncates.
        generator: draws the points, the coins and the other documents.

    Returns:
        The pairs, in the order of the documents.

    Raises:
        ValueError: if there are fewer than two documents with text, since a second text must come
            from another one, or max_tokens is below 2.

    Source: Devlin et al. 2019, section 3.1, task 2, and the released code, which also makes one
        pair in ten shorter.
    """
    if max_tokens < 2:
        raise ValueError(f"expected max_tokens of at least 2, got {max_tokens}")
    full = [[list(s) for s in document if len(s) > 0] for document in documents]
    full = [document for document in full if document]
    if len(full) < 2:
        raise ValueError(
            f"expected at least two documents with text, got {len(full)}; the second text of half "
            "of the pairs comes from another document"
        )

    def draw(end: int) -> int:
        return int(torch.randint(end, (), generator=generator))

    pairs = []
    for number, document in enumerate(full):
        start = 0
        while len(document) - start >= 2:
            end = max(_collect(document, start, max_tokens), start + 2)
            middle = start + 1 + draw(end - start - 1)
            first = _join(document[start:middle])
            if draw(2) == 0:
                pairs.append(Pair(first, _join(document[middle:end]), 0))
                start = end
            else:
                other = full[(number + 1 + draw(len(full) - 1)) % len(full)]
                begin = draw(len(other))
                replaced = len(_join(document[middle:end]))
                second = _join(other[begin : _collect(other, begin, replaced)])
                pairs.append(Pair(first, second, 1))
                start = middle
    return pairs


def _collect(document: Sequence[Sentence], start: int, max_tokens: int) -> int:
    """The end of the shortest run of sentences from start on with max_tokens tokens."""
    end, tokens = start, 0
    while end < len(document) and tokens < max_tokens:
        tokens += len(document[end])
        end += 1
    return end


def _join(sentences: Sequence[Sentence]) -> Sentence:
    return list(chain.from_iterable(sentences))
