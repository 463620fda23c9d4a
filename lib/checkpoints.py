"""Reading and writing BERT's weights in the files of the `transformers` library.

A checkpoint is a folder with config.json, model.safetensors, and for the text vocab.txt. Whoever
has a network gets the released ones, such as google-bert/bert-base-uncased, in this form.
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from lib.bert import Bert, BertConfig, BertForPreTraining

CONFIG, WEIGHTS = "config.json", "model.safetensors"

# Our field of BertConfig: its name in config.json.
CONFIG_NAMES = {
    "vocab_size": "vocab_size",
    "d_model": "hidden_size",
    "num_layers": "num_hidden_layers",
    "num_heads": "num_attention_heads",
    "d_ff": "intermediate_size",
    "max_length": "max_position_embeddings",
    "num_segments": "type_vocab_size",
    "dropout": "hidden_dropout_prob",
    "activation": "hidden_act",
    "eps": "layer_norm_eps",
    "pad_id": "pad_token_id",
}
# What a configuration file may leave out, and then means.
CONFIG_DEFAULTS = {
    "hidden_dropout_prob": 0.1,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "pad_token_id": 0,
    "type_vocab_size": 2,
    "max_position_embeddings": 512,
}
ACTIVATION_NAMES = {
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "relu": "relu",
}

# The beginning of our names of weights: that of theirs. The first that fits counts.
LAYER_NAMES = {
    "self_attention.query_projection": "attention.self.query",
    "self_attention.key_projection": "attention.self.key",
    "self_attention.value_projection": "attention.self.value",
    "self_attention.output_projection": "attention.output.dense",
    "self_attention_residual.norm": "attention.output.LayerNorm",
    "feed_forward.inner": "intermediate.dense",
    "feed_forward.outer": "output.dense",
    "feed_forward_residual.norm": "output.LayerNorm",
}
NAMES = {
    "bert.embeddings.token": "bert.embeddings.word_embeddings",
    "bert.embeddings.segment": "bert.embeddings.token_type_embeddings",
    "bert.embeddings.position": "bert.embeddings.position_embeddings",
    "bert.embeddings.norm": "bert.embeddings.LayerNorm",
    "bert.pooler": "bert.pooler.dense",
    "token_head.transform": "cls.predictions.transform.dense",
    "token_head.norm": "cls.predictions.transform.LayerNorm",
    "token_head": "cls.predictions",
    "next_head": "cls.seq_relationship",
}
EMBEDDINGS = "bert.embeddings.word_embeddings.weight"
# Weights that say nothing new: copies of tied matrices, and the numbers 0, 1, 2, …
REPEATED = {
    "bert.embeddings.position_ids",
    "cls.predictions.decoder.weight",
    "cls.predictions.decoder.bias",
}


class CheckpointError(Exception):
    """A checkpoint does not fit: it says which file, what was expected, and what it holds."""


def read_bert(folder: Path) -> BertForPreTraining:
    """Read a BERT with its two heads.

    Args:
        folder: has config.json and model.safetensors of a `BertForPreTraining`.

    Returns:
        The model, in evaluation mode.

    Raises:
        CheckpointError: if a file is missing or damaged, is of another architecture, or its weights
            are not those that the model needs.
    """
    return _read(folder, BertForPreTraining)


def read_bert_encoder(folder: Path) -> Bert:
    """Read a BERT without its heads.

    Args:
        folder: has config.json and model.safetensors of a `BertModel`, or of a model with heads,
            which are left aside.

    Returns:
        The model, in evaluation mode.

    Raises:
        CheckpointError: as `read_bert`.
    """
    return _read(folder, Bert)


def write_bert(model: BertForPreTraining | Bert, folder: Path) -> None:
    """Write a BERT as `transformers` reads it, with `BertForPreTraining` or `BertModel`.

    Args:
        model: the model.
        folder: is made if it is not there; files in it of the same names are replaced.

    Raises:
        ValueError: if the model is pre-norm, which their BERT is not.
    """
    config = model.config
    if config.norm_first:
        raise ValueError("expected a post-norm model, norm_first=False: their BERT has no other")
    names = {ours: theirs for theirs, ours in ACTIVATION_NAMES.items()} | {"gelu_tanh": "gelu_new"}
    content: dict[str, Any] = {
        theirs: getattr(config, ours) for ours, theirs in CONFIG_NAMES.items()
    }
    content |= {
        "model_type": "bert",
        "architectures": ["BertModel" if isinstance(model, Bert) else "BertForPreTraining"],
        "hidden_act": names[config.activation],
        "attention_probs_dropout_prob": 0.0,
    }
    prefix = "bert." if isinstance(model, Bert) else ""
    weights = {
        _their_name(prefix + name).removeprefix(prefix): tensor.contiguous()
        for name, tensor in model.state_dict().items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})


def _read(folder: Path, kind: type) -> Any:
    config = _read_config(folder / CONFIG)
    file = folder / WEIGHTS
    if not file.is_file():
        raise CheckpointError(f"expected {file}, but there is none")
    try:
        found = load_file(file)
    except SafetensorError as error:
        raise CheckpointError(f"{file} is damaged or cut off: {error}") from error
    found = {_modern_name(name): tensor for name, tensor in found.items()}
    if not any(name.startswith("bert.") for name in found):
        found = {f"bert.{name}": tensor for name, tensor in found.items()}

    try:
        with torch.device("meta"):
            model = kind(config)
    except ValueError as error:
        raise CheckpointError(f"{folder / CONFIG}: {error}") from error
    prefix = "bert." if kind is Bert else ""
    needed = {_their_name(prefix + name): name for name in model.state_dict()}
    _check_weights(file, {name: model.state_dict()[ours] for name, ours in needed.items()}, found)
    output = found.get("cls.predictions.decoder.weight")
    if output is not None and not torch.equal(output, found[EMBEDDINGS]):
        raise CheckpointError(
            f"{file}: expected an output matrix equal to the token embeddings, got another one"
        )
    state = {ours: found[theirs] for theirs, ours in needed.items()}
    model.load_state_dict(state, assign=True)
    for parameter in model.parameters():  # what is assigned keeps the file's setting
        parameter.requires_grad_(True)
    return model.eval()


def _read_config(file: Path) -> BertConfig:
    if not file.is_file():
        raise CheckpointError(f"expected {file}, but there is none")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(f"{file} is not JSON: {error}") from error
    if not isinstance(content, dict) or content.get("model_type") != "bert":
        found = content.get("model_type") if isinstance(content, dict) else content
        raise CheckpointError(f'{file}: expected "model_type": "bert", got {found!r}')
    if content.get("position_embedding_type", "absolute") != "absolute":
        raise CheckpointError(
            f"{file}: expected absolute positions, got {content['position_embedding_type']!r}"
        )
    content = CONFIG_DEFAULTS | content
    missing = [theirs for theirs in CONFIG_NAMES.values() if theirs not in content]
    if missing:
        raise CheckpointError(f"{file}: expected {', '.join(missing)}, which it does not have")
    if content["hidden_act"] not in ACTIVATION_NAMES:
        raise CheckpointError(
            f'{file}: expected "hidden_act" to be one of {", ".join(ACTIVATION_NAMES)}, got '
            f"{content['hidden_act']!r}"
        )
    values: dict[str, Any] = {ours: content[theirs] for ours, theirs in CONFIG_NAMES.items()}
    values["activation"] = ACTIVATION_NAMES[content["hidden_act"]]
    try:
        return BertConfig(**values)
    except (ValueError, TypeError) as error:
        raise CheckpointError(f"{file}: {error}") from error


def _check_weights(file: Path, needed: dict[str, Tensor], found: dict[str, Tensor]) -> None:
    missing = sorted(needed.keys() - found.keys())
    with_heads = any(name.startswith("cls.") for name in needed)
    surplus = sorted(
        name
        for name in found.keys() - needed.keys() - REPEATED
        if with_heads or name.startswith("bert.")
    )
    wrong = [
        f"{name} {tuple(found[name].shape)} instead of {tuple(tensor.shape)}"
        for name, tensor in needed.items()
        if name in found and found[name].shape != tensor.shape
    ]
    faults = {"missing": missing, "not known here": surplus, "of another shape": wrong}
    if any(faults.values()):
        said = "; ".join(
            f"{len(names)} {what}, such as {names[0]}" for what, names in faults.items() if names
        )
        raise CheckpointError(f"{file} does not fit {CONFIG} beside it: {said}. Nothing was loaded")


def _their_name(ours: str) -> str:
    """Their name of a weight of a `BertForPreTraining` of ours."""
    start, _, rest = ours.partition("bert.encoder.layers.")
    if not start and rest:
        number, _, within = rest.partition(".")
        return f"bert.encoder.layer.{number}.{_replace_start(within, LAYER_NAMES)}"
    return _replace_start(ours, NAMES)


def _replace_start(name: str, table: dict[str, str]) -> str:
    for ours, theirs in table.items():
        if name.startswith(f"{ours}."):
            return theirs + name.removeprefix(ours)
    raise KeyError(name)


def _modern_name(name: str) -> str:
    """The first released files call a norm's weight gamma and its bias beta."""
    return name.replace("LayerNorm.gamma", "LayerNorm.weight").replace(
        "LayerNorm.beta", "LayerNorm.bias"
    )
