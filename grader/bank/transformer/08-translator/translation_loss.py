"""Known answers to translation_loss; grader/bank/__init__.py explains the format."""


# %% mistake: the decoder is given the target itself, not shifted, and only has to copy
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, target_ids)
    return pieces.smoothed_cross_entropy(logits, labels, smoothing)


# %% mistake: the labels are shifted as well
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, decoder_input, smoothing)


# %% mistake: shifts a second time: logits at position i are compared with token i + 1
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits[:, :-1], labels[:, 1:], smoothing)


# %% mistake: the smoothing is forgotten
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, 0.0)


# %% mistake: the smoothing is always 0.1
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, 0.1)


# %% mistake: 1 − smoothing is handed on
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, 1 - smoothing)


# %% mistake: bos_id and pad_id are exchanged
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, model.pad_id, bos_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, smoothing)


# %% mistake: the start symbol is always 1
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, 1, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, smoothing)


# %% mistake: the padding is always 0
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, 0)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, smoothing)


# %% mistake: padding counts like a token
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, target_ids, smoothing)


# %% mistake: a sum instead of a mean
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, smoothing) * (labels != -100).sum()


# %% mistake: the mean over all positions, padding included in the number
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, smoothing) * (labels != -100).sum() / labels.numel()


# %% mistake: the mean of the sentences' means, so short sentences weigh more
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    rows = [pieces.smoothed_cross_entropy(a, b, smoothing) for a, b in zip(logits, labels)]
    return torch.stack(rows).mean()


# %% mistake: source and decoder input are exchanged
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(decoder_input, source_ids[:, : decoder_input.shape[1]])
    return pieces.smoothed_cross_entropy(logits, labels, smoothing)


# %% mistake: returns a Python number, which has no gradient
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, smoothing).item()


# %% mistake: the logits are computed without gradients
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    with torch.no_grad():
        logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, smoothing)


# %% mistake: a softmax before the loss, which has its own
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits.softmax(-1), labels, smoothing)


# %% mistake: the end token is left out of the loss
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits[:, :-1], labels[:, :-1], smoothing)


# %% mistake: the source is shifted, too
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(pieces.shift_right(source_ids, bos_id, model.pad_id)[0], decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, smoothing)


# %% mistake: the loss at padding is not ignored, since the labels keep pad_id
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return F.cross_entropy(logits.transpose(1, 2), labels.clamp(min=0), label_smoothing=smoothing)


# %% correct: PyTorch's cross-entropy
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    start = torch.full_like(target_ids[:, :1], bos_id)
    logits = model(source_ids, torch.cat([start, target_ids[:, :-1]], dim=1))
    return F.cross_entropy(
        logits.flatten(0, 1),
        target_ids.flatten(),
        ignore_index=model.pad_id,
        label_smoothing=smoothing,
    )


# %% correct: encode and decode apart, the loss by hand
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input = F.pad(target_ids, (1, 0), value=bos_id)[:, :-1]
    memory = model.encode(source_ids)
    log_p = model.decode(decoder_input, memory, source_ids).log_softmax(-1)
    real = target_ids != model.pad_id
    log_p, wanted = log_p[real], target_ids[real]
    right = log_p[torch.arange(len(wanted)), wanted]
    return -((1 - smoothing) * right + smoothing * log_p.mean(-1)).mean()


# %% correct: roll, and the pieces for the rest
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    decoder_input = target_ids.roll(1, dims=1)
    decoder_input[:, 0] = bos_id
    labels = pieces.shift_right(target_ids, bos_id, model.pad_id)[1]
    return pieces.smoothed_cross_entropy(model(source_ids, decoder_input), labels, smoothing=smoothing)


# %% correct: the loss with pad_id as ignore_index
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    inputs, _ = pieces.shift_right(target_ids, bos_id=bos_id, pad_id=model.pad_id)
    logits = model.forward(source_ids, inputs)
    return pieces.smoothed_cross_entropy(logits, target_ids, smoothing, ignore_index=model.pad_id)


# %% mistake: leaves the model in evaluation mode
def translation_loss(model, source_ids, target_ids, bos_id, smoothing=0.0):
    """Mean loss per target token under teacher forcing."""
    model.eval()
    decoder_input, labels = pieces.shift_right(target_ids, bos_id, model.pad_id)
    logits = model(source_ids, decoder_input)
    return pieces.smoothed_cross_entropy(logits, labels, smoothing)
