"""Pre-training a small BERT on the docstrings of installed packages.

Its checkpoint serves the pages of Part 2 and their exercises; the page book/bert/lab-bert.md shows
what comes of it.
"""

from dataclasses import asdict
from functools import partial

import torch

from experiments.experiment import Experiment, Trained
from lib.bert import BertConfig, BertForPreTraining
from lib.data.docstrings import PACKAGES, read_documents, split_documents
from lib.data.next_sentence import next_sentence_pairs
from lib.data.pairs import join_sentences, pad_inputs
from lib.data.wordpiece import WordPiece
from lib.masking import IGNORED, mask_tokens
from lib.training import linear_warmup_decay, train

VOCAB_SIZE, MAX_LENGTH = 6000, 96
SIZES = {"d_model": 128, "num_layers": 4, "num_heads": 4, "d_ff": 512, "max_length": MAX_LENGTH}
STEPS, BATCH_SIZE, PEAK = 12_000, 64, 1e-3
PASSES = 12  # times that the documents are cut into pairs, each time at other points
HELD_OUT_PASSES = 4
SEED = 0


def read_texts(short):
    """The documents to train on, and those held out."""
    return split_documents(read_documents(["numpy"] if short else PACKAGES))


def make_examples(documents, pieces, passes, generator):
    """Token ids, segments and labels of pairs, as int32 to save memory."""
    cut = [pieces.encode_all(document.sentences) for document in documents]
    pairs = [
        pair
        for _ in range(passes)
        for pair in next_sentence_pairs(cut, max_tokens=MAX_LENGTH - 3, generator=generator)
    ]
    joined = [
        join_sentences(
            pair.first,
            pair.second,
            cls_id=pieces.cls_id,
            sep_id=pieces.sep_id,
            max_length=MAX_LENGTH,
        )
        for pair in pairs
    ]
    inputs = pad_inputs(joined, pad_id=pieces.pad_id)
    return (
        inputs.token_ids.int(),
        inputs.segment_ids.int(),
        torch.tensor([pair.label for pair in pairs]),
    )


def mask(token_ids, pieces, generator):
    """Mask afresh, so that a sentence that comes again hides other tokens."""
    return mask_tokens(
        token_ids,
        special_ids=pieces.special_ids,
        mask_id=pieces.mask_id,
        vocab_size=len(pieces),
        generator=generator,
    )


def pretraining_loss(model, token_ids, segment_ids, next_labels, *, pieces):
    """The summed loss of one batch, whose columns of nothing but padding are left out."""
    length = int((token_ids != pieces.pad_id).any(dim=0).sum())
    token_ids, segment_ids = token_ids[:, :length].long(), segment_ids[:, :length].long()
    masked, labels = mask(token_ids, pieces, torch.default_generator)
    return sum(model.losses(masked, segment_ids, labels, next_labels))


@torch.no_grad()
def evaluate(model, examples, pieces):
    """Cross-entropy of masked tokens in nats, and the share of pairs that are told right."""
    token_ids, segment_ids, next_labels = examples
    masked, labels = mask(token_ids.long(), pieces, torch.Generator().manual_seed(SEED + 2))
    total, right = 0.0, 0
    for rows in torch.arange(len(masked)).split(256):
        output = model(masked[rows], segment_ids[rows].long())
        chosen = labels[rows] != IGNORED
        log_prob = output.token_logits[chosen].log_softmax(dim=-1)
        total -= log_prob.gather(1, labels[rows][chosen][:, None]).sum().item()
        right += (output.next_logits.argmax(dim=-1) == next_labels[rows]).sum().item()
    return total / (labels != IGNORED).sum().item(), right / len(masked)


def unigram_cross_entropy(examples, held_out, pieces):
    """What is reached without reading: each token's share in training, in nats."""
    special = torch.tensor(pieces.special_ids)
    counts = torch.bincount(examples[0].flatten(), minlength=len(pieces)).double() + 1
    counts[special] = 0
    tokens = held_out[0][~torch.isin(held_out[0], special)]
    return -(counts / counts.sum())[tokens.long()].log().mean().item()


def pretrain(short, keep):
    """Train, and evaluate on documents of other modules."""
    kept, aside = read_texts(short)
    pieces = WordPiece.train(
        [sentence for document in kept for sentence in document.sentences],
        vocab_size=400 if short else VOCAB_SIZE,
    )
    generator = torch.Generator().manual_seed(SEED)
    examples = make_examples(kept, pieces, 1 if short else PASSES, generator)
    held_out = make_examples(
        aside, pieces, 1 if short else HELD_OUT_PASSES, torch.Generator().manual_seed(SEED + 1)
    )
    torch.manual_seed(SEED)
    model = BertForPreTraining(BertConfig(len(pieces), **SIZES))
    steps = 3 if short else STEPS
    history = train(
        model,
        examples,
        steps=steps,
        batch_size=BATCH_SIZE,
        learning_rate=partial(linear_warmup_decay, steps=steps, peak=PEAK),
        generator=generator,
        loss=partial(pretraining_loss, pieces=pieces),
        keep=keep,
    )
    loss, right = evaluate(model, held_out, pieces)
    numbers = {
        "documents": [len(kept), len(aside)],
        "words": [
            sum(len(sentence.split()) for document in part for sentence in document.sentences)
            for part in (kept, aside)
        ],
        "pairs": [len(examples[0]), len(held_out[0])],
        "masked tokens: cross-entropy": loss,
        "masked tokens: cross-entropy of unigrams": unigram_cross_entropy(
            examples, held_out, pieces
        ),
        "next sentence: share right": right,
        "loss of every 100 steps": [
            sum(part) / len(part)
            for part in (history[i : i + 100] for i in range(0, len(history), 100))
        ],
        "config": asdict(model.config),
        "pieces": "\n".join(pieces.pieces),
    }
    return Trained(numbers, model.state_dict())


def arms(short):
    """One model."""
    return {"bert": partial(pretrain, short)}


EXPERIMENT = Experiment(
    script=__file__,
    question="How well does a small BERT predict masked tokens and next sentences of new texts?",
    data="docstrings of torch, NumPy, SciPy, scikit-learn, Matplotlib and the standard library, "
    "and Python's language reference; one module in ten is held out",
    steps=f"{STEPS:,} with batches of {BATCH_SIZE}; learning rate up to {PEAK}, then down to 0",
    seeds=f"{SEED} for the pairs, the batches and the weights",
    arms=arms,
)

if __name__ == "__main__":
    EXPERIMENT.main()
