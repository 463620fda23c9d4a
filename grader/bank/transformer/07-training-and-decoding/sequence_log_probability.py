"""Known answers to sequence_log_probability; grader/bank/__init__.py explains the format."""


# %% mistake: the padding counts
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.sum(dim=-1)


# %% mistake: the mean over the tokens instead of the sum
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1) / (target_ids != pad_id).sum(dim=-1).clamp(min=1)


# %% mistake: the sum over the whole batch
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum()


# %% mistake: the sum over the sentences, for each position
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=0)


# %% mistake: the sign is turned round, as in a loss
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return -tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)


# %% mistake: the logits are summed without a softmax
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)


# %% mistake: probabilities are summed instead of logarithms
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)


# %% mistake: the probability instead of its logarithm
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1).exp()


# %% mistake: a product of probabilities is too small for a float
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 1.0).prod(dim=-1).log()


# %% mistake: the logarithm of a softmax gives infinity for large logits
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.softmax(dim=-1).log()
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)


# %% mistake: the softmax runs over the positions
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)


# %% mistake: the best token's log-probability instead of the target's
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.amax(dim=-1)
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)


# %% mistake: the targets are shifted against the logits, which are already aligned
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p[:, :-1].gather(-1, target_ids[:, 1:, None])[:, :, 0]
    return tokens.masked_fill(target_ids[:, 1:] == pad_id, 0.0).sum(dim=-1)


# %% mistake: the first token is left out, as if it were the begin token
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0)[:, 1:].sum(dim=-1)


# %% mistake: takes 0 for the padding, whatever pad_id is
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == 0, 0.0).sum(dim=-1)


# %% mistake: the first sentence's padding serves all
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids[:1] == pad_id, 0.0).sum(dim=-1)


# %% mistake: padding is hidden with −inf, so a padded sentence has the probability 0
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, -torch.inf).sum(dim=-1)


# %% mistake: padding is taken out of the scores before the softmax, so its column loses its weight
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.masked_fill(torch.arange(logits.shape[-1]) == pad_id, -1e30).log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)


# %% mistake: the result is cut off from the gradient
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(dim=-1)
    tokens = log_p.gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1).detach()


# %% correct: a one-hot product and a mask that multiplies
def sequence_log_probability(logits, target_ids, pad_id):
    one_hot = F.one_hot(target_ids, logits.shape[-1]).to(logits.dtype)
    tokens = (F.log_softmax(logits, dim=-1) * one_hot).sum(-1)
    return (tokens * (target_ids != pad_id)).sum(1)


# %% correct: logit minus logsumexp, indexed
def sequence_log_probability(logits, target_ids, pad_id):
    batch, length = target_ids.shape
    rows, columns = torch.arange(batch)[:, None], torch.arange(length)
    tokens = logits[rows, columns, target_ids] - logits.logsumexp(dim=-1)
    return torch.where(target_ids == pad_id, 0.0, tokens).sum(dim=1)


# %% correct: one sentence after another
def sequence_log_probability(logits, target_ids, pad_id):
    sums = []
    for scores, targets in zip(logits, target_ids):
        real = targets != pad_id
        log_p = torch.log_softmax(scores[real], dim=-1)
        sums.append(log_p[torch.arange(len(log_p)), targets[real]].sum())
    return torch.stack(sums)


# %% correct: nll_loss without reduction
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.log_softmax(-1).transpose(1, 2)
    return -F.nll_loss(log_p, target_ids, ignore_index=pad_id, reduction="none").sum(dim=-1)


# %% mistake: views the logits as a matrix, which fails where they do not lie in a row
def sequence_log_probability(logits, target_ids, pad_id):
    log_p = logits.view(-1, logits.shape[-1]).log_softmax(-1)
    tokens = log_p.gather(-1, target_ids.reshape(-1, 1)).reshape(target_ids.shape)
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(-1)


# %% mistake: only the first 1024 positions are read
def sequence_log_probability(logits, target_ids, pad_id):
    """Logarithm of the probability of each sentence, shape (batch,)."""
    logits, target_ids = logits[:, :1024], target_ids[:, :1024]
    tokens = logits.log_softmax(dim=-1).gather(-1, target_ids[:, :, None])[:, :, 0]
    return tokens.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)


# %% correct: torch.distributions.Categorical
def sequence_log_probability(logits, target_ids, pad_id):
    """Logarithm of the probability of each sentence, shape (batch,)."""
    lp = torch.distributions.Categorical(logits=logits).log_prob(target_ids)
    return torch.where(target_ids != pad_id, lp, 0.0).sum(1)
