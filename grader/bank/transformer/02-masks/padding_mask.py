"""Known answers to padding_mask; grader/bank/__init__.py explains the format."""


# %% mistake: True marks the padding, which is the other convention
def padding_mask(token_ids, pad_id):
    return (token_ids == pad_id).T[:, None, None, :]


# %% mistake: takes 0 for the padding, whatever pad_id is
def padding_mask(token_ids, pad_id):
    return (token_ids != 0).T[:, None, None, :]


# %% mistake: takes every id up to pad_id for padding
def padding_mask(token_ids, pad_id):
    return (token_ids > pad_id).T[:, None, None, :]


# %% mistake: takes every id from pad_id on for padding
def padding_mask(token_ids, pad_id):
    return (token_ids < pad_id).T[:, None, None, :]


# %% mistake: length and batch are not exchanged
def padding_mask(token_ids, pad_id):
    return (token_ids != pad_id)[:, None, None, :]


# %% mistake: reshapes instead of transposing, which mixes the sequences
def padding_mask(token_ids, pad_id):
    length, batch = token_ids.shape
    return (token_ids != pad_id).reshape(batch, 1, 1, length)


# %% mistake: two dimensions only, so it would be broadcast over the wrong ones
def padding_mask(token_ids, pad_id):
    return (token_ids != pad_id).T


# %% mistake: three dimensions, so the batch meets the heads
def padding_mask(token_ids, pad_id):
    return (token_ids != pad_id).T[:, None]


# %% mistake: hides the queries (rows) instead of the keys (columns)
def padding_mask(token_ids, pad_id):
    return (token_ids != pad_id).T[:, None, :, None]


# %% mistake: hides padded queries as well as padded keys
def padding_mask(token_ids, pad_id):
    real = (token_ids != pad_id).T
    return (real[:, :, None] & real[:, None, :])[:, None]


# %% mistake: gives whole numbers instead of Booleans
def padding_mask(token_ids, pad_id):
    return (token_ids != pad_id).T[:, None, None, :].long()


# %% mistake: gives floating point numbers, such as an additive mask, instead of Booleans
def padding_mask(token_ids, pad_id):
    mask = torch.zeros(token_ids.shape).masked_fill(token_ids == pad_id, -torch.inf)
    return mask.T[:, None, None, :]


# %% mistake: the first sequence's mask is used for all
def padding_mask(token_ids, pad_id):
    length, batch = token_ids.shape
    return (token_ids[:, 0] != pad_id).expand(batch, 1, 1, length)


# %% mistake: opens everything up to the longest sequence
def padding_mask(token_ids, pad_id):
    length, batch = token_ids.shape
    return (token_ids != pad_id).any(1).expand(batch, 1, 1, length)


# %% mistake: counts the real tokens and opens the first so many, wrong for padding in front
def padding_mask(token_ids, pad_id):
    lengths = (token_ids != pad_id).sum(0)
    return (torch.arange(len(token_ids)) < lengths[:, None])[:, None, None, :]


# %% mistake: hides everything from the first padding on, wrong for padding in front
def padding_mask(token_ids, pad_id):
    real = (token_ids != pad_id).long().cumprod(0).bool()
    return real.T[:, None, None, :]


# %% mistake: writes into the caller's ids
def padding_mask(token_ids, pad_id):
    token_ids[token_ids == pad_id] = -1
    return (token_ids != -1).T[:, None, None, :]


# %% mistake: calls lib.masks, which this notebook forbids
def padding_mask(token_ids, pad_id):
    import lib.masks

    return lib.masks.padding_mask(token_ids.T, pad_id)


# %% mistake: takes a sequence of padding alone for one without padding
def padding_mask(token_ids, pad_id):
    real = (token_ids != pad_id).T
    return (real | ~real.any(1, keepdim=True))[:, None, None, :]


# %% mistake: exchanges length and batch only where the length is the longer
def padding_mask(token_ids, pad_id):
    real = token_ids != pad_id
    real = real.T if real.shape[0] > real.shape[1] else real
    return real[:, None, None, :]


# %% mistake: compares in float32, which takes large ids for each other
def padding_mask(token_ids, pad_id):
    return (token_ids.float() - float(pad_id)).bool().T[:, None, None, :]


# %% mistake: squeezes, so a batch of one sequence loses its axis
def padding_mask(token_ids, pad_id):
    return (token_ids != pad_id).T.squeeze()[..., None, None, :]


# %% correct: with torch.ne and unsqueeze
def padding_mask(token_ids, pad_id):
    return torch.ne(token_ids, pad_id).transpose(0, 1).unsqueeze(1).unsqueeze(2)


# %% correct: the padding, negated and reshaped
def padding_mask(token_ids, pad_id):
    length, batch = token_ids.shape
    hidden = token_ids.t().eq(pad_id)
    return hidden.logical_not().reshape(batch, 1, 1, length)


# %% correct: a list of lists
def padding_mask(token_ids, pad_id):
    sequences = zip(*token_ids.tolist())
    return torch.tensor([[[[token != pad_id for token in s]]] for s in sequences])


# %% correct: one sequence after another
def padding_mask(token_ids, pad_id):
    columns = [token_ids[:, b] - pad_id for b in range(token_ids.size(1))]
    return torch.stack(columns).bool()[:, None, None]


# %% correct: NumPy
def padding_mask(token_ids, pad_id):
    real = token_ids.numpy() != pad_id
    return torch.from_numpy(real.T[:, None, None, :].copy())


# %% correct: einsum of ones and zeros
def padding_mask(token_ids, pad_id):
    real = (token_ids != pad_id).long()
    ones = torch.ones(1, 1, dtype=torch.long)
    return torch.einsum("lb,hq->bhql", real, ones) == 1


# %% correct: the comparison spread out, and a view with other strides
def padding_mask(token_ids, pad_id):
    length, batch = token_ids.shape
    real = (token_ids.contiguous() ^ pad_id) != 0
    return real.as_strided((batch, 1, 1, length), (1, 0, 0, batch))
