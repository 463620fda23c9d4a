"""Random weights, sizes that cannot be mixed up, and ways to compare gradients."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from lib.bert import BertConfig
from lib.transformer import TransformerConfig

BATCH, HEADS, QUERY, KEY, D_K, D_V, D_MODEL, D_FF, VOCAB = 2, 3, 5, 7, 4, 6, 12, 20, 37
PAD, BOS, EOS = 0, 1, 2

LAYER_SIZES = {"d_model": D_MODEL, "num_heads": HEADS, "d_ff": D_FF}
STACK_SIZES = {"num_layers": 2} | LAYER_SIZES


def tiny_config(**changes) -> TransformerConfig:
    """Small sizes, pairwise distinct, no dropout."""
    return TransformerConfig(**({"vocab_size": VOCAB, "dropout": 0.0} | STACK_SIZES | changes))


def tiny_bert_config(**changes) -> BertConfig:
    """Small sizes, pairwise distinct, no dropout."""
    sizes = {"vocab_size": VOCAB, "dropout": 0.0, "max_length": 11} | STACK_SIZES
    return BertConfig(**(sizes | changes))


def normal(*shape: int, seed: int = 0, scale: float = 1.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(*shape, generator=generator, dtype=torch.float64)


def random_ids(*shape: int, seed: int = 0, vocab: int = VOCAB) -> Tensor:
    """Ordinary tokens, no padding, begin or end."""
    return torch.randint(3, vocab, shape, generator=torch.Generator().manual_seed(seed))


def padded_ids(*lengths: int, seed: int = 0, vocab: int = VOCAB) -> Tensor:
    """A padded batch with sentences of the given lengths."""
    ids = random_ids(len(lengths), max(lengths), seed=seed, vocab=vocab)
    return ids.masked_fill(torch.arange(max(lengths)) >= torch.tensor(lengths)[:, None], PAD)


def randomise(module: nn.Module, seed: int = 0, scale: float = 0.3) -> nn.Module:
    """Make all parameters N(0, scale) in float64: biases and norms too, which start trivial."""
    module.double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(0.0, scale, generator=generator)
    return module


# A parameter of ours, the oracle's parameter, and the oracle's rows that correspond to ours.
Pair = tuple[nn.Parameter, nn.Parameter, slice]


def copy_weights(pairs: Iterable[Pair]) -> None:
    with torch.no_grad():
        for ours, theirs, rows in pairs:
            assert ours.shape == theirs[rows].shape
            theirs[rows] = ours


def compare_gradients(agree, oracle: str, pairs: Iterable[Pair], tolerance: float = 1e-9) -> None:
    for ours, theirs, rows in pairs:
        agree(f"{oracle}: gradients", ours.grad, theirs.grad[rows], tolerance=tolerance)


def module_pairs(ours: nn.Module, theirs: nn.Module) -> list[Pair]:
    """Pairs of two modules with a weight and a bias: linear layers or norms."""
    whole = slice(None)
    return [(ours.weight, theirs.weight, whole), (ours.bias, theirs.bias, whole)]


def torch_attention_pairs(ours: nn.Module, theirs: nn.MultiheadAttention) -> list[Pair]:
    d_model = theirs.embed_dim
    pairs = module_pairs(ours.output_projection, theirs.out_proj)
    names = ("query_projection", "key_projection", "value_projection")
    for i, name in enumerate(names):
        rows = slice(i * d_model, (i + 1) * d_model)
        projection = getattr(ours, name)
        pairs.append((projection.weight, theirs.in_proj_weight, rows))
        pairs.append((projection.bias, theirs.in_proj_bias, rows))
    return pairs


def torch_encoder_pairs(ours: nn.Module, theirs: nn.TransformerEncoder) -> list[Pair]:
    pairs = [] if theirs.norm is None else module_pairs(ours.norm, theirs.norm)
    for a, b in zip(ours.layers, theirs.layers, strict=True):
        pairs += torch_attention_pairs(a.self_attention, b.self_attn)
        pairs += module_pairs(a.self_attention_residual.norm, b.norm1)
        pairs += module_pairs(a.feed_forward.inner, b.linear1)
        pairs += module_pairs(a.feed_forward.outer, b.linear2)
        pairs += module_pairs(a.feed_forward_residual.norm, b.norm2)
    return pairs


def torch_decoder_pairs(ours: nn.Module, theirs: nn.TransformerDecoder) -> list[Pair]:
    pairs = [] if theirs.norm is None else module_pairs(ours.norm, theirs.norm)
    for a, b in zip(ours.layers, theirs.layers, strict=True):
        pairs += torch_attention_pairs(a.self_attention, b.self_attn)
        pairs += torch_attention_pairs(a.source_attention, b.multihead_attn)
        pairs += module_pairs(a.self_attention_residual.norm, b.norm1)
        pairs += module_pairs(a.source_attention_residual.norm, b.norm2)
        pairs += module_pairs(a.feed_forward.inner, b.linear1)
        pairs += module_pairs(a.feed_forward.outer, b.linear2)
        pairs += module_pairs(a.feed_forward_residual.norm, b.norm3)
    return pairs


def marian_pairs(ours: nn.Module, theirs: nn.Module) -> list[Pair]:
    whole = slice(None)
    pairs = [(ours.embedding.weight, theirs.model.shared.weight, whole)]
    stacks = ((ours.encoder, theirs.model.encoder), (ours.decoder, theirs.model.decoder))
    for stack, their_stack in stacks:
        for a, b in zip(stack.layers, their_stack.layers, strict=True):
            pairs += _marian_attention_pairs(a.self_attention, b.self_attn)
            pairs += module_pairs(a.self_attention_residual.norm, b.self_attn_layer_norm)
            if stack is ours.decoder:
                pairs += _marian_attention_pairs(a.source_attention, b.encoder_attn)
                pairs += module_pairs(a.source_attention_residual.norm, b.encoder_attn_layer_norm)
            pairs += module_pairs(a.feed_forward.inner, b.fc1)
            pairs += module_pairs(a.feed_forward.outer, b.fc2)
            pairs += module_pairs(a.feed_forward_residual.norm, b.final_layer_norm)
    return pairs


def _marian_attention_pairs(ours: nn.Module, theirs: nn.Module) -> list[Pair]:
    names = {
        "query_projection": "q_proj",
        "key_projection": "k_proj",
        "value_projection": "v_proj",
        "output_projection": "out_proj",
    }
    pairs = []
    for a, b in names.items():
        pairs += module_pairs(getattr(ours, a), getattr(theirs, b))
    return pairs


def marian(config: TransformerConfig, positions: Tensor, attention: str = "eager"):
    """A MarianMTModel of the given sizes, with the given table of positions.

    Its own attention ("eager") is the independent one; "sdpa" is the fast one.
    """
    from transformers import MarianConfig, MarianMTModel

    marian_config = MarianConfig(
        vocab_size=config.vocab_size,
        d_model=config.d_model,
        encoder_layers=config.num_layers,
        decoder_layers=config.num_layers,
        encoder_attention_heads=config.num_heads,
        decoder_attention_heads=config.num_heads,
        encoder_ffn_dim=config.d_ff,
        decoder_ffn_dim=config.d_ff,
        activation_function="relu",
        scale_embedding=True,
        dropout=config.dropout,
        attention_dropout=0.0,
        activation_dropout=0.0,
        max_position_embeddings=len(positions),
        pad_token_id=config.pad_id,
        bos_token_id=config.bos_id,
        eos_token_id=config.eos_id,
        forced_eos_token_id=None,
        decoder_start_token_id=config.bos_id,
        attn_implementation=attention,
    )
    model = MarianMTModel(marian_config).to(positions.dtype)
    with torch.no_grad():
        model.model.encoder.embed_positions.weight.copy_(positions)
        model.model.decoder.embed_positions.weight.copy_(positions)
    return model


def bert_pairs(ours: nn.Module, theirs: nn.Module) -> list[Pair]:
    """Pairs of a `Bert` and a BertModel, with or without its pooler."""
    whole = slice(None)
    a, b = ours.embeddings, theirs.embeddings
    pairs = [
        (a.token.weight, b.word_embeddings.weight, whole),
        (a.segment.weight, b.token_type_embeddings.weight, whole),
        (a.position.weight, b.position_embeddings.weight, whole),
        *module_pairs(a.norm, b.LayerNorm),
    ]
    for a, b in zip(ours.encoder.layers, theirs.encoder.layer, strict=True):
        attention = a.self_attention
        pairs += module_pairs(attention.query_projection, b.attention.self.query)
        pairs += module_pairs(attention.key_projection, b.attention.self.key)
        pairs += module_pairs(attention.value_projection, b.attention.self.value)
        pairs += module_pairs(attention.output_projection, b.attention.output.dense)
        pairs += module_pairs(a.self_attention_residual.norm, b.attention.output.LayerNorm)
        pairs += module_pairs(a.feed_forward.inner, b.intermediate.dense)
        pairs += module_pairs(a.feed_forward.outer, b.output.dense)
        pairs += module_pairs(a.feed_forward_residual.norm, b.output.LayerNorm)
    if theirs.pooler is not None:
        pairs += module_pairs(ours.pooler, theirs.pooler.dense)
    return pairs


def pretraining_pairs(ours: nn.Module, theirs: nn.Module) -> list[Pair]:
    """Pairs of our BertForPreTraining and theirs."""
    head = theirs.cls.predictions
    return [
        *bert_pairs(ours.bert, theirs.bert),
        *module_pairs(ours.token_head.transform, head.transform.dense),
        *module_pairs(ours.token_head.norm, head.transform.LayerNorm),
        (ours.token_head.bias, head.bias, slice(None)),
        *module_pairs(ours.next_head, theirs.cls.seq_relationship),
    ]


def their_bert(kind: str, config: BertConfig, attention: str = "eager", **changes) -> nn.Module:
    """A model of transformers of the given sizes, such as "BertForPreTraining", in float64.

    Its own attention ("eager") is the independent one; "sdpa" is the fast one.
    """
    import transformers

    names = {"gelu": "gelu", "gelu_tanh": "gelu_new", "relu": "relu"}
    their_config = transformers.BertConfig(
        vocab_size=config.vocab_size,
        hidden_size=config.d_model,
        num_hidden_layers=config.num_layers,
        num_attention_heads=config.num_heads,
        intermediate_size=config.d_ff,
        max_position_embeddings=config.max_length,
        type_vocab_size=config.num_segments,
        hidden_act=names[config.activation],
        hidden_dropout_prob=config.dropout,
        attention_probs_dropout_prob=0.0,
        layer_norm_eps=config.eps,
        pad_token_id=config.pad_id,
        attn_implementation=attention,
        **changes,
    )
    return getattr(transformers, kind)(their_config).double()
