"""Known answers to decoder_mask; grader/bank/__init__.py explains the format."""


# %% mistake: the padding is not hidden
def decoder_mask(target_ids, pad_id):
    batch, length = target_ids.shape
    return torch.ones(length, length, dtype=torch.bool).tril().expand(batch, 1, -1, -1)


# %% mistake: the future is not hidden
def decoder_mask(target_ids, pad_id):
    batch, length = target_ids.shape
    real = target_ids != pad_id
    real[:, 0] = True
    return real[:, None, None, :].expand(batch, 1, length, length)


# %% mistake: joins the masks by "or", so a position is hidden only if both hide it
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids != pad_id) | (torch.arange(length) == 0)
    return real[:, None, None, :] | torch.ones(length, length, dtype=torch.bool).tril()


# %% mistake: takes 0 for the padding, whatever pad_id is
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids != 0) | (torch.arange(length) == 0)
    return real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).tril()


# %% mistake: takes every id up to pad_id for padding
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids > pad_id) | (torch.arange(length) == 0)
    return real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).tril()


# %% mistake: hides the start symbol where its id is pad_id
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = target_ids != pad_id
    return real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).tril()


# %% mistake: lets the start symbol see everything instead of letting everything see it
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = target_ids != pad_id
    mask = real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).tril()
    mask[:, :, 0, :] = True
    return mask


# %% mistake: opens the diagonal instead of the start symbol
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = target_ids != pad_id
    mask = real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).tril()
    return mask | torch.eye(length, dtype=torch.bool)


# %% mistake: the padding mask lies on the queries (rows)
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids != pad_id) | (torch.arange(length) == 0)
    return real[:, None, :, None] & torch.ones(length, length, dtype=torch.bool).tril()


# %% mistake: the rows of padded queries are emptied as well, which makes NaN later
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids != pad_id) | (torch.arange(length) == 0)
    causal = torch.ones(length, length, dtype=torch.bool).tril()
    return real[:, None, None, :] & real[:, None, :, None] & causal


# %% mistake: three dimensions, so the batch meets the heads
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids != pad_id) | (torch.arange(length) == 0)
    return real[:, None, :] & torch.ones(length, length, dtype=torch.bool).tril()


# %% mistake: a position does not see itself
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids != pad_id) | (torch.arange(length) == 0)
    return real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).tril(-1)


# %% mistake: sees the future instead of the past
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids != pad_id) | (torch.arange(length) == 0)
    return real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).triu()


# %% mistake: True marks what is hidden, which is the other convention
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    padded = (target_ids == pad_id) & (torch.arange(length) > 0)
    return padded[:, None, None, :] | torch.ones(length, length, dtype=torch.bool).triu(1)


# %% mistake: multiplies numbers, so the mask is not Boolean
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids != pad_id) | (torch.arange(length) == 0)
    return real[:, None, None, :] * torch.ones(length, length).tril()


# %% mistake: the first sequence's padding is used for all
def decoder_mask(target_ids, pad_id):
    batch, length = target_ids.shape
    real = (target_ids[:1] != pad_id) | (torch.arange(length) == 0)
    mask = real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).tril()
    return mask.expand(batch, 1, length, length)


# %% mistake: overwrites the caller's start symbol
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    target_ids[:, 0] = pad_id + 1
    real = target_ids != pad_id
    return real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).tril()


# %% mistake: opens all padding in front of the first real token, not position 0 alone
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids != pad_id).cumsum(1)
    real = (target_ids != pad_id) | (real == 0)
    return real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).tril()


# %% mistake: hides everything from the first padding on, also real tokens behind it
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids != pad_id) | (torch.arange(length) == 0)
    real = real.long().cumprod(1).bool()
    return real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).tril()


# %% mistake: opens every token that has the id of the start symbol
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids != pad_id) | (target_ids == target_ids[:, :1])
    return real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).tril()


# %% correct: the student's own causal mask, and a column opened afterwards
def decoder_mask(target_ids, pad_id):
    mask = target_ids.ne(pad_id)[:, None, None, :] & causal_mask(target_ids.shape[1])
    mask[..., 0] = True
    return mask


# %% correct: what is hidden, joined by "or" and negated
def decoder_mask(target_ids, pad_id):
    batch, length = target_ids.shape
    padded = target_ids == pad_id
    padded[:, 0] = False
    future = torch.triu(torch.ones(length, length), diagonal=1).bool()
    return ~(padded.view(batch, 1, 1, length) | future.view(1, 1, length, length))


# %% correct: loops
def decoder_mask(target_ids, pad_id):
    batch, length = target_ids.shape
    mask = torch.zeros((batch, 1, length, length), dtype=torch.bool)
    for b, sequence in enumerate(target_ids.tolist()):
        for i in range(length):
            for j in range(i + 1):
                mask[b, 0, i, j] = j == 0 or sequence[j] != pad_id
    return mask


# %% correct: a product of zeros and ones, then Boolean
def decoder_mask(target_ids, pad_id):
    length = target_ids.size(1)
    real = (target_ids != pad_id).float()
    real = torch.cat([torch.ones_like(real[:, :1]), real[:, 1:]], dim=1)
    mask = torch.einsum("bk,qk->bqk", real, torch.ones(length, length).tril())
    return (mask > 0).unsqueeze(1)


# %% correct: one query after another, in views of one result
def decoder_mask(target_ids, pad_id):
    batch, length = target_ids.shape
    mask = torch.zeros(batch, length, length, dtype=torch.bool)
    for query, rows in enumerate(mask.unbind(1)):
        rows[:, 0] = True
        rows[:, 1 : query + 1] = target_ids[:, 1 : query + 1] != pad_id
    return mask.view(batch, 1, length, length)


# %% correct: scores of minus infinity are hidden
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    future = torch.full((length, length), -torch.inf).triu(1)
    padding = torch.zeros(target_ids.shape).masked_fill(target_ids == pad_id, -torch.inf)
    padding[:, 0] = 0.0
    return (padding[:, None, None] + future).isfinite()
