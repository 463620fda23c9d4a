"""Pairs for next sentence prediction: what follows, what is foreign, and how often."""

import pytest
import torch

from lib.data.next_sentence import next_sentence_pairs


def make_documents(*sizes: int):
    """Documents of so many sentences of 3 tokens: 100 times the document, 10 times the sentence."""
    return [
        [[1000 * d + 10 * s + t for t in range(3)] for s in range(size)]
        for d, size in enumerate(sizes, start=1)
    ]


def pairs_of(documents, max_tokens=12, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return next_sentence_pairs(documents, max_tokens=max_tokens, generator=generator)


def places(tokens):
    """Document and sentence of each sentence of a text, which must be whole and in order."""
    assert len(tokens) % 3 == 0 and len(tokens) > 0
    found = [(t // 1000, t % 1000 // 10) for t in tokens[::3]]
    for number, (document, sentence) in enumerate(found):
        assert tokens[3 * number : 3 * number + 3] == [
            1000 * document + 10 * sentence + t for t in range(3)
        ]
        assert (document, sentence) == (found[0][0], found[0][1] + number)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_a_second_text_follows_or_is_from_another_document(seed):
    documents = make_documents(40, 5, 1, 2, 30)
    pairs = pairs_of(documents, seed=seed)
    for first, second, label in pairs:
        (document, last), (of_second, start) = places(first)[-1], places(second)[0]
        if label == 0:
            assert (of_second, start) == (document, last + 1)
        else:
            assert of_second != document
    assert {label for *_, label in pairs} == {0, 1}


def test_half_of_the_pairs_are_foreign_whatever_the_documents():
    documents = make_documents(*[2, 3, 5] * 700, 90, 90)
    labels = torch.tensor([pair.label for pair in pairs_of(documents)], dtype=torch.double)
    assert len(labels) > 2000
    # Six standard errors: a false alarm in 5e8 runs.
    assert abs(labels.mean() - 0.5) < 6 * 0.5 / len(labels) ** 0.5


def test_what_stood_after_a_foreign_text_is_used_again():
    """Every sentence of a long document comes once as part of a first or a true second text."""
    documents = make_documents(90, 90)
    used = []
    for first, second, label in pairs_of(documents):
        used += places(first) + (places(second) if label == 0 else [])
    assert len(used) == len(set(used))
    assert len(used) in (178, 179, 180)  # a document's last sentence may stay alone


def test_a_foreign_text_is_as_long_as_a_true_one_or_ends_with_its_document():
    documents = make_documents(*[4] * 3000)
    lengths = {0: [], 1: []}
    for _, second, label in pairs_of(documents):
        lengths[label].append(float(len(second)))
    true, foreign = (torch.tensor(lengths[label]) for label in (0, 1))
    assert set(lengths[1]) <= set(lengths[0]) | {3.0}
    assert foreign.mean() <= true.mean()


def test_a_pair_has_about_as_many_tokens_as_asked():
    for first, second, label in pairs_of(make_documents(100, 100), max_tokens=12):
        assert len(first) <= 9
        assert len(first) + len(second) <= 12 if label == 0 else len(second) <= 9


def test_long_sentences_still_make_pairs():
    documents = [[[1] * 50, [2] * 50, [3] * 50], [[4] * 50, [5] * 50]]
    for first, second, _ in pairs_of(documents, max_tokens=12):
        assert len(first) == 50 and len(second) == 50


def test_the_generator_decides_and_nothing_is_changed():
    documents = make_documents(30, 30)
    state = torch.get_rng_state()
    assert pairs_of(documents) == pairs_of(documents) != pairs_of(documents, seed=1)
    assert documents == make_documents(30, 30)
    assert torch.equal(state, torch.get_rng_state())
    pairs_of(documents)[0].first.append(7)
    assert documents == make_documents(30, 30)


def test_empty_sentences_and_documents_are_passed_over():
    full = make_documents(30, 30)
    with_empty = [[], [*full[0][:7], [], *full[0][7:]], [[]], full[1]]
    assert pairs_of(with_empty) == pairs_of(full)


@pytest.mark.parametrize("documents", [[], make_documents(9), [*make_documents(9), [], [[]]]])
def test_one_document_is_refused(documents):
    found = sum(any(document) for document in documents)
    with pytest.raises(ValueError, match=f"two documents with text, got {found}"):
        pairs_of(documents)


def test_too_few_tokens_are_refused():
    with pytest.raises(ValueError, match="max_tokens of at least 2, got 1"):
        pairs_of(make_documents(9, 9), max_tokens=1)
