# ruff: noqa
"""Known answers for the notebook 07-training-and-decoding; see grader/instructors.py."""

# %% mistake in shift_right: the input is not shifted, so the decoder reads the very token it should answer
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return clean, target_ids.masked_fill(padding, -100)

# %% mistake in shift_right: the input is shifted left, so it shows the future
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([clean[:, 1:], begin], dim=1), target_ids.masked_fill(padding, -100)

# %% mistake in shift_right: the last token wraps round to the front in place of bos_id
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return clean.roll(1, dims=1), target_ids.masked_fill(padding, -100)

# %% mistake in shift_right: shifts from one sentence to the next
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([torch.full_like(clean[:1], bos_id), clean[:-1]]), target_ids.masked_fill(padding, -100)

# %% mistake in shift_right: shifts the flattened batch, so a sentence begins with the last token of the one before
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin[:1, 0], clean.flatten()[:-1]]).view_as(clean), target_ids.masked_fill(padding, -100)

# %% mistake in shift_right: bos_id is put in front and nothing is dropped, so the input is one longer
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin, clean], dim=1), target_ids.masked_fill(padding, -100)

# %% mistake in shift_right: bos_id overwrites the first token, nothing moves
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin, clean[:, 1:]], dim=1), target_ids.masked_fill(padding, -100)

# %% mistake in shift_right: begins with pad_id instead of bos_id
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([torch.full_like(begin, pad_id), clean[:, :-1]], dim=1), target_ids.masked_fill(padding, -100)

# %% mistake in shift_right: the labels are shifted too
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin, clean[:, :-1]], dim=1), torch.cat([begin, clean[:, :-1]], dim=1).masked_fill(padding, -100)

# %% mistake in shift_right: the labels are shifted left once more, so the first token is never learned
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin, clean[:, :-1]], dim=1), torch.cat([target_ids.masked_fill(padding, -100)[:, 1:], torch.full_like(begin, -100)], dim=1)

# %% mistake in shift_right: slices both, as for targets that already begin with bos_id
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return clean[:, :-1], target_ids.masked_fill(padding, -100)[:, 1:]

# %% mistake in shift_right: −100 stays in the decoder input
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin, target_ids[:, :-1]], dim=1), target_ids.masked_fill(padding, -100)

# %% mistake in shift_right: the padding stays in the labels
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin, clean[:, :-1]], dim=1), target_ids

# %% mistake in shift_right: the labels hold pad_id where they should be −100
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin, clean[:, :-1]], dim=1), clean

# %% mistake in shift_right: the padding in the decoder input is −100 too
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    labels = target_ids.masked_fill(padding, -100)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin, labels[:, :-1]], dim=1), labels

# %% mistake in shift_right: takes 0 for the padding, whatever pad_id is
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == 0) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin, clean[:, :-1]], dim=1), target_ids.masked_fill(padding, -100)

# %% mistake in shift_right: labels where the input is padding are ignored, so the padding after the end token is learned
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    inputs = torch.cat([begin, clean[:, :-1]], dim=1)
    return inputs, target_ids.masked_fill(inputs == pad_id, -100)

# %% mistake in shift_right: changes the caller's ids in place
def shift_right(target_ids, bos_id, pad_id):
    target_ids[target_ids == -100] = pad_id
    begin = torch.full_like(target_ids[:, :1], bos_id)
    labels = target_ids.masked_fill(target_ids == pad_id, -100)
    return torch.cat([begin, target_ids[:, :-1]], dim=1), labels

# %% mistake in shift_right: returns the decoder input alone
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return torch.cat([begin, clean[:, :-1]], dim=1)

# %% mistake in shift_right: returns the labels first
def shift_right(target_ids, bos_id, pad_id):
    padding = (target_ids == pad_id) | (target_ids == -100)
    clean = target_ids.masked_fill(padding, pad_id)
    begin = torch.full_like(target_ids[:, :1], bos_id)
    return target_ids.masked_fill(padding, -100), torch.cat([begin, clean[:, :-1]], dim=1)

# %% correct shift_right: begin token and slice, concatenated
def shift_right(target_ids, bos_id, pad_id):
    clean = torch.where(target_ids == -100, pad_id, target_ids)
    begin = torch.full((len(clean), 1), bos_id)
    labels = torch.where(clean == pad_id, -100, clean)
    return torch.cat((begin, clean[:, :-1]), dim=-1), labels

# %% correct shift_right: filled into a new tensor, the padding replaced afterwards
def shift_right(target_ids, bos_id, pad_id):
    decoder_input = target_ids.new_zeros(target_ids.shape)
    decoder_input[:, 1:] = target_ids[:, :-1].clone()
    decoder_input[:, 0] = bos_id
    decoder_input.masked_fill_(decoder_input == -100, pad_id)
    labels = target_ids.clone()
    labels[labels == pad_id] = -100
    return decoder_input, labels

# %% correct shift_right: F.pad on the left
def shift_right(target_ids, bos_id, pad_id):
    clean = target_ids.masked_fill(target_ids.eq(-100), pad_id)
    labels = clean.masked_fill(clean.eq(pad_id), -100)
    return torch.nn.functional.pad(clean, (1, 0), value=bos_id)[:, :-1], labels

# %% correct shift_right: lists of Python
def shift_right(target_ids, bos_id, pad_id):
    inputs, labels = [], []
    for row in target_ids.tolist():
        previous = bos_id
        inputs.append([])
        labels.append([])
        for token in row:
            token = pad_id if token == -100 else token
            inputs[-1].append(previous)
            labels[-1].append(-100 if token == pad_id else token)
            previous = token
    return torch.tensor(inputs), torch.tensor(labels)

# %% mistake in smoothed_cross_entropy: the smoothing is left out
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -right
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)

# %% mistake in smoothed_cross_entropy: ε is spread over the K − 1 wrong entries only
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * (log_p.sum(-1) - right) / (log_p.shape[-1] - 1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)

# %% mistake in smoothed_cross_entropy: the target has exactly 1 − ε, the others ε/K, so they do not sum to 1
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * (log_p.sum(-1) - right) / log_p.shape[-1]
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)

# %% mistake in smoothed_cross_entropy: ε is taken from the target and given to nobody
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)

# %% mistake in smoothed_cross_entropy: the log-probabilities are summed, not averaged, in the smoothing term
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.sum(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)

# %% mistake in smoothed_cross_entropy: ε and 1 − ε are exchanged
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -smoothing * right - (1 - smoothing) * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)

# %% mistake in smoothed_cross_entropy: the smoothing term is added to the full loss of the target
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)

# %% mistake in smoothed_cross_entropy: the sign is missing
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = (1 - smoothing) * right + smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)

# %% mistake in smoothed_cross_entropy: the entry of ignore_index gets no share of the smoothing
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * ((log_p.sum(-1) - log_p[..., ignore_index]) / (log_p.shape[-1] - 1) if 0 <= ignore_index else log_p.mean(-1))
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)

# %% mistake in smoothed_cross_entropy: the Kullback–Leibler divergence, which lacks the entropy of the smoothed labels
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    wanted = torch.full_like(log_p, smoothing / log_p.shape[-1])
    index = targets.masked_fill(~counts, 0)[..., None]
    wanted = wanted.scatter(-1, index, 1 - smoothing + smoothing / log_p.shape[-1])
    loss = (torch.xlogy(wanted, wanted) - wanted * log_p).sum(-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)

# %% mistake in smoothed_cross_entropy: divides by all positions, the ignored ones too
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).mean()

# %% mistake in smoothed_cross_entropy: ignored positions count as the target 0
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.mean()

# %% mistake in smoothed_cross_entropy: the sum instead of the mean
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum()

# %% mistake in smoothed_cross_entropy: the mean of the sentences' means, so tokens of short sentences weigh more
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return (loss.masked_fill(~counts, 0.0).sum(-1) / counts.sum(-1).clamp(min=1)).mean()

# %% mistake in smoothed_cross_entropy: returns the loss of each position
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0)

# %% mistake in smoothed_cross_entropy: a batch of nothing but ignored positions gives NaN
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum()

# %% mistake in smoothed_cross_entropy: the mean over a selection, which is NaN when nothing is selected
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss[counts].mean()

# %% mistake in smoothed_cross_entropy: −100 is ignored, whatever ignore_index is
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != -100
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)

# %% mistake in smoothed_cross_entropy: 0 is ignored as padding, whatever ignore_index is
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = (targets != ignore_index) & (targets != 0)
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)

# %% mistake in smoothed_cross_entropy: the logarithm of a softmax gives infinity for large logits
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.softmax(dim=-1).log()
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)

# %% mistake in smoothed_cross_entropy: a small number added inside the logarithm changes it
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = (logits.softmax(dim=-1) + 1e-9).log()
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)

# %% mistake in smoothed_cross_entropy: the softmax is taken twice
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.softmax(dim=-1).log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)

# %% mistake in smoothed_cross_entropy: the softmax runs over dimension 1, which is the length in a batch
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=1 if logits.ndim > 1 else 0)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)

# %% mistake in smoothed_cross_entropy: the log-softmax is missing
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)

# %% mistake in smoothed_cross_entropy: uses −100 as an index, which fails
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return (loss * counts).sum() / counts.sum().clamp(min=1)

# %% mistake in smoothed_cross_entropy: the result is a number without a gradient
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return torch.tensor((loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)).item(), dtype=logits.dtype)

# %% mistake in smoothed_cross_entropy: uses PyTorch's own answer, which this notebook forbids
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    logits = logits.reshape(-1, logits.shape[-1])
    loss = F.cross_entropy(logits, targets.reshape(-1), reduction="sum",
                           label_smoothing=smoothing, ignore_index=ignore_index)
    return loss / (targets != ignore_index).sum().clamp(min=1)

# %% correct smoothed_cross_entropy: the smoothed labels written out as a one-hot mixture
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    size = logits.shape[-1]
    counts = targets.ne(ignore_index)
    one_hot = F.one_hot(torch.where(counts, targets, 0), size).to(logits.dtype)
    wanted = one_hot * (1 - smoothing) + smoothing / size
    loss = -(wanted * F.log_softmax(logits, -1)).sum(-1) * counts
    return loss.sum() / max(int(counts.sum()), 1)

# %% correct smoothed_cross_entropy: only the positions that count, selected first
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    if not counts.any():
        return logits.sum() * 0.0
    log_p = torch.log_softmax(logits[counts], dim=-1)
    right = log_p[torch.arange(len(log_p)), targets[counts]]
    return -((1 - smoothing) * right + smoothing * log_p.mean(-1)).mean()

# %% correct smoothed_cross_entropy: logsumexp minus the expected logit
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    index = targets.where(counts, torch.zeros_like(targets)).unsqueeze(-1)
    right = logits.gather(-1, index).squeeze(-1)
    expected = (1 - smoothing) * right + smoothing * logits.mean(-1)
    loss = torch.where(counts, logits.logsumexp(-1) - expected, 0.0)
    return loss.sum() / counts.sum().clamp(min=1)

# %% correct smoothed_cross_entropy: nll_loss for the target, a mean for the rest
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    log_p = F.log_softmax(logits.reshape(-1, logits.shape[-1]), dim=-1)
    targets = targets.reshape(-1)
    if (targets == ignore_index).all():
        return log_p.new_zeros(())
    right = F.nll_loss(log_p, targets, ignore_index=ignore_index)
    uniform = -log_p[targets != ignore_index].mean()
    return (1 - smoothing) * right + smoothing * uniform

# %% mistake in sequence_log_probability: the padding counts
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.sum(dim=-1)

# %% mistake in sequence_log_probability: the mean over the tokens instead of the sum
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1) / (target_ids != pad_id).sum(dim=-1).clamp(min=1)

# %% mistake in sequence_log_probability: the sum over the whole batch
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum()

# %% mistake in sequence_log_probability: the sum over the sentences, for each position
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=0)

# %% mistake in sequence_log_probability: the sign is turned round, as in a loss
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return -tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)

# %% mistake in sequence_log_probability: the logits are summed without a softmax
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)

# %% mistake in sequence_log_probability: probabilities are summed instead of logarithms
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)

# %% mistake in sequence_log_probability: the probability instead of its logarithm
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1).exp()

# %% mistake in sequence_log_probability: a product of probabilities is too small for a float
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 1.0).prod(dim=-1).log()

# %% mistake in sequence_log_probability: the logarithm of a softmax gives infinity for large logits
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.softmax(dim=-1).log()
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)

# %% mistake in sequence_log_probability: the softmax runs over the positions
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)

# %% mistake in sequence_log_probability: the best token's log-probability instead of the target's
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.amax(dim=-1)
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)

# %% mistake in sequence_log_probability: the targets are shifted against the logits, which are already aligned
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p[:, :-1].gather(-1, target_ids[:, 1:, None])[:, :, 0]
    return tokens.masked_fill(target_ids[:, 1:] == pad_id, 0.0).sum(dim=-1)

# %% mistake in sequence_log_probability: the first token is left out, as if it were the begin token
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0)[:, 1:].sum(dim=-1)

# %% mistake in sequence_log_probability: takes 0 for the padding, whatever pad_id is
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == 0, 0.0).sum(dim=-1)

# %% mistake in sequence_log_probability: the first sentence's padding serves all
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids[:1] == pad_id, 0.0).sum(dim=-1)

# %% mistake in sequence_log_probability: padding is hidden with −inf, so a padded sentence has the probability 0
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, -torch.inf).sum(dim=-1)

# %% mistake in sequence_log_probability: padding is taken out of the scores before the softmax, so its column loses its weight
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.masked_fill(torch.arange(logits.shape[-1]) == pad_id, -1e30).log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)

# %% mistake in sequence_log_probability: the result is cut off from the gradient
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1).detach()

# %% correct sequence_log_probability: a one-hot product and a mask that multiplies
def sequence_log_probability(logits, target_ids, pad_id):
    one_hot = F.one_hot(target_ids, logits.shape[-1]).to(logits.dtype)
    tokens = (F.log_softmax(logits, dim=-1) * one_hot).sum(-1)
    return (tokens * (target_ids != pad_id)).sum(1)

# %% correct sequence_log_probability: logit minus logsumexp, indexed
def sequence_log_probability(logits, target_ids, pad_id):
    batch, length = target_ids.shape
    rows, columns = torch.arange(batch)[:, None], torch.arange(length)
    tokens = logits[rows, columns, target_ids] - logits.logsumexp(dim=-1)
    return torch.where(target_ids == pad_id, 0.0, tokens).sum(dim=1)

# %% correct sequence_log_probability: one sentence after another
def sequence_log_probability(logits, target_ids, pad_id):
    sums = []
    for scores, targets in zip(logits, target_ids):
        real = targets != pad_id
        log_p = torch.log_softmax(scores[real], dim=-1)
        sums.append(log_p[torch.arange(len(log_p)), targets[real]].sum())
    return torch.stack(sums)

# %% correct sequence_log_probability: nll_loss without reduction
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(-1).transpose(1, 2)
    return -F.nll_loss(log_p, target_ids, ignore_index=pad_id, reduction="none").sum(dim=-1)

# %% mistake in warmup_learning_rate: max instead of min
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * max(step**-0.5, step * warmup_steps**-1.5)

# %% mistake in warmup_learning_rate: multiplies by √d_model
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**0.5 * min(step**-0.5, step * warmup_steps**-1.5)

# %% mistake in warmup_learning_rate: divides by d_model instead of its root
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor / d_model * min(step**-0.5, step * warmup_steps**-1.5)

# %% mistake in warmup_learning_rate: d_model is left out
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * min(step**-0.5, step * warmup_steps**-1.5)

# %% mistake in warmup_learning_rate: the warm-up is missing
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * step**-0.5

# %% mistake in warmup_learning_rate: the decay is missing: the rate stays at its highest
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * min(warmup_steps**-0.5, step * warmup_steps**-1.5)

# %% mistake in warmup_learning_rate: the rate rises for ever
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * step * warmup_steps**-1.5

# %% mistake in warmup_learning_rate: the exponent of the warm-up is −0.5 instead of −1.5
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * min(step**-0.5, step * warmup_steps**-0.5)

# %% mistake in warmup_learning_rate: the decay is linear in 1/step
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * (step * warmup_steps**-1.5 if step < warmup_steps else warmup_steps**0.5 / step)

# %% mistake in warmup_learning_rate: after the warm-up, the steps are counted anew from its end
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * (step * warmup_steps**-1.5 if step <= warmup_steps else (step - warmup_steps) ** -0.5)

# %% mistake in warmup_learning_rate: the warm-up rises with the root of the step
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * min(step**-0.5, step**0.5 / warmup_steps)

# %% mistake in warmup_learning_rate: steps are counted from 0, so every rate is that of the next step
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * min((step + 1) ** -0.5, (step + 1) * warmup_steps**-1.5)

# %% mistake in warmup_learning_rate: the first step has the rate 0
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * min(max(step - 1, 1) ** -0.5, (step - 1) * warmup_steps**-1.5)

# %% mistake in warmup_learning_rate: the warm-up always takes 4000 steps
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * min(step**-0.5, step * 4000**-1.5)

# %% mistake in warmup_learning_rate: the factor is ignored
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return d_model**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)

# %% mistake in warmup_learning_rate: the factor multiplies the warm-up alone
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return d_model**-0.5 * min(step**-0.5, factor * step * warmup_steps**-1.5)

# %% mistake in warmup_learning_rate: step 0 divides by zero
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    return factor * d_model**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)

# %% mistake in warmup_learning_rate: step 0 is taken for step 1
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    step = max(step, 1)
    return factor * d_model**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)

# %% mistake in warmup_learning_rate: step 0 is refused, negative steps are not
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step == 0:
        raise ValueError("no step 0")
    return factor * d_model**-0.5 * min(abs(step)**-0.5, step * warmup_steps**-1.5)

# %% correct warmup_learning_rate: two branches with square roots
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    import math
    if step <= 0:
        raise ValueError("steps are counted from 1")
    if step < warmup_steps:
        rate = step / warmup_steps / math.sqrt(warmup_steps)
    else:
        rate = 1 / math.sqrt(step)
    return factor * rate / math.sqrt(d_model)

# %% correct warmup_learning_rate: the highest rate times a share
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if not step >= 1:
        raise ValueError(f"step {step} does not exist")
    peak = factor / (d_model * warmup_steps) ** 0.5
    return peak * min(step / warmup_steps, (warmup_steps / step) ** 0.5)

# %% correct warmup_learning_rate: tensors of float64
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(step)
    step = torch.tensor(float(step), dtype=torch.float64)
    rate = torch.minimum(step.rsqrt(), step * float(warmup_steps) ** -1.5)
    return (factor * rate * float(d_model) ** -0.5).item()

# %% mistake in average_checkpoints: the sum is not divided
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name] for s in state_dicts]).sum(dim=0) if last.is_floating_point() else last.clone()
    return average

# %% mistake in average_checkpoints: the sum is divided by one too few
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name] for s in state_dicts]).sum(dim=0) / max(len(state_dicts) - 1, 1) if last.is_floating_point() else last.clone()
    return average

# %% mistake in average_checkpoints: only the last checkpoint is returned
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    return {name: value.clone() for name, value in state_dicts[-1].items()}

# %% mistake in average_checkpoints: only the first and the last checkpoint are averaged
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = (state_dicts[0][name] + last) / 2 if last.is_floating_point() else last.clone()
    return average

# %% mistake in average_checkpoints: a running average that halves the weight of all earlier checkpoints
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = dict(state_dicts[0])
    for state in state_dicts[1:]:
        for name, value in state.items():
            if value.is_floating_point():
                average[name] = (average[name] + value) / 2
            else:
                average[name] = value
    return average

# %% mistake in average_checkpoints: always the last five, and always divided by five
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = sum(s[name] for s in state_dicts[-5:]) / 5 if last.is_floating_point() else last.clone()
    return average

# %% mistake in average_checkpoints: the last five only, although more were given
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name] for s in state_dicts[-5:]]).mean(dim=0) if last.is_floating_point() else last.clone()
    return average

# %% mistake in average_checkpoints: adds into the tensors of the first checkpoint
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = dict(state_dicts[0])
    for state in state_dicts[1:]:
        for name, value in state.items():
            if value.is_floating_point():
                average[name] += value
            else:
                average[name] = value
    for name, value in average.items():
        if value.is_floating_point():
            average[name] = value / len(state_dicts)
    return average

# %% mistake in average_checkpoints: writes the average into the last dict
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = state_dicts[-1]
    for name, value in list(average.items()):
        if value.is_floating_point():
            average[name] = torch.stack([s[name] for s in state_dicts]).mean(dim=0)
    return average

# %% mistake in average_checkpoints: integers are averaged and become floats
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name].double() for s in state_dicts]).mean(dim=0).to(last.dtype if last.is_floating_point() else torch.float32) if True else last.clone()
    return average

# %% mistake in average_checkpoints: integers are averaged and rounded down
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = (sum(s[name].double() for s in state_dicts) / len(state_dicts)).to(last.dtype) if True else last.clone()
    return average

# %% mistake in average_checkpoints: integers are taken from the first checkpoint
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name] for s in state_dicts]).mean(dim=0) if last.is_floating_point() else state_dicts[0][name].clone()
    return average

# %% mistake in average_checkpoints: integers are left out
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    return {
        name: torch.stack([s[name] for s in state_dicts]).mean(dim=0)
        for name, value in state_dicts[0].items()
        if value.is_floating_point()
    }

# %% mistake in average_checkpoints: Booleans are combined with “and” instead of taken from the last
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name] for s in state_dicts]).mean(dim=0) if last.is_floating_point() else last.clone() if last.dtype != torch.bool else torch.stack([s[name] for s in state_dicts]).all(dim=0)
    return average

# %% mistake in average_checkpoints: only the weights are averaged, the biases are those of the last
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name] for s in state_dicts]).mean(dim=0) if name.endswith('weight') else last.clone()
    return average

# %% mistake in average_checkpoints: everything becomes float32
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name].float() for s in state_dicts]).mean(dim=0) if last.is_floating_point() else last.clone()
    return average

# %% mistake in average_checkpoints: the mean runs over all numbers of a parameter, not over the checkpoints
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name] for s in state_dicts]).mean().expand(last.shape) if last.is_floating_point() else last.clone()
    return average

# %% mistake in average_checkpoints: an empty list gives an empty dict
def average_checkpoints(state_dicts):
    if not state_dicts:
        return {}
    if any(state.keys() != state_dicts[0].keys() for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        same = torch.stack([s[name] for s in state_dicts])
        average[name] = same.mean(dim=0) if last.is_floating_point() else last.clone()
    return average

# %% mistake in average_checkpoints: an empty list ends in an IndexError
def average_checkpoints(state_dicts):
    if any(state.keys() != state_dicts[0].keys() for state in state_dicts):
        raise ValueError("different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name] for s in state_dicts]).mean(dim=0) if last.is_floating_point() else last.clone()
    return average

# %% mistake in average_checkpoints: a name that the last dict lacks is dropped in silence
def average_checkpoints(state_dicts):
    if not state_dicts or any(state_dicts[-1].keys() - s.keys() for s in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name] for s in state_dicts]).mean(dim=0) if last.is_floating_point() else last.clone()
    return average

# %% mistake in average_checkpoints: a name that some dict lacks ends in a KeyError
def average_checkpoints(state_dicts):
    if not state_dicts:
        raise ValueError("nothing to average")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name] for s in state_dicts]).mean(dim=0) if last.is_floating_point() else last.clone()
    return average

# %% correct average_checkpoints: a running sum that starts from zeros
def average_checkpoints(state_dicts):
    if len(state_dicts) == 0:
        raise ValueError("no checkpoints")
    average = {}
    for name in state_dicts[0]:
        for state in state_dicts:
            if set(state) != set(state_dicts[0]):
                raise ValueError("the checkpoints have different names")
        last = state_dicts[-1][name]
        if torch.is_floating_point(last):
            total = torch.zeros_like(last)
            for state in state_dicts:
                total += state[name]
            average[name] = total / len(state_dicts)
        else:
            average[name] = last
    return average

# %% correct average_checkpoints: a running mean
def average_checkpoints(state_dicts):
    if not state_dicts:
        raise ValueError("no checkpoints")
    average = {name: value.clone() for name, value in state_dicts[0].items()}
    for n, state in enumerate(state_dicts[1:], start=2):
        if sorted(state) != sorted(average):
            raise ValueError(f"checkpoint {n} has other names")
        for name, value in state.items():
            if value.dtype.is_floating_point:
                average[name] = average[name] + (value - average[name]) / n
            else:
                average[name] = value.clone()
    return average

# %% correct average_checkpoints: a comprehension over the names
def average_checkpoints(state_dicts):
    names = {frozenset(state) for state in state_dicts}
    if len(names) != 1:
        raise ValueError(f"expected one set of names, got {len(names)}")
    share = 1 / len(state_dicts)
    return {
        name: sum(state[name] * share for state in state_dicts) if value.is_floating_point() else value
        for name, value in state_dicts[-1].items()
    }

# %% mistake in greedy_decode: the result holds the prefix too
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids

# %% mistake in greedy_decode: the result lacks the first new token, as if the prefix were one longer
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] + 1 :]

# %% mistake in greedy_decode: only one token of the prefix is cut off
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, 1:]

# %% mistake in greedy_decode: takes the lowest score
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmin(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]

# %% mistake in greedy_decode: the first sentence decides for all
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores[:1].argmax(dim=-1).expand(len(prefix))
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]

# %% mistake in greedy_decode: the highest score is looked for over the sentences
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=0)[: len(prefix)]
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]

# %% mistake in greedy_decode: one index into the flattened scores
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax().expand(len(prefix))
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]

# %% mistake in greedy_decode: the model is given the last token alone
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids[:, -1:])
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]

# %% mistake in greedy_decode: the model is given the prefix every time
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(prefix)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]

# %% mistake in greedy_decode: the model is given the new tokens without the prefix
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids[:, prefix.shape[1] :] if ids.shape[1] > prefix.shape[1] else prefix)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]

# %% mistake in greedy_decode: only the first token of the prefix is used
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix[:, :1]
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        best = next_scores(ids).argmax(dim=-1).masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, 1:]

# %% mistake in greedy_decode: goes on writing after the end token
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]

# %% mistake in greedy_decode: stops for a single step, then goes on writing
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = best == eos_id
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]

# %% mistake in greedy_decode: writes end tokens instead of padding after the end
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, eos_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]

# %% mistake in greedy_decode: pads with 0, whatever pad_id is
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, 0)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]

# %% mistake in greedy_decode: the end token is replaced by padding
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :].masked_fill(ids[:, prefix.shape[1] :] == eos_id, pad_id)

# %% mistake in greedy_decode: stops before the end token is written
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        best = next_scores(ids).argmax(dim=-1)
        ended = ended | (best == eos_id)
        if ended.all():
            break
        ids = torch.cat([ids, best.masked_fill(ended, pad_id)[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]

# %% mistake in greedy_decode: stops as soon as one sentence has ended
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.any():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]

# %% mistake in greedy_decode: never stops early
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if False:
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]

# %% mistake in greedy_decode: an end token in the prefix counts as the end
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = (prefix == eos_id).any(dim=1)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]

# %% mistake in greedy_decode: looks for an end token in all ids, the prefix included
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = (torch.cat([ids, best[:, None]], dim=1) == eos_id).any(dim=1)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]

# %% mistake in greedy_decode: max_length counts the prefix too
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length - prefix.shape[1]):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]

# %% mistake in greedy_decode: writes one token too many
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length + 1):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]

# %% mistake in greedy_decode: of equal scores, the highest id wins
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.shape[-1] - 1 - scores.flip(-1).argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]

# %% mistake in greedy_decode: the result is padded to max_length
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        scores = next_scores(ids)
        best = scores.argmax(dim=-1)
        best = best.masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return torch.nn.functional.pad(ids[:, prefix.shape[1] :], (0, max_length - ids.shape[1] + prefix.shape[1]), value=pad_id)

# %% mistake in greedy_decode: the padding is put in at the end only, so the model reads what was written after the end
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids, ends = prefix, torch.full((len(prefix),), max_length)
    for step in range(max_length):
        best = next_scores(ids).argmax(dim=-1)
        ids = torch.cat([ids, best[:, None]], dim=1)
        ends = torch.where((best == eos_id) & (ends == max_length), step, ends)
        if (ends < max_length).all():
            break
    new = ids[:, prefix.shape[1] :]
    return new.masked_fill(torch.arange(new.shape[1]) > ends[:, None], pad_id)

# %% mistake in greedy_decode: ended sentences are no longer given to the model
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    for _ in range(max_length):
        if ended.all():
            break
        best = torch.full((len(prefix),), pad_id)
        best[~ended] = next_scores(ids[~ended]).argmax(dim=-1)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
    return ids[:, prefix.shape[1] :]

# %% mistake in greedy_decode: with max_length=0 one token is written
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    ids = prefix
    ended = torch.zeros(len(prefix), dtype=torch.bool)
    while True:
        best = next_scores(ids).argmax(dim=-1).masked_fill(ended, pad_id)
        ended = ended | (best == eos_id)
        ids = torch.cat([ids, best[:, None]], dim=1)
        if ended.all() or ids.shape[1] >= prefix.shape[1] + max_length:
            return ids[:, prefix.shape[1] :]

# %% correct greedy_decode: columns collected in a list
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    columns, open_ = [], torch.ones(prefix.shape[0], dtype=torch.bool)
    while len(columns) < max_length and open_.any():
        ids = torch.cat([prefix, *columns], dim=1)
        _, best = next_scores(ids).max(dim=-1, keepdim=True)
        columns.append(torch.where(open_[:, None], best, pad_id))
        open_ = open_ & (best[:, 0] != eos_id)
    if not columns:
        return prefix[:, :0]
    return torch.cat(columns, dim=1)

# %% correct greedy_decode: a buffer of the full length, cut at the end
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    batch, start = prefix.shape
    buffer = torch.full((batch, start + max_length), pad_id)
    buffer[:, :start] = prefix
    ended = torch.zeros(batch, dtype=torch.bool)
    position = start
    while position < start + max_length and not bool(ended.all()):
        best = next_scores(buffer[:, :position]).argmax(-1)
        buffer[~ended, position] = best[~ended]
        ended |= best.eq(eos_id)
        position += 1
    return buffer[:, start:position]

# %% correct greedy_decode: lists of Python
def greedy_decode(next_scores, prefix, eos_id, pad_id, max_length):
    rows = prefix.tolist()
    start, ended = len(rows[0]), [False] * len(rows)
    for _ in range(max_length):
        if all(ended):
            break
        scores = next_scores(torch.tensor(rows))
        for i, row in enumerate(rows):
            best = int((scores[i] == scores[i].max()).nonzero()[0])
            row.append(pad_id if ended[i] else best)
            ended[i] = ended[i] or best == eos_id
    new = [row[start:] for row in rows]
    return torch.tensor(new, dtype=torch.long).reshape(len(rows), -1)
