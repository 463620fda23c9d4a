"""Checkpoints: ours and those of transformers, each read by the other; and what does not fit."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from lib.bert import Bert, BertForPreTraining
from lib.checkpoints import CheckpointError, read_bert, read_bert_encoder, write_bert
from tests.lib.helpers import padded_ids, randomise, their_bert, tiny_bert_config

IDS = padded_ids(9, 4, 7)
SEGMENTS = (torch.arange(9) >= 3).long() * (IDS != 0)


def save_theirs(folder, kind="BertForPreTraining", **changes):
    torch.manual_seed(0)
    model = their_bert(kind, tiny_bert_config(**changes)).eval()
    randomise(model)
    model.save_pretrained(folder)
    return model


@pytest.mark.parametrize("changes", [{}, {"activation": "gelu_tanh", "eps": 1e-6, "pad_id": 1}])
def test_what_transformers_saves_is_read(agree, tmp_path, changes):
    theirs = save_theirs(tmp_path, **changes)
    ours = read_bert(tmp_path)
    assert ours.config == tiny_bert_config(**changes)
    assert not ours.training and all(p.requires_grad for p in ours.parameters())
    pad_id = ours.config.pad_id
    real = IDS != 0
    ids = IDS.where(real, pad_id)
    expected = theirs(ids, real.long(), SEGMENTS)
    logits = ours(ids, SEGMENTS).token_logits
    agree("a saved BertForPreTraining", logits[real], expected.prediction_logits[real])


@pytest.mark.parametrize("kind", ["BertModel", "BertForPreTraining", "BertForTokenClassification"])
def test_the_encoder_of_any_model_is_read(agree, tmp_path, kind):
    if kind == "BertForTokenClassification":  # which has no pooler
        save_theirs(tmp_path, kind)
        with pytest.raises(CheckpointError, match=r"2 missing, such as bert\.pooler\.dense\.bias"):
            read_bert_encoder(tmp_path)
        return
    theirs = save_theirs(tmp_path, kind)
    body = theirs if kind == "BertModel" else theirs.bert
    real = IDS != 0
    expected = body(IDS, real.long(), SEGMENTS).last_hidden_state[real]
    agree(f"a saved {kind}", read_bert_encoder(tmp_path)(IDS, SEGMENTS).hidden[real], expected)


@pytest.mark.parametrize("activation", ["gelu", "gelu_tanh", "relu"])
def test_transformers_reads_what_is_written(agree, tmp_path, activation):
    import transformers

    ours = randomise(BertForPreTraining(tiny_bert_config(activation=activation)))
    write_bert(ours, tmp_path)
    theirs, report = transformers.BertForPreTraining.from_pretrained(
        tmp_path, dtype=torch.float64, output_loading_info=True, attn_implementation="eager"
    )
    assert not any(report.values()), report
    real = IDS != 0
    expected = theirs(IDS, real.long(), SEGMENTS)
    output = ours(IDS, SEGMENTS)
    agree("written and read back", output.token_logits[real], expected.prediction_logits[real])
    agree("written and read back", output.next_logits, expected.seq_relationship_logits)
    again = read_bert(tmp_path)
    assert again.config == ours.config
    assert torch.equal(again(IDS, SEGMENTS).token_logits, output.token_logits)


def test_transformers_reads_an_encoder_alone(agree, tmp_path):
    import transformers

    ours = randomise(Bert(tiny_bert_config()))
    write_bert(ours, tmp_path)
    theirs = transformers.BertModel.from_pretrained(
        tmp_path, dtype=torch.float64, attn_implementation="eager"
    )
    agree(
        "an encoder written and read back",
        ours(IDS, SEGMENTS).pooled,
        theirs(IDS, (IDS != 0).long(), SEGMENTS).pooler_output,
    )
    assert torch.equal(read_bert_encoder(tmp_path)(IDS).hidden, ours(IDS).hidden)


def test_names_of_the_first_released_files_are_known(tmp_path):
    save_theirs(tmp_path)
    expected = read_bert(tmp_path)
    file = tmp_path / "model.safetensors"
    weights = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for name, tensor in load_file(file).items()
    }
    weights["bert.embeddings.position_ids"] = torch.arange(11)[None]
    weights["cls.predictions.decoder.weight"] = expected.bert.embeddings.token.weight.clone()
    save_file(weights, file)
    assert torch.equal(read_bert(tmp_path)(IDS).token_logits, expected(IDS).token_logits)


def change_config(folder, **changes):
    file = folder / "config.json"
    content = json.loads(file.read_text(encoding="utf-8")) | changes
    content = {name: value for name, value in content.items() if value is not None}
    file.write_text(json.dumps(content), encoding="utf-8")


def change_weights(folder, change):
    file = folder / "model.safetensors"
    weights = load_file(file)
    change(weights)
    save_file(weights, file)


def cut_off(folder):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


WORD = "bert.embeddings.word_embeddings.weight"
POOLER = "bert.pooler.dense.weight"
FAULTS = {
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "expected .*model.safetensors"),
    "no configuration": (lambda f: (f / "config.json").unlink(), "expected .*config.json"),
    "not JSON": (
        lambda f: (f / "config.json").write_text("{", encoding="utf-8"),
        "config.json is not JSON",
    ),
    "cut off": (cut_off, "damaged or cut off"),
    "another architecture": (
        lambda f: change_config(f, model_type="roberta"),
        'expected "model_type": "bert", got \'roberta\'',
    ),
    "other positions": (
        lambda f: change_config(f, position_embedding_type="relative_key"),
        "absolute positions, got 'relative_key'",
    ),
    "unknown activation": (
        lambda f: change_config(f, hidden_act="silu"),
        "one of gelu, .*, got 'silu'",
    ),
    "a size is missing": (lambda f: change_config(f, hidden_size=None), "expected hidden_size"),
    "a size is no size": (
        lambda f: change_config(f, hidden_size=0),
        "d_model of at least 1, got 0",
    ),
    "heads do not divide": (lambda f: change_config(f, num_attention_heads=5), "multiple of num_h"),
    "another shape": (
        lambda f: change_config(f, vocab_size=40),
        r"2 of another shape, such as .* \(37, 12\) instead of \(40, 12\)",
    ),
    "a layer more": (
        lambda f: change_config(f, num_hidden_layers=3),
        r"16 missing, such as bert\.encoder\.layer\.2",
    ),
    "a layer fewer": (
        lambda f: change_config(f, num_hidden_layers=1),
        r"16 not known here, such as bert\.encoder\.layer\.1",
    ),
    "a weight is missing": (
        lambda f: change_weights(f, lambda weights: weights.pop(POOLER)),
        "1 missing, such as bert.pooler.dense.weight. Nothing was loaded",
    ),
    "a weight too many": (
        lambda f: change_weights(f, lambda weights: weights.update(extra=torch.ones(1))),
        "1 not known here, such as extra",
    ),
    "not tied": (
        lambda f: change_weights(
            f, lambda w: w.update({"cls.predictions.decoder.weight": w[WORD] + 1})
        ),
        "equal to the token embeddings",
    ),
}


@pytest.mark.parametrize(("damage", "message"), FAULTS.values(), ids=FAULTS)
def test_what_does_not_fit_gets_one_clear_error(tmp_path, damage, message):
    save_theirs(tmp_path)
    damage(tmp_path)
    with pytest.raises(CheckpointError, match=message):
        read_bert(tmp_path)


def test_a_pre_norm_model_cannot_be_written(tmp_path):
    model = BertForPreTraining(tiny_bert_config(norm_first=True))
    with pytest.raises(ValueError, match="post-norm"):
        write_bert(model, tmp_path)
    assert not list(tmp_path.iterdir())
