"""Speed of lib beside PyTorch's own modules, Marian and BERT: `python -m tests.bench.bench_lib`.

To run only comparisons whose names contain a word: `python -m tests.bench.bench_lib --only greedy`.

The course's code ("ours") and the other ("theirs") run in turn in one process. The time of each run
of ours is divided by that of the run of theirs next to it, so that other load of the machine
affects both. A ratio below 1 means that ours is faster. Weights, inputs and results are the same,
and dropout is 0 in both.

One ratio is above 1: in evaluation, nn.Transformer's encoder skips padding in all its computations
(with nested tensors), while ours computes results for it that nothing reads.
"""

import argparse
import dataclasses
import functools
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lib.attention import MultiHeadAttention
from lib.bert import BertConfig, BertForPreTraining
from lib.decoding import greedy_decode
from lib.masking import mask_tokens
from lib.masks import causal_mask
from lib.positions import sinusoidal_positions
from lib.training import label_smoothing_loss
from lib.transformer import Transformer, TransformerConfig
from tests.lib.helpers import (
    copy_weights,
    marian,
    marian_pairs,
    padded_ids,
    pretraining_pairs,
    random_ids,
    their_bert,
    torch_attention_pairs,
    torch_decoder_pairs,
    torch_encoder_pairs,
)

VOCAB, BATCH, LENGTH = 10_000, 8, 64
CONFIG = TransformerConfig(VOCAB, dropout=0.0)  # the base model


class TorchTranslator(nn.Module):
    """nn.Transformer between our embedding and the tied output layer."""

    def __init__(self, ours: Transformer):
        super().__init__()
        self.embed, self.embedding = ours.embed, ours.embedding
        c = ours.config
        self.body = nn.Transformer(
            c.d_model, c.num_heads, c.num_layers, c.num_layers, c.d_ff, 0.0, batch_first=True
        )
        self.body.encoder.norm = self.body.decoder.norm = None  # as in the paper
        copy_weights(torch_encoder_pairs(ours.encoder, self.body.encoder))
        copy_weights(torch_decoder_pairs(ours.decoder, self.body.decoder))

    def forward(self, source_ids: Tensor, target_ids: Tensor) -> Tensor:
        padding = source_ids == CONFIG.pad_id
        y = self.body(
            self.embed(source_ids),
            self.embed(target_ids),
            tgt_mask=~causal_mask(target_ids.shape[1]),
            src_key_padding_mask=padding,
            memory_key_padding_mask=padding,
            tgt_is_causal=True,
        )
        return F.linear(y, self.embedding.weight)


class MarianTranslator(nn.Module):
    """MarianMTModel, called with the same arguments as our Transformer."""

    def __init__(self, ours: Transformer):
        super().__init__()
        table = sinusoidal_positions(256, CONFIG.d_model)
        self.body = marian(CONFIG, table, attention="sdpa")
        copy_weights(marian_pairs(ours, self.body))

    def forward(self, source_ids: Tensor, target_ids: Tensor) -> Tensor:
        attention_mask = (source_ids != CONFIG.pad_id).long()
        return self.body(source_ids, attention_mask, target_ids, use_cache=False).logits

    def generate(self, source_ids: Tensor, length: int) -> Tensor:
        return self.body.generate(
            source_ids,
            attention_mask=(source_ids != CONFIG.pad_id).long(),
            max_new_tokens=length,
            num_beams=1,
            do_sample=False,
            bad_words_ids=None,
            suppress_tokens=[CONFIG.pad_id, CONFIG.bos_id],
        )[:, 1:]


RIVALS = {"nn.Transformer": TorchTranslator, "MarianMTModel": MarianTranslator}


def our_loss(logits: Tensor, target_ids: Tensor) -> Tensor:
    return label_smoothing_loss(logits, target_ids, pad_id=CONFIG.pad_id)


def torchs_loss(logits: Tensor, target_ids: Tensor) -> Tensor:
    return F.cross_entropy(
        logits.flatten(0, 1), target_ids.flatten(), label_smoothing=0.1, ignore_index=CONFIG.pad_id
    )


def training_step(model: nn.Module, loss: Callable, ids: tuple[Tensor, Tensor]) -> Callable:
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=0.0)

    def step() -> Tensor:
        model.train()
        value = loss(model(*ids), ids[1])
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        return value.detach()

    return step


def forward(model: nn.Module, ids: tuple[Tensor, Tensor]) -> Callable:
    def run() -> Tensor:
        model.eval()
        with torch.no_grad():
            return model(*ids)

    return run


def attention_pair(train: bool, memory: bool) -> tuple[Callable, Callable]:
    torch.manual_seed(0)
    ours = MultiHeadAttention(512, 8).train(train)
    theirs = nn.MultiheadAttention(512, 8, batch_first=True).train(train)
    copy_weights(torch_attention_pairs(ours, theirs))
    x = torch.randn(BATCH, LENGTH, 512)
    y = torch.randn(BATCH, LENGTH, 512) if memory else x

    def run(module: Callable) -> Callable:
        def once() -> Tensor:
            with torch.set_grad_enabled(train):
                output = module()[0]
            if train:
                output.sum().backward()
            return output.detach()

        return once

    return run(lambda: ours(x, y, y)), run(lambda: theirs(x, y, y, need_weights=False))


@functools.cache
def translator() -> Transformer:
    torch.manual_seed(0)
    return Transformer(CONFIG)


@functools.cache
def rival(name: str) -> nn.Module:
    """The other library's translator with the weights of ours; made only if it is compared."""
    return RIVALS[name](translator())


@functools.cache
def batch(kind: str) -> tuple[Tensor, Tensor]:
    """Source and target ids; with padding, each source is shorter than the one before."""
    lengths = [LENGTH - (4 * i if kind == "with padding" else 0) for i in range(BATCH)]
    return padded_ids(*lengths, vocab=VOCAB), padded_ids(*[LENGTH] * BATCH, seed=1, vocab=VOCAB)


def forward_pair(name: str, kind: str) -> tuple[Callable, Callable]:
    return forward(translator(), batch(kind)), forward(rival(name), batch(kind))


def training_pair(name: str, kind: str) -> tuple[Callable, Callable]:
    return (
        training_step(translator(), our_loss, batch(kind)),
        training_step(rival(name), torchs_loss, batch(kind)),
    )


def decoding_pair() -> tuple[Callable, Callable]:
    ours, theirs = translator(), rival("MarianMTModel").eval()
    source_ids, _ = batch("with padding")
    return (
        lambda: greedy_decode(ours, source_ids, max_length=LENGTH),
        lambda: theirs.generate(source_ids, LENGTH),
    )


BERT_CONFIG = BertConfig.base()
BERT_LENGTH, BERT_BATCH = 128, 4


@functools.cache
def berts() -> tuple[nn.Module, nn.Module]:
    """BERT base with both heads, ours and that of transformers, with the same weights."""
    torch.manual_seed(0)
    config = dataclasses.replace(BERT_CONFIG, dropout=0.0)
    ours = BertForPreTraining(config)
    theirs = their_bert("BertForPreTraining", config, attention="sdpa").float()
    copy_weights(pretraining_pairs(ours, theirs))
    return ours, theirs


def bert_batch(kind: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Masked ids, segments, labels and next-sentence labels."""
    lengths = [BERT_LENGTH - (24 * i if kind == "with padding" else 0) for i in range(BERT_BATCH)]
    ids = padded_ids(*lengths, vocab=BERT_CONFIG.vocab_size)
    segments = (torch.arange(BERT_LENGTH) >= 20).long() * (ids != 0)
    generator = torch.Generator().manual_seed(0)
    masked, labels = mask_tokens(
        ids, special_ids=[0], mask_id=103, vocab_size=len(VOCABULARY), generator=generator
    )
    return masked, segments, labels, torch.arange(BERT_BATCH) % 2


def bert_pair(train: bool, kind: str) -> tuple[Callable, Callable]:
    ours, theirs = berts()
    masked, segments, labels, next_labels = bert_batch(kind)
    attention_mask = (masked != 0).long()
    if not train:

        def real(model: nn.Module, run: Callable) -> Callable:
            def once() -> Tensor:
                model.eval()
                with torch.no_grad():
                    return run()[masked != 0]

            return once

        return (
            real(ours, lambda: ours(masked, segments).token_logits),
            real(theirs, lambda: theirs(masked, attention_mask, segments).prediction_logits),
        )

    def step(model: nn.Module, loss: Callable) -> Callable:
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.0)

        def once() -> Tensor:
            model.train()
            value = loss()
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            return value.detach()

        return once

    return (
        step(ours, lambda: sum(ours.losses(masked, segments, labels, next_labels))),
        step(
            theirs,
            lambda: (
                theirs(
                    masked, attention_mask, segments, labels=labels, next_sentence_label=next_labels
                ).loss
            ),
        ),
    )


VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"w{i}" for i in range(30_000))]


def masking_pair() -> tuple[Callable, Callable]:
    """A batch of 64 sentences of 128 tokens, by ours and by the collator of transformers.

    The collator's own function for masking, without what it does to collect and pad sentences. It
    changes its argument, hence the copy. What they draw differs, so the results compared are the
    shapes.
    """
    from transformers import BertTokenizer, DataCollatorForLanguageModeling

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "vocab.txt")
        file.write_text("\n".join(VOCABULARY), encoding="utf-8")
        collator = DataCollatorForLanguageModeling(BertTokenizer(str(file)))
    ids = random_ids(64, BERT_LENGTH, vocab=len(VOCABULARY)).clamp(min=5)
    ids[:, 0], ids[:, -1] = 2, 3
    special = torch.isin(ids, torch.arange(5))
    generator = torch.Generator().manual_seed(0)

    def ours() -> Tensor:
        masked, _ = mask_tokens(
            ids,
            special_ids=range(5),
            mask_id=4,
            vocab_size=len(VOCABULARY),
            generator=generator,
        )
        return torch.tensor(masked.shape)

    def theirs() -> Tensor:
        masked, _ = collator.torch_mask_tokens(ids.clone(), special_tokens_mask=special)
        return torch.tensor(masked.shape)

    return ours, theirs


def comparisons() -> dict[str, tuple[Callable, int]]:
    """By name: a function that makes the pair (ours, theirs), and the calls in one timed run."""
    table = {}
    for train in (True, False):
        for memory in (False, True):
            attention = f"{'source-target' if memory else 'self'} attention"
            mode, calls = ("training", 10) if train else ("evaluation", 20)
            make = functools.partial(attention_pair, train, memory)
            table[f"{attention}, {mode}: nn.MultiheadAttention"] = (make, calls)
    for name in RIVALS:
        for what, make_pair in (("forward", forward_pair), ("training step", training_pair)):
            for kind in ("full batch", "with padding"):
                make = functools.partial(make_pair, name, kind)
                table[f"{what}, {kind}: {name}"] = (make, 1)
    for kind in ("full batch", "with padding"):
        forward_of = functools.partial(bert_pair, False, kind)
        step_of = functools.partial(bert_pair, True, kind)
        table[f"BERT base, forward, {kind}: BertForPreTraining"] = (forward_of, 1)
        table[f"BERT base, training step, {kind}: BertForPreTraining"] = (step_of, 1)
    table["masking 64 x 128 tokens: DataCollatorForLanguageModeling"] = (masking_pair, 10)
    table["greedy decoding, cached, 64 tokens: Marian.generate"] = (decoding_pair, 1)
    return table


def measure(
    ours: Callable, theirs: Callable, calls: int, runs: int, clock: Callable[[], float]
) -> tuple[float, float, float, float]:
    """Median times of ours and of theirs in seconds; median and spread of the paired ratios."""

    def timed(function: Callable) -> float:
        start = clock()
        for _ in range(calls):
            function()
        return (clock() - start) / calls

    timed(ours), timed(theirs)
    pairs = []
    for i in range(runs):
        if i % 2:
            second, first = timed(theirs), timed(ours)
        else:
            first, second = timed(ours), timed(theirs)
        pairs.append((first, second))
    ratios = [a / b for a, b in pairs]
    low, middle, high = statistics.quantiles(ratios, n=4)
    medians = [statistics.median(column) for column in zip(*pairs, strict=True)]
    return *medians, middle, (high - low) / 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15, help="paired runs of each comparison")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="", help="only comparisons whose name contains this")
    parser.add_argument(
        "--cpu-time",
        action="store_true",
        help="count processor time, for a machine that is not quiet; wants --threads 1",
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    clock = time.process_time if options.cpu_time else time.perf_counter
    chosen = {name: c for name, c in comparisons().items() if options.only in name}
    if not chosen:
        names = "\n".join(comparisons())
        parser.error(f"expected --only to be part of a name, got {options.only!r} for\n{names}")
    print(f"{'ours : theirs':58} {'ours ms':>9} {'theirs ms':>9}   ratio, quartiles", flush=True)
    for name, (make_pair, calls) in chosen.items():
        ours, theirs = make_pair()
        difference = (ours().double() - theirs().double()).abs().max().item()
        assert difference < 1e-3, f"{name}: results differ by {difference}"
        mine, other, ratio, spread = measure(ours, theirs, calls, options.runs, clock)
        print(
            f"{name:58} {mine * 1e3:9.2f} {other * 1e3:9.2f}   {ratio:5.3f} ± {spread:.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
