"""WordPiece: words that are frequent stay whole, others are spelled with pieces of words.

A thin layer over the `tokenizers` library, which trains the pieces and cuts texts into them.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from jaxtyping import Int
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from torch import Tensor

PAD, UNKNOWN, CLS, SEP, MASK = SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


class WordPiece:
    """A vocabulary of whole words and of pieces, those that continue a word written ##piece.

    A word is cut from the left, each time at the longest piece that is in the vocabulary; one that
    cannot be cut becomes [UNK]. Texts are put in lower case and lose their accents first, as for
    BERT's uncased models.

    Args:
        pieces: the vocabulary, the special tokens among them; a piece's place is its id.

    Attributes:
        pad_id, unknown_id, cls_id, sep_id, mask_id: ids of the special tokens.

    Raises:
        ValueError: if a special token is missing, or a piece comes twice.

    Source: Wu et al. 2016, section 4.1; Devlin et al. 2019, section 3.
    """

    def __init__(self, pieces: Sequence[str]):
        missing = [token for token in SPECIAL_TOKENS if token not in pieces]
        if missing or len(set(pieces)) < len(pieces):
            raise ValueError(
                f"expected different pieces, {', '.join(SPECIAL_TOKENS)} among them, got "
                f"{len(pieces)} pieces, {len(set(pieces))} of them different, without {missing}"
            )
        self.pieces = list(pieces)
        ids = {piece: i for i, piece in enumerate(pieces)}
        self._tokenizer = _make_tokenizer(models.WordPiece(ids, unk_token=UNKNOWN))
        self.pad_id, self.unknown_id = ids[PAD], ids[UNKNOWN]
        self.cls_id, self.sep_id, self.mask_id = ids[CLS], ids[SEP], ids[MASK]

    @classmethod
    def train(cls, texts: Iterable[str], *, vocab_size: int) -> "WordPiece":
        """Learn the pieces from texts: join the most frequent neighbours again and again.

        Args:
            texts: what to learn from.
            vocab_size: largest number of pieces, the special tokens and single characters included.

        Returns:
            A vocabulary whose first ids are those of [PAD], [UNK], [CLS], [SEP] and [MASK]. The
            same texts give the same pieces.
        """
        texts = list(texts)
        tokenizer = _make_tokenizer(models.WordPiece(unk_token=UNKNOWN))
        # The trainer numbers pieces such as ##a in the order of a hash table, which differs from
        # run to run and decides between pairs that are equally frequent. Named beforehand, they
        # have the same numbers each time.
        characters = set().union(*map(tokenizer.normalizer.normalize_str, texts))
        continuing = [f"##{c}" for c in sorted(characters) if not c.isspace()]
        trainer = trainers.WordPieceTrainer(
            vocab_size=vocab_size,
            special_tokens=[*SPECIAL_TOKENS, *continuing],
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        ids = tokenizer.get_vocab()
        return cls(sorted(ids, key=ids.__getitem__))

    @classmethod
    def load(cls, file: Path) -> "WordPiece":
        """Read a vocabulary as `save` writes it, which is also that of BERT's released models.

        Args:
            file: vocab.txt, a piece a line.

        Returns:
            The vocabulary.
        """
        return cls(file.read_text(encoding="utf-8").removesuffix("\n").split("\n"))

    def save(self, file: Path) -> None:
        """Write the vocabulary.

        Args:
            file: gets a piece a line, in the order of their ids.
        """
        file.write_text("\n".join(self.pieces) + "\n", encoding="utf-8")

    def __len__(self) -> int:
        """Number of pieces, the special tokens included."""
        return len(self.pieces)

    @property
    def special_ids(self) -> tuple[int, ...]:
        """Ids of [PAD], [UNK], [CLS], [SEP] and [MASK]."""
        return (self.pad_id, self.unknown_id, self.cls_id, self.sep_id, self.mask_id)

    def encode(self, text: str) -> list[int]:
        """Cut a text into pieces.

        Args:
            text: without special tokens, which are added where sentences are joined, see
                `lib.data.pairs`. A "[MASK]" in it becomes mask_id.

        Returns:
            An id a piece.
        """
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """`encode` for many texts at once, which is faster.

        Args:
            texts: see `encode`.

        Returns:
            A list of ids a text.
        """
        encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in encoded]

    def to_pieces(self, ids: Sequence[int] | Int[Tensor, "length"]) -> list[str]:
        """The pieces of ids, as they stand in the vocabulary.

        Args:
            ids: ids of one sequence.

        Returns:
            A piece an id.
        """
        return [self.pieces[int(i)] for i in ids]

    def decode(self, ids: Sequence[int] | Int[Tensor, "length"]) -> str:
        """Join pieces into a text; padding is left out.

        Args:
            ids: ids of one sequence.

        Returns:
            The text, with a blank between words.
        """
        kept = [int(i) for i in ids if int(i) != self.pad_id]
        return self._tokenizer.decode(kept, skip_special_tokens=False)


def _make_tokenizer(model: models.WordPiece) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    return tokenizer
