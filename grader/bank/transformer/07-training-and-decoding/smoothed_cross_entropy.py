"""Known answers to smoothed_cross_entropy; grader/bank/__init__.py explains the format."""


# %% mistake: the smoothing is left out
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -right
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


# %% mistake: ε is spread over the K − 1 wrong entries only
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * (log_p.sum(-1) - right) / (log_p.shape[-1] - 1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


# %% mistake: the target has exactly 1 − ε, the others ε/K, so they do not sum to 1
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * (log_p.sum(-1) - right) / log_p.shape[-1]
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


# %% mistake: ε is taken from the target and given to nobody
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


# %% mistake: the log-probabilities are summed, not averaged, in the smoothing term
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.sum(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


# %% mistake: ε and 1 − ε are exchanged
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -smoothing * right - (1 - smoothing) * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


# %% mistake: the smoothing term is added to the full loss of the target
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


# %% mistake: the sign is missing
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = (1 - smoothing) * right + smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


# %% mistake: the entry of ignore_index gets no share of the smoothing
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * ((log_p.sum(-1) - log_p[..., ignore_index]) / (log_p.shape[-1] - 1) if 0 <= ignore_index else log_p.mean(-1))
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


# %% mistake: the Kullback–Leibler divergence, which lacks the entropy of the smoothed labels
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    wanted = torch.full_like(log_p, smoothing / log_p.shape[-1])
    index = targets.masked_fill(~counts, 0)[..., None]
    wanted = wanted.scatter(-1, index, 1 - smoothing + smoothing / log_p.shape[-1])
    loss = (torch.xlogy(wanted, wanted) - wanted * log_p).sum(-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


# %% mistake: divides by all positions, the ignored ones too
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).mean()


# %% mistake: ignored positions count as the target 0
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.mean()


# %% mistake: the sum instead of the mean
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum()


# %% mistake: the mean of the sentences' means, so tokens of short sentences weigh more
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return (loss.masked_fill(~counts, 0.0).sum(-1) / counts.sum(-1).clamp(min=1)).mean()


# %% mistake: returns the loss of each position
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0)


# %% mistake: a batch of nothing but ignored positions gives NaN
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum()


# %% mistake: the mean over a selection, which is NaN when nothing is selected
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss[counts].mean()


# %% mistake: −100 is ignored, whatever ignore_index is
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != -100
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


# %% mistake: 0 is ignored as padding, whatever ignore_index is
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = (targets != ignore_index) & (targets != 0)
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


# %% mistake: the logarithm of a softmax gives infinity for large logits
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.softmax(dim=-1).log()
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


# %% mistake: a small number added inside the logarithm changes it
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = (logits.softmax(dim=-1) + 1e-9).log()
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


# %% mistake: the softmax is taken twice
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.softmax(dim=-1).log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


# %% mistake: the softmax runs over dimension 1, which is the length in a batch
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=1 if logits.ndim > 1 else 0)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


# %% mistake: the log-softmax is missing
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


# %% mistake: uses −100 as an index, which fails
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return (loss * counts).sum() / counts.sum().clamp(min=1)


# %% mistake: the result is a number without a gradient
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(dim=-1)
    return torch.tensor((loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)).item(), dtype=logits.dtype)


# %% mistake: uses PyTorch's own answer, which this notebook forbids
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    logits = logits.reshape(-1, logits.shape[-1])
    loss = F.cross_entropy(logits, targets.reshape(-1), reduction="sum",
                           label_smoothing=smoothing, ignore_index=ignore_index)
    return loss / (targets != ignore_index).sum().clamp(min=1)


# %% correct: the smoothed labels written out as a one-hot mixture
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    size = logits.shape[-1]
    counts = targets.ne(ignore_index)
    one_hot = F.one_hot(torch.where(counts, targets, 0), size).to(logits.dtype)
    wanted = one_hot * (1 - smoothing) + smoothing / size
    loss = -(wanted * F.log_softmax(logits, -1)).sum(-1) * counts
    return loss.sum() / max(int(counts.sum()), 1)


# %% correct: only the positions that count, selected first
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    if not counts.any():
        return logits.sum() * 0.0
    log_p = torch.log_softmax(logits[counts], dim=-1)
    right = log_p[torch.arange(len(log_p)), targets[counts]]
    return -((1 - smoothing) * right + smoothing * log_p.mean(-1)).mean()


# %% correct: logsumexp minus the expected logit
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    index = targets.where(counts, torch.zeros_like(targets)).unsqueeze(-1)
    right = logits.gather(-1, index).squeeze(-1)
    expected = (1 - smoothing) * right + smoothing * logits.mean(-1)
    loss = torch.where(counts, logits.logsumexp(-1) - expected, 0.0)
    return loss.sum() / counts.sum().clamp(min=1)


# %% correct: nll_loss for the target, a mean for the rest
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    log_p = F.log_softmax(logits.reshape(-1, logits.shape[-1]), dim=-1)
    targets = targets.reshape(-1)
    if (targets == ignore_index).all():
        return log_p.new_zeros(())
    right = F.nll_loss(log_p, targets, ignore_index=ignore_index)
    uniform = -log_p[targets != ignore_index].mean()
    return (1 - smoothing) * right + smoothing * uniform


# %% mistake: views the logits as a matrix, which fails where they do not lie in a row
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    logits, targets = logits.view(-1, logits.shape[-1]), targets.reshape(-1)
    counts = targets != ignore_index
    log_p = logits.log_softmax(-1)
    right = log_p.gather(-1, targets.masked_fill(~counts, 0)[:, None])[:, 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


# %% mistake: knows at most a batch of sentences
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    if logits.dim() == 1:
        logits, targets = logits[None], targets[None]
    if logits.dim() == 3:
        logits, targets = logits.flatten(0, 1), targets.flatten()
    counts = targets != ignore_index
    log_p = logits.log_softmax(1)
    right = log_p[torch.arange(len(targets)), targets.masked_fill(~counts, 0)]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


# %% mistake: an ignore_index beyond the vocabulary fails
def smoothed_cross_entropy(logits, targets, smoothing, ignore_index=-100):
    counts = targets != ignore_index
    log_p = logits.log_softmax(-1)
    right = log_p.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
    loss = -(1 - smoothing) * right - smoothing * log_p.mean(-1)
    return loss.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)
