"""Vocabularies: from texts to the ids that a model reads, and back."""

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Int
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence


class CharacterVocabulary:
    """Characters and their ids, after the three special ids of `TransformerConfig`.

    Args:
        texts: texts that contain every character there will be.

    Examples:
        >>> vocabulary = CharacterVocabulary(["cab"])
        >>> vocabulary.encode("abba")
        [3, 4, 4, 3, 2]
        >>> vocabulary.decode([3, 4, 4, 3, 2])
        'abba'
    """

    pad_id, bos_id, eos_id = 0, 1, 2

    def __init__(self, texts: Iterable[str]):
        self.characters = sorted(set().union(*texts))
        self._ids = {character: i for i, character in enumerate(self.characters, start=3)}

    def __len__(self) -> int:
        """Number of ids, the special ones included."""
        return 3 + len(self.characters)

    def encode(self, text: str) -> list[int]:
        """Turn a text into ids and add the end token.

        Args:
            text: characters of the vocabulary.

        Returns:
            One id a character, then eos_id.

        Raises:
            ValueError: if a character is not in the vocabulary.
        """
        for position, character in enumerate(text):
            if character not in self._ids:
                raise ValueError(
                    f"expected characters of the vocabulary, got {character!r} at position "
                    f"{position} of {text!r}"
                )
        return [self._ids[character] for character in text] + [self.eos_id]

    def decode(self, ids: Sequence[int] | Int[Tensor, "length"]) -> str:
        """Turn ids into text, up to the first end token.

        Args:
            ids: ids of one sentence; padding and begin tokens are passed over.

        Returns:
            The text.

        Raises:
            ValueError: if an id is not in the vocabulary.
        """
        characters = []
        for i in map(int, ids):
            if not 0 <= i < len(self):
                raise ValueError(f"expected ids from 0 to {len(self) - 1}, got {i}")
            if i == self.eos_id:
                break
            if i not in (self.pad_id, self.bos_id):
                characters.append(self.characters[i - 3])
        return "".join(characters)


def encode_pairs(
    pairs: Sequence[tuple[str, str]], vocabulary: CharacterVocabulary
) -> tuple[Int[Tensor, "batch source"], Int[Tensor, "batch target"]]:
    """Turn pairs of texts into two padded tensors, each as wide as its longest text.

    Args:
        pairs: source and target texts.
        vocabulary: has every character of them.

    Returns:
        The source ids, shape (batch, source), and the target ids, shape (batch, target). Each
        row ends with the end token and then padding.
    """
    sources, targets = zip(*pairs, strict=True)
    return _encode_padded(sources, vocabulary), _encode_padded(targets, vocabulary)


def _encode_padded(
    texts: Sequence[str], vocabulary: CharacterVocabulary
) -> Int[Tensor, "batch length"]:
    rows = [torch.tensor(vocabulary.encode(text)) for text in texts]
    return pad_sequence(rows, batch_first=True, padding_value=vocabulary.pad_id)
