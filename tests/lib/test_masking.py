"""Masking for the masked language model: rates, shares, and what must never happen.

Bounds are six standard errors: a false alarm in 5e8 comparisons.
"""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from lib.masking import IGNORED, mask_tokens

PAD, CLS, SEP, MASK, VOCAB = 0, 2, 3, 4, 50
SPECIAL = (PAD, 1, CLS, SEP)
BOTH = pytest.mark.parametrize("exact_count", [False, True])


def sentences(rows: int = 4000, lengths: tuple[int, ...] = (120, 63, 20)) -> Tensor:
    """[CLS] tokens [SEP] padding."""
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(5, VOCAB, (rows, max(lengths) + 2), generator=generator)
    ids[:, 0] = CLS
    for i, length in enumerate(lengths):
        ids[i :: len(lengths), length + 1] = SEP
        ids[i :: len(lengths), length + 2 :] = PAD
    return ids


def mask(ids, seed: int = 0, **options):
    settings = {"special_ids": SPECIAL, "mask_id": MASK, "vocab_size": VOCAB} | options
    return mask_tokens(ids, generator=torch.Generator().manual_seed(seed), **settings)


def near(count: Tensor, of: Tensor, share: float) -> bool:
    count, of = int(count.sum()), int(of.sum())
    return abs(count - share * of) <= 6 * (share * (1 - share) * of) ** 0.5


@BOTH
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    ("mask_share", "random_share"), [(0.8, 0.1), (1.0, 0.0), (0.0, 1.0), (0.5, 0.2)]
)
def test_rates_and_shares(exact_count, seed, mask_share, random_share):
    ids = sentences()
    options = {"mask_share": mask_share, "random_share": random_share}
    changed, labels = mask(ids, seed, exact_count=exact_count, **options)
    candidates = ~torch.isin(ids, torch.tensor(SPECIAL))
    chosen = labels != IGNORED
    assert near(chosen, candidates, 0.15)
    assert near(chosen & (changed == MASK), chosen, mask_share + random_share / VOCAB)
    others = chosen & (changed != MASK) & (changed != ids)
    drawn_anew = (VOCAB - 2) / VOCAB  # neither [MASK] nor, by chance, the token itself
    assert near(others, chosen, random_share * drawn_anew)


@BOTH
def test_only_ordinary_tokens_are_chosen_and_only_chosen_ones_change(exact_count):
    ids = sentences()
    before = ids.clone()
    changed, labels = mask(ids, exact_count=exact_count)
    chosen = labels != IGNORED
    assert torch.equal(ids, before)
    assert not torch.isin(ids[chosen], torch.tensor(SPECIAL)).any()
    assert torch.equal(labels[chosen], ids[chosen])
    assert torch.equal(changed[~chosen], ids[~chosen])
    assert (chosen & (changed == ids)).any(), "some are chosen and stay as they are"


@BOTH
def test_positions_are_drawn_for_each_sentence_and_token(exact_count):
    ids = sentences(lengths=(120,))
    _, labels = mask(ids, exact_count=exact_count)
    chosen = (labels != IGNORED)[:, 1:-1].double()
    assert (chosen[:, :, None] * chosen[:, None]).sum(dim=0).min() > 0, "any two come together"
    assert near(chosen[:, 0], torch.ones(len(ids)), 0.15)
    assert near(chosen[:, -1], torch.ones(len(ids)), 0.15)


def test_random_tokens_are_of_the_whole_vocabulary():
    changed, labels = mask(sentences(), mask_share=0.0, random_share=1.0)
    drawn = changed[labels != IGNORED]
    counts = torch.bincount(drawn, minlength=VOCAB)
    assert len(counts) == VOCAB
    for count in counts:
        assert near(count, torch.tensor(len(drawn)), 1 / VOCAB)


def test_the_exact_count_is_exact_and_at_least_one():
    ids = sentences(300, (120, 63, 10, 2))
    _, labels = mask(ids, exact_count=True)
    counts = (labels != IGNORED).sum(dim=1)
    assert counts.tolist() == [18, 9, 2, 1] * 75  # round(9.45) = 9, round(1.5) = 2
    _, none = mask(ids, exact_count=True, rate=0.0)
    assert (none == IGNORED).all()
    _, everything = mask(ids, exact_count=True, rate=1.0)
    assert torch.equal(everything != IGNORED, ~torch.isin(ids, torch.tensor(SPECIAL)))


def test_independent_draws_may_choose_none():
    """Of three tokens none with probability 0.85³."""
    ids = sentences(20_000, (3,))
    _, labels = mask(ids)
    assert near((labels == IGNORED).all(dim=1), torch.ones(len(ids)), 0.85**3)


@BOTH
def test_without_special_tokens_any_token_may_be_chosen(exact_count):
    ids = torch.zeros(200, 100, dtype=torch.long)
    _, labels = mask(ids, exact_count=exact_count, special_ids=())
    assert near(labels == 0, torch.ones(ids.shape), 0.15)


@BOTH
def test_nothing_to_choose_is_no_error(exact_count):
    for ids in (torch.tensor([[CLS, SEP, PAD]]), torch.empty(2, 0, dtype=torch.long)):
        changed, labels = mask(ids, exact_count=exact_count)
        assert torch.equal(changed, ids) and (labels == IGNORED).all()


def test_the_generator_decides_and_the_global_one_is_left_alone():
    ids = sentences(50)
    state = torch.get_rng_state()
    assert all(map(torch.equal, mask(ids), mask(ids)))
    assert not torch.equal(mask(ids)[1], mask(ids, seed=1)[1])
    assert torch.equal(state, torch.get_rng_state())
    generator = torch.Generator().manual_seed(0)
    settings = {"special_ids": SPECIAL, "mask_id": MASK, "vocab_size": VOCAB}
    first, second = (mask_tokens(ids, generator=generator, **settings)[1] for _ in range(2))
    assert not torch.equal(first, second), "each call draws anew"


def test_labels_are_those_that_cross_entropy_ignores():
    _, labels = mask(sentences(10))
    logits = torch.randn(*labels.shape, VOCAB)
    loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten())
    chosen = labels != IGNORED
    assert torch.allclose(loss, F.cross_entropy(logits[chosen], labels[chosen]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rate": 1.5}, r"rate from 0 to 1, got 1\.5"),
        ({"mask_share": 0.8, "random_share": 0.3}, r"got 0\.8 and 0\.3"),
        ({"random_share": -0.1}, r"got 0\.8 and -0\.1"),
    ],
)
def test_bad_shares_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        mask(sentences(3), **options)
