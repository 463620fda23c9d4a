"""WordPiece against the tokenizer of transformers and against cutting by hand."""

import pytest

from lib.data.wordpiece import SPECIAL_TOKENS, WordPiece

TEXTS = ["the low lower lowest slow slower", "new newer newest", "wide wider widest", "Éa été"]
PIECES = [*SPECIAL_TOKENS, "un", "##aff", "##able", "##ab", "a", "##ble", "able", ",", "é", "e"]


def cut(word, pieces):
    """The longest piece from the left, again and again."""
    found, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in pieces:
                found.append(piece)
                break
        else:
            return ["[UNK]"]
        start = end
    return found


@pytest.mark.parametrize("word", ["unaffable", "able", "unable", "unaffablex", "affable", "a"])
def test_the_longest_piece_comes_first(word):
    pieces = WordPiece(PIECES)
    assert pieces.to_pieces(pieces.encode(word)) == cut(word, PIECES)


def test_it_cuts_as_transformers_does(tmp_path):
    from transformers import BertTokenizer

    pieces = WordPiece.train(TEXTS, vocab_size=60)
    pieces.save(tmp_path / "vocab.txt")
    theirs = BertTokenizer(str(tmp_path / "vocab.txt"))
    for text in [
        *TEXTS,
        "The SLOWEST, lowest?",
        "",
        "ÉTÉ!",
        "新しい",
        "a [MASK] b",
        "tab\tnew\nline",
    ]:
        assert pieces.encode(text) == theirs.encode(text, add_special_tokens=False), text
    assert pieces.encode_all(TEXTS) == [pieces.encode(text) for text in TEXTS]


def test_training_is_repeatable_and_keeps_to_its_size():
    first, *others = (WordPiece.train(TEXTS, vocab_size=60) for _ in range(10))
    assert all(other.pieces == first.pieces for other in others)
    assert 40 < len(first) <= 60
    assert first.pieces[:5] == list(SPECIAL_TOKENS)
    assert first.special_ids == (0, 1, 2, 3, 4)
    assert "low" in first.pieces or "##low" in first.pieces


def test_text_comes_back_in_lower_case_and_without_accents(tmp_path):
    pieces = WordPiece.train(TEXTS, vocab_size=60)
    assert pieces.decode(pieces.encode("Lower newest été")) == "lower newest ete"
    assert pieces.decode([pieces.cls_id, *pieces.encode("low"), pieces.pad_id]) == "[CLS] low"
    pieces.save(tmp_path / "vocab.txt")
    assert WordPiece.load(tmp_path / "vocab.txt").pieces == pieces.pieces


def test_ids_of_special_tokens_are_those_of_the_file():
    """In the released vocabularies [PAD] is 0 and [CLS] is 101."""
    pieces = WordPiece(["[PAD]", "x", "[UNK]", "[CLS]", "y", "[SEP]", "[MASK]"])
    assert pieces.special_ids == (0, 2, 3, 5, 6)
    assert pieces.encode("x [MASK] q") == [1, 6, 2]


@pytest.mark.parametrize("wrong", [PIECES[1:], [*PIECES, "a"], []])
def test_a_vocabulary_with_a_hole_or_a_repetition_is_refused(wrong):
    with pytest.raises(ValueError, match="expected different pieces"):
        WordPiece(wrong)
