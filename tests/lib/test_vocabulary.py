"""The vocabulary of characters, and pairs of texts as padded tensors."""

import pytest
import torch

from lib.data.vocabulary import CharacterVocabulary, encode_pairs


def test_unknown_characters_and_ids_are_named():
    vocabulary = CharacterVocabulary(["ab", "bc"])
    assert vocabulary.characters == ["a", "b", "c"]
    assert vocabulary.encode("cab") == [5, 3, 4, 2]
    with pytest.raises(ValueError, match="got 'é' at position 1 of 'bé'"):
        vocabulary.encode("bé")
    for i in (6, -1):
        with pytest.raises(ValueError, match=f"from 0 to 5, got {i}"):
            vocabulary.decode([3, i])


def test_encode_pairs():
    vocabulary = CharacterVocabulary(["abc"])
    source_ids, target_ids = encode_pairs([("ab", "c"), ("a", "bca")], vocabulary)
    assert source_ids.tolist() == [[3, 4, 2], [3, 2, 0]]
    assert target_ids.tolist() == [[5, 2, 0, 0], [4, 5, 3, 2]]
    assert source_ids.dtype == torch.int64
