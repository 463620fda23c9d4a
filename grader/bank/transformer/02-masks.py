# ruff: noqa
"""Known answers for the notebook 02-masks; see grader/instructors.py."""

# %% mistake in padding_mask: True marks the padding, which is the other convention
def padding_mask(token_ids, pad_id):
    return (token_ids == pad_id).T[:, None, None, :]

# %% mistake in padding_mask: takes 0 for the padding, whatever pad_id is
def padding_mask(token_ids, pad_id):
    return (token_ids != 0).T[:, None, None, :]

# %% mistake in padding_mask: takes every id up to pad_id for padding
def padding_mask(token_ids, pad_id):
    return (token_ids > pad_id).T[:, None, None, :]

# %% mistake in padding_mask: takes every id from pad_id on for padding
def padding_mask(token_ids, pad_id):
    return (token_ids < pad_id).T[:, None, None, :]

# %% mistake in padding_mask: length and batch are not exchanged
def padding_mask(token_ids, pad_id):
    return (token_ids != pad_id)[:, None, None, :]

# %% mistake in padding_mask: reshapes instead of transposing, which mixes the sequences
def padding_mask(token_ids, pad_id):
    length, batch = token_ids.shape
    return (token_ids != pad_id).reshape(batch, 1, 1, length)

# %% mistake in padding_mask: two dimensions only, so it would be broadcast over the wrong ones
def padding_mask(token_ids, pad_id):
    return (token_ids != pad_id).T

# %% mistake in padding_mask: three dimensions, so the batch meets the heads
def padding_mask(token_ids, pad_id):
    return (token_ids != pad_id).T[:, None]

# %% mistake in padding_mask: hides the queries (rows) instead of the keys (columns)
def padding_mask(token_ids, pad_id):
    return (token_ids != pad_id).T[:, None, :, None]

# %% mistake in padding_mask: hides padded queries as well as padded keys
def padding_mask(token_ids, pad_id):
    real = (token_ids != pad_id).T
    return (real[:, :, None] & real[:, None, :])[:, None]

# %% mistake in padding_mask: gives numbers 1 and 0 instead of Booleans
def padding_mask(token_ids, pad_id):
    return (token_ids != pad_id).T[:, None, None, :].long()

# %% mistake in padding_mask: gives an additive mask instead of a Boolean one
def padding_mask(token_ids, pad_id):
    mask = torch.zeros(token_ids.shape).masked_fill(token_ids == pad_id, -torch.inf)
    return mask.T[:, None, None, :]

# %% mistake in padding_mask: the first sequence's mask is used for all
def padding_mask(token_ids, pad_id):
    length, batch = token_ids.shape
    return (token_ids[:, 0] != pad_id).expand(batch, 1, 1, length)

# %% mistake in padding_mask: opens everything up to the longest sequence
def padding_mask(token_ids, pad_id):
    length, batch = token_ids.shape
    return (token_ids != pad_id).any(1).expand(batch, 1, 1, length)

# %% mistake in padding_mask: counts the real tokens and opens the first so many, wrong for padding in front
def padding_mask(token_ids, pad_id):
    lengths = (token_ids != pad_id).sum(0)
    return (torch.arange(len(token_ids)) < lengths[:, None])[:, None, None, :]

# %% mistake in padding_mask: hides everything from the first padding on, wrong for padding in front
def padding_mask(token_ids, pad_id):
    real = (token_ids != pad_id).long().cumprod(0).bool()
    return real.T[:, None, None, :]

# %% mistake in padding_mask: writes into the caller's ids
def padding_mask(token_ids, pad_id):
    token_ids[token_ids == pad_id] = -1
    return (token_ids != -1).T[:, None, None, :]

# %% mistake in padding_mask: calls lib.masks, which this notebook forbids
def padding_mask(token_ids, pad_id):
    import lib.masks

    return lib.masks.padding_mask(token_ids.T, pad_id)

# %% correct padding_mask: with torch.ne and unsqueeze
def padding_mask(token_ids, pad_id):
    return torch.ne(token_ids, pad_id).transpose(0, 1).unsqueeze(1).unsqueeze(2)

# %% correct padding_mask: the padding, negated and reshaped
def padding_mask(token_ids, pad_id):
    length, batch = token_ids.shape
    hidden = token_ids.t().eq(pad_id)
    return hidden.logical_not().reshape(batch, 1, 1, length)

# %% correct padding_mask: a list of lists
def padding_mask(token_ids, pad_id):
    sequences = zip(*token_ids.tolist())
    return torch.tensor([[[[token != pad_id for token in s]]] for s in sequences])

# %% correct padding_mask: one sequence after another
def padding_mask(token_ids, pad_id):
    columns = [token_ids[:, b] - pad_id for b in range(token_ids.size(1))]
    return torch.stack(columns).bool()[:, None, None]

# %% mistake in causal_mask: the diagonal starts in the upper left corner, as if the queries were the first positions
def causal_mask(num_new, num_cached=0):
    return torch.ones(num_new, num_cached + num_new, dtype=torch.bool).tril()

# %% mistake in causal_mask: a position does not see itself
def causal_mask(num_new, num_cached=0):
    return torch.ones(num_new, num_cached + num_new, dtype=torch.bool).tril(num_cached - 1)

# %% mistake in causal_mask: a position sees one step into the future
def causal_mask(num_new, num_cached=0):
    return torch.ones(num_new, num_cached + num_new, dtype=torch.bool).tril(num_cached + 1)

# %% mistake in causal_mask: sees the future instead of the past
def causal_mask(num_new, num_cached=0):
    return torch.ones(num_new, num_cached + num_new, dtype=torch.bool).triu(num_cached)

# %% mistake in causal_mask: True marks what is hidden, which is the other convention
def causal_mask(num_new, num_cached=0):
    return torch.ones(num_new, num_cached + num_new, dtype=torch.bool).triu(num_cached + 1)

# %% mistake in causal_mask: keys stand in the rows and queries in the columns
def causal_mask(num_new, num_cached=0):
    return torch.ones(num_new, num_cached + num_new, dtype=torch.bool).tril(num_cached).T

# %% mistake in causal_mask: the cached positions have no columns
def causal_mask(num_new, num_cached=0):
    return torch.ones(num_new, num_new, dtype=torch.bool).tril()

# %% mistake in causal_mask: the cached positions have rows too
def causal_mask(num_new, num_cached=0):
    length = num_new + num_cached
    return torch.ones(length, length, dtype=torch.bool).tril()

# %% mistake in causal_mask: the cached positions are hidden
def causal_mask(num_new, num_cached=0):
    new = torch.ones(num_new, num_new, dtype=torch.bool).tril()
    return torch.cat([torch.zeros(num_new, num_cached, dtype=torch.bool), new], dim=1)

# %% mistake in causal_mask: the cached positions stand behind the new ones
def causal_mask(num_new, num_cached=0):
    new = torch.ones(num_new, num_new, dtype=torch.bool).tril()
    return torch.cat([new, torch.ones(num_new, num_cached, dtype=torch.bool)], dim=1)

# %% mistake in causal_mask: a new position sees the cache and itself, not the new ones before it
def causal_mask(num_new, num_cached=0):
    new = torch.eye(num_new, dtype=torch.bool)
    return torch.cat([torch.ones(num_new, num_cached, dtype=torch.bool), new], dim=1)

# %% mistake in causal_mask: hides nothing
def causal_mask(num_new, num_cached=0):
    return torch.ones(num_new, num_cached + num_new, dtype=torch.bool)

# %% mistake in causal_mask: gives numbers 1 and 0 instead of Booleans
def causal_mask(num_new, num_cached=0):
    return torch.ones(num_new, num_cached + num_new).tril(num_cached)

# %% mistake in causal_mask: gives an additive mask instead of a Boolean one
def causal_mask(num_new, num_cached=0):
    return torch.full((num_new, num_cached + num_new), -torch.inf).triu(num_cached + 1)

# %% mistake in causal_mask: takes num_cached for the number of all keys
def causal_mask(num_new, num_cached=0):
    num_keys = num_cached or num_new
    return torch.ones(num_new, num_keys, dtype=torch.bool).tril(num_keys - num_new)

# %% mistake in causal_mask: num_cached has no default
def causal_mask(num_new, num_cached):
    return torch.ones(num_new, num_cached + num_new, dtype=torch.bool).tril(num_cached)

# %% mistake in causal_mask: calls lib.masks, which this notebook forbids
def causal_mask(num_new, num_cached=0):
    import lib.masks

    return lib.masks.causal_mask(num_new, num_cached + num_new)

# %% correct causal_mask: positions compared
def causal_mask(num_new, num_cached=0):
    key = torch.arange(num_cached + num_new)
    return key[None, :] <= key[num_cached:, None]

# %% correct causal_mask: the last rows of the square mask
def causal_mask(num_new, num_cached=0):
    length = num_cached + num_new
    return ~torch.ones(length, length).triu(diagonal=1).bool()[num_cached:]

# %% correct causal_mask: the cache in front of a square mask
def causal_mask(num_new, num_cached=0):
    new = torch.tril(torch.ones(num_new, num_new)) == 1
    return torch.hstack([torch.full((num_new, num_cached), True), new])

# %% correct causal_mask: row by row
def causal_mask(num_new, num_cached=0):
    mask = torch.zeros(num_new, num_cached + num_new, dtype=torch.bool)
    for i in range(num_new):
        mask[i, : num_cached + i + 1] = True
    return mask

# %% mistake in decoder_mask: the padding is not hidden
def decoder_mask(target_ids, pad_id):
    batch, length = target_ids.shape
    return torch.ones(length, length, dtype=torch.bool).tril().expand(batch, 1, -1, -1)

# %% mistake in decoder_mask: the future is not hidden
def decoder_mask(target_ids, pad_id):
    batch, length = target_ids.shape
    real = target_ids != pad_id
    real[:, 0] = True
    return real[:, None, None, :].expand(batch, 1, length, length)

# %% mistake in decoder_mask: joins the masks by "or", so a position is hidden only if both hide it
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids != pad_id) | (torch.arange(length) == 0)
    return real[:, None, None, :] | torch.ones(length, length, dtype=torch.bool).tril()

# %% mistake in decoder_mask: takes 0 for the padding, whatever pad_id is
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids != 0) | (torch.arange(length) == 0)
    return real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).tril()

# %% mistake in decoder_mask: takes every id up to pad_id for padding
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids > pad_id) | (torch.arange(length) == 0)
    return real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).tril()

# %% mistake in decoder_mask: hides the start symbol where its id is pad_id
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = target_ids != pad_id
    return real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).tril()

# %% mistake in decoder_mask: lets the start symbol see everything instead of letting everything see it
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = target_ids != pad_id
    mask = real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).tril()
    mask[:, :, 0, :] = True
    return mask

# %% mistake in decoder_mask: opens the diagonal instead of the start symbol
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = target_ids != pad_id
    mask = real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).tril()
    return mask | torch.eye(length, dtype=torch.bool)

# %% mistake in decoder_mask: the padding mask lies on the queries (rows)
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids != pad_id) | (torch.arange(length) == 0)
    return real[:, None, :, None] & torch.ones(length, length, dtype=torch.bool).tril()

# %% mistake in decoder_mask: the rows of padded queries are emptied as well, which makes NaN later
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids != pad_id) | (torch.arange(length) == 0)
    causal = torch.ones(length, length, dtype=torch.bool).tril()
    return real[:, None, None, :] & real[:, None, :, None] & causal

# %% mistake in decoder_mask: three dimensions, so the batch meets the heads
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids != pad_id) | (torch.arange(length) == 0)
    return real[:, None, :] & torch.ones(length, length, dtype=torch.bool).tril()

# %% mistake in decoder_mask: a position does not see itself
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids != pad_id) | (torch.arange(length) == 0)
    return real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).tril(-1)

# %% mistake in decoder_mask: sees the future instead of the past
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids != pad_id) | (torch.arange(length) == 0)
    return real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).triu()

# %% mistake in decoder_mask: True marks what is hidden, which is the other convention
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    padded = (target_ids == pad_id) & (torch.arange(length) > 0)
    return padded[:, None, None, :] | torch.ones(length, length, dtype=torch.bool).triu(1)

# %% mistake in decoder_mask: multiplies numbers, so the mask is not Boolean
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    real = (target_ids != pad_id) | (torch.arange(length) == 0)
    return real[:, None, None, :] * torch.ones(length, length).tril()

# %% mistake in decoder_mask: the first sequence's padding is used for all
def decoder_mask(target_ids, pad_id):
    batch, length = target_ids.shape
    real = (target_ids[:1] != pad_id) | (torch.arange(length) == 0)
    mask = real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).tril()
    return mask.expand(batch, 1, length, length)

# %% mistake in decoder_mask: overwrites the caller's start symbol
def decoder_mask(target_ids, pad_id):
    length = target_ids.shape[1]
    target_ids[:, 0] = pad_id + 1
    real = target_ids != pad_id
    return real[:, None, None, :] & torch.ones(length, length, dtype=torch.bool).tril()

# %% correct decoder_mask: the student's own causal mask, and a column opened afterwards
def decoder_mask(target_ids, pad_id):
    mask = target_ids.ne(pad_id)[:, None, None, :] & causal_mask(target_ids.shape[1])
    mask[..., 0] = True
    return mask

# %% correct decoder_mask: what is hidden, joined by "or" and negated
def decoder_mask(target_ids, pad_id):
    batch, length = target_ids.shape
    padded = target_ids == pad_id
    padded[:, 0] = False
    future = torch.triu(torch.ones(length, length), diagonal=1).bool()
    return ~(padded.view(batch, 1, 1, length) | future.view(1, 1, length, length))

# %% correct decoder_mask: loops
def decoder_mask(target_ids, pad_id):
    batch, length = target_ids.shape
    mask = torch.zeros((batch, 1, length, length), dtype=torch.bool)
    for b, sequence in enumerate(target_ids.tolist()):
        for i in range(length):
            for j in range(i + 1):
                mask[b, 0, i, j] = j == 0 or sequence[j] != pad_id
    return mask

# %% correct decoder_mask: a product of zeros and ones, then Boolean
def decoder_mask(target_ids, pad_id):
    length = target_ids.size(1)
    real = (target_ids != pad_id).float()
    real = torch.cat([torch.ones_like(real[:, :1]), real[:, 1:]], dim=1)
    mask = torch.einsum("bk,qk->bqk", real, torch.ones(length, length).tril())
    return (mask > 0).unsqueeze(1)

# %% mistake in source_target_mask: the sequences follow one another within each head, instead of the heads within each sequence
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    real = (source_ids != pad_id)[:, None, :].expand(-1, target_length, -1)
    return real.repeat(num_heads, 1, 1)

# %% mistake in source_target_mask: one matrix for each sequence, not for each head
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    return (source_ids != pad_id)[:, None, :].expand(-1, target_length, -1)

# %% mistake in source_target_mask: four dimensions instead of three
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    return (source_ids != pad_id)[:, None, None, :].expand(-1, num_heads, target_length, -1)

# %% mistake in source_target_mask: source positions stand in the rows and target positions in the columns
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    real = (source_ids != pad_id)[:, :, None].expand(-1, -1, target_length)
    return real.repeat_interleave(num_heads, dim=0)

# %% mistake in source_target_mask: a single row for all target positions
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    return (source_ids != pad_id)[:, None, :].repeat_interleave(num_heads, dim=0)

# %% mistake in source_target_mask: makes a square mask and ignores the target's length
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    real = (source_ids != pad_id)[:, None, :].expand(-1, source_ids.shape[1], -1)
    return real.repeat_interleave(num_heads, dim=0)

# %% mistake in source_target_mask: True marks the padding, which is the other convention
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    padded = (source_ids == pad_id)[:, None, :].expand(-1, target_length, -1)
    return padded.repeat_interleave(num_heads, dim=0)

# %% mistake in source_target_mask: takes 0 for the padding, whatever pad_id is
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    real = (source_ids != 0)[:, None, :].expand(-1, target_length, -1)
    return real.repeat_interleave(num_heads, dim=0)

# %% mistake in source_target_mask: takes every id up to pad_id for padding
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    real = (source_ids > pad_id)[:, None, :].expand(-1, target_length, -1)
    return real.repeat_interleave(num_heads, dim=0)

# %% mistake in source_target_mask: adds a causal mask, which belongs to the decoder's self-attention
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    real = (source_ids != pad_id)[:, None, :].expand(-1, target_length, -1)
    return real.tril().repeat_interleave(num_heads, dim=0)

# %% mistake in source_target_mask: hides nothing
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    batch, source = source_ids.shape
    return torch.ones(batch * num_heads, target_length, source, dtype=torch.bool)

# %% mistake in source_target_mask: the first sequence's padding is used for all
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    batch, source = source_ids.shape
    return (source_ids[0] != pad_id).expand(batch * num_heads, target_length, source)

# %% mistake in source_target_mask: repeats whole batches and reshapes, which mixes the sequences
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    batch, source = source_ids.shape
    real = (source_ids != pad_id).repeat(num_heads * target_length, 1)
    return real.reshape(batch * num_heads, target_length, source)

# %% mistake in source_target_mask: gives an additive mask instead of a Boolean one
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    mask = torch.zeros(source_ids.shape).masked_fill(source_ids == pad_id, -torch.inf)
    return mask[:, None, :].expand(-1, target_length, -1).repeat_interleave(num_heads, dim=0)

# %% mistake in source_target_mask: heads and target positions are exchanged when they are merged
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    batch, source = source_ids.shape
    real = (source_ids != pad_id)[:, None, None, :]
    return real.expand(batch, target_length, num_heads, source).flatten(0, 1)

# %% mistake in source_target_mask: opens everything up to the longest source
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    batch, source = source_ids.shape
    longest = (source_ids != pad_id).sum(1).max()
    return (torch.arange(source) < longest).expand(batch * num_heads, target_length, source)

# %% correct source_target_mask: repeat_interleave and repeat
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    real = torch.repeat_interleave(source_ids != pad_id, num_heads, dim=0)
    return real.unsqueeze(1).repeat(1, target_length, 1)

# %% correct source_target_mask: each sequence's row repeated as often as needed, then reshaped
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    batch, source = source_ids.size()
    real = source_ids.ne(pad_id).repeat(1, num_heads * target_length)
    return real.view(batch * num_heads, target_length, source)

# %% correct source_target_mask: a list of matrices
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    matrices = []
    for sequence in source_ids:
        row = sequence != pad_id
        matrices += [torch.stack([row] * target_length)] * num_heads
    return torch.stack(matrices)

# %% correct source_target_mask: the index of the sequence by division
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    sequence = torch.arange(len(source_ids) * num_heads) // num_heads
    ones = torch.ones(1, target_length, 1, dtype=torch.bool)
    return ones & (source_ids[sequence] != pad_id)[:, None, :]

# %% mistake in window_mask: takes the radius for the width of the whole window
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    return (ahead >= -(radius // 2)) & (ahead <= (0 if causal else radius // 2))

# %% mistake in window_mask: the distance radius itself is left out
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    return (ahead > -radius) & (ahead < (1 if causal else radius))

# %% mistake in window_mask: always looks backwards only
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    return (ahead >= -radius) & (ahead <= 0)

# %% mistake in window_mask: ignores causal
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    return ahead.abs() <= radius

# %% mistake in window_mask: with causal=True it looks ahead instead of back
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    return (ahead <= radius) & (ahead >= (0 if causal else -radius))

# %% mistake in window_mask: with causal=True the whole past is visible
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    return ahead <= 0 if causal else ahead.abs() <= radius

# %% mistake in window_mask: with causal=True a position does not see itself
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    return (ahead >= -radius) & (ahead <= (-1 if causal else radius))

# %% mistake in window_mask: a position does not see itself
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    mask = (ahead >= -radius) & (ahead <= (0 if causal else radius))
    return mask & (ahead != 0)

# %% mistake in window_mask: the absolute value is missing, so the whole future is visible
def window_mask(length, radius, causal=False):
    behind = torch.arange(length)[:, None] - torch.arange(length)
    return (behind <= radius) & ((behind >= 0) | (not causal))

# %% mistake in window_mask: only the future is limited, so the whole past is visible
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    return ahead <= (0 if causal else radius)

# %% mistake in window_mask: True marks what is hidden, which is the other convention
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    return ~((ahead >= -radius) & (ahead <= (0 if causal else radius)))

# %% mistake in window_mask: cuts the sequence into blocks instead of centring the window on each position
def window_mask(length, radius, causal=False):
    block = torch.arange(length) // (2 * radius + 1)
    mask = block == block[:, None]
    return mask.tril() if causal else mask

# %% mistake in window_mask: the window wraps round the ends of the sequence
def window_mask(length, radius, causal=False):
    behind = (torch.arange(length)[:, None] - torch.arange(length)) % length
    mask = behind <= radius
    return mask if causal else mask | mask.T

# %% mistake in window_mask: takes a radius of 0 for no limit
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    mask = ahead.abs() <= (radius or length)
    return mask & (ahead <= 0) if causal else mask

# %% mistake in window_mask: fails when the radius reaches beyond the sequence
def window_mask(length, radius, causal=False):
    mask = torch.zeros(length, length)
    for offset in range(-radius, 1 if causal else radius + 1):
        mask += torch.diag(torch.ones(length - abs(offset)), offset)
    return mask.bool()

# %% mistake in window_mask: gives numbers 1 and 0 instead of Booleans
def window_mask(length, radius, causal=False):
    mask = torch.ones(length, length).triu(-radius).tril(0 if causal else radius)
    return mask

# %% correct window_mask: two triangles
def window_mask(length, radius, causal=False):
    everything = torch.ones(length, length, dtype=torch.bool)
    return everything.tril(0 if causal else radius) & everything.triu(-radius)

# %% correct window_mask: the absolute distance, and the causal mask on top
def window_mask(length, radius, causal=False):
    i = torch.arange(length)
    mask = (i.unsqueeze(0) - i.unsqueeze(1)).abs().le(radius)
    return mask & causal_mask(length) if causal else mask

# %% correct window_mask: slices, row by row
def window_mask(length, radius, causal=False):
    mask = torch.zeros(length, length, dtype=torch.bool)
    for i in range(length):
        mask[i, max(0, i - radius) : i + 1 + (0 if causal else radius)] = True
    return mask

# %% correct window_mask: diagonals added up
def window_mask(length, radius, causal=False):
    mask = torch.zeros(length, length)
    for offset in range(-radius, 1 if causal else radius + 1):
        if abs(offset) < length:
            mask.diagonal(offset).fill_(1.0)
    return mask > 0

# %% mistake in to_additive: the allowed positions get minus infinity and the hidden ones 0
def to_additive(mask, dtype=torch.float32):
    return torch.zeros(mask.shape, dtype=dtype).masked_fill(mask, -torch.inf)

# %% mistake in to_additive: multiplies by infinity, and 0 · ∞ is NaN
def to_additive(mask, dtype=torch.float32):
    return (~mask).to(dtype) * -torch.inf

# %% mistake in to_additive: changes the type only, so allowed is 1 and hidden is 0
def to_additive(mask, dtype=torch.float32):
    return mask.to(dtype)

# %% mistake in to_additive: hidden is −1, which is far from minus infinity
def to_additive(mask, dtype=torch.float32):
    return mask.to(dtype) - 1

# %% mistake in to_additive: allowed is 1 instead of 0
def to_additive(mask, dtype=torch.float32):
    return mask.to(dtype).masked_fill(~mask, -torch.inf)

# %% mistake in to_additive: hidden is −10000, a finite number
def to_additive(mask, dtype=torch.float32):
    return (1 - mask.to(dtype)) * -10000.0

# %% mistake in to_additive: hidden is −1e9, a finite number
def to_additive(mask, dtype=torch.float32):
    return torch.where(mask, 0.0, -1e9).to(dtype)

# %% mistake in to_additive: hidden is the lowest finite number, not minus infinity
def to_additive(mask, dtype=torch.float32):
    return torch.zeros(mask.shape, dtype=dtype).masked_fill(~mask, torch.finfo(dtype).min)

# %% mistake in to_additive: hidden is plus infinity
def to_additive(mask, dtype=torch.float32):
    return torch.zeros(mask.shape, dtype=dtype).masked_fill(~mask, torch.inf)

# %% mistake in to_additive: takes the logarithm of the mask plus a small number, so hidden is finite
def to_additive(mask, dtype=torch.float32):
    return (mask.to(dtype) + 1e-9).log()

# %% mistake in to_additive: the result is float32 whatever dtype says
def to_additive(mask, dtype=torch.float32):
    return torch.zeros(mask.shape).masked_fill(~mask, -torch.inf)

# %% mistake in to_additive: the default type is float64
def to_additive(mask, dtype=torch.float64):
    return torch.zeros(mask.shape, dtype=dtype).masked_fill(~mask, -torch.inf)

# %% mistake in to_additive: fills the Boolean mask itself, which stays Boolean
def to_additive(mask, dtype=torch.float32):
    return mask.masked_fill(~mask, -torch.inf)

# %% mistake in to_additive: opens rows in which everything is hidden
def to_additive(mask, dtype=torch.float32):
    mask = mask | ~mask.any(-1, keepdim=True)
    return torch.zeros(mask.shape, dtype=dtype).masked_fill(~mask, -torch.inf)

# %% mistake in to_additive: takes the two values in the wrong order from a list
def to_additive(mask, dtype=torch.float32):
    return torch.tensor([0.0, -torch.inf], dtype=dtype)[mask.long()]

# %% correct to_additive: torch.where with two numbers
def to_additive(mask, dtype=torch.float32):
    return torch.where(mask, 0.0, float("-inf")).to(dtype)

# %% correct to_additive: the logarithm of 1 and 0
def to_additive(mask, dtype=torch.float32):
    return mask.to(dtype).log()

# %% correct to_additive: written into the hidden places
def to_additive(mask, dtype=torch.float32):
    result = torch.zeros_like(mask, dtype=dtype)
    result[mask.logical_not()] = -torch.inf
    return result

# %% correct to_additive: picked from two values
def to_additive(mask, dtype=torch.float32):
    return torch.tensor([-torch.inf, 0.0], dtype=dtype)[mask.int()]

# %% mistake in from_pytorch: nothing is negated, so True still hides
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (batch, num_heads))
    hidden = key_padding_mask[:, None, None, :] | attn_mask
    return hidden.expand(batch, num_heads, -1, key)

# %% mistake in from_pytorch: negates the padding only, since attn_mask is taken for "True = allowed"
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (batch, num_heads))
    return (~key_padding_mask[:, None, None, :] & attn_mask).expand(batch, num_heads, -1, key)

# %% mistake in from_pytorch: negates attn_mask only, since the padding mask is taken for "True = real"
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (batch, num_heads))
    return (key_padding_mask[:, None, None, :] & ~attn_mask).expand(batch, num_heads, -1, key)

# %% mistake in from_pytorch: joins the allowed places by "or", so a position is hidden only if both masks hide it
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (batch, num_heads))
    allowed = ~key_padding_mask[:, None, None, :] | ~attn_mask
    return allowed.expand(batch, num_heads, -1, key)

# %% mistake in from_pytorch: allows where the two masks agree
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (batch, num_heads))
    allowed = key_padding_mask[:, None, None, :] == attn_mask
    return allowed.expand(batch, num_heads, -1, key)

# %% mistake in from_pytorch: the padding is left out
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (batch, num_heads))
    return (~attn_mask).expand(batch, num_heads, -1, key)

# %% mistake in from_pytorch: attn_mask is left out
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    return ~key_padding_mask[:, None, None, :].expand(batch, num_heads, attn_mask.shape[-2], key)

# %% mistake in from_pytorch: reads the three-dimensional attn_mask as all sequences of the first head first
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (num_heads, batch)).transpose(0, 1)
    hidden = key_padding_mask[:, None, None, :] | attn_mask
    return ~hidden.expand(batch, num_heads, -1, key)

# %% mistake in from_pytorch: uses the first sequence's matrices of a three-dimensional attn_mask for all
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask[:num_heads]
    hidden = key_padding_mask[:, None, None, :] | attn_mask
    return ~hidden.expand(batch, num_heads, -1, key)

# %% mistake in from_pytorch: uses the first head's matrix of a three-dimensional attn_mask for all heads
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (batch, num_heads))[:, :1]
    hidden = key_padding_mask[:, None, None, :] | attn_mask
    return ~hidden.expand(batch, num_heads, -1, key)

# %% mistake in from_pytorch: works for a two-dimensional attn_mask only
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    hidden = key_padding_mask[:, None, None, :] | attn_mask
    return ~hidden.expand(batch, num_heads, -1, key)

# %% mistake in from_pytorch: works for a three-dimensional attn_mask only
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    attn_mask = attn_mask.reshape(batch, num_heads, -1, key)
    return ~(key_padding_mask[:, None, None, :] | attn_mask)

# %% mistake in from_pytorch: one matrix for each sequence, not for each head
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (batch, num_heads))
    return ~(key_padding_mask[:, None, None, :] | attn_mask)

# %% mistake in from_pytorch: leaves batch and heads merged
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    padding = key_padding_mask.repeat_interleave(num_heads, 0)[:, None, :]
    return ~(padding | attn_mask)

# %% mistake in from_pytorch: the padding is repeated in the wrong order, so it reaches other sequences
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    padding = key_padding_mask.repeat(num_heads, 1)[:, None, :]
    return ~(padding | attn_mask).reshape(batch, num_heads, -1, key)

# %% mistake in from_pytorch: gives an additive mask instead of a Boolean one
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (batch, num_heads))
    hidden = (key_padding_mask[:, None, None, :] | attn_mask).expand(batch, num_heads, -1, key)
    return torch.zeros(hidden.shape).masked_fill(hidden, -torch.inf)

# %% mistake in from_pytorch: joins the masks in place in the caller's attn_mask
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 2:
        attn_mask = attn_mask.repeat(batch * num_heads, 1, 1)
    attn_mask |= key_padding_mask.repeat_interleave(num_heads, 0)[:, None, :]
    return ~attn_mask.unflatten(0, (batch, num_heads))

# %% correct from_pytorch: two allowed masks joined by "and"
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    query = attn_mask.shape[-2]
    if attn_mask.dim() == 2:
        seen = ~attn_mask.repeat(batch, num_heads, 1, 1)
    else:
        seen = ~attn_mask.view(batch, num_heads, query, key)
    return seen & ~key_padding_mask.view(batch, 1, 1, key)

# %% correct from_pytorch: everything in three dimensions first
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    padding = torch.repeat_interleave(key_padding_mask, num_heads, dim=0).unsqueeze(1)
    hidden = torch.logical_or(padding, attn_mask)
    return hidden.logical_not().reshape(len(key_padding_mask), num_heads, *hidden.shape[1:])

# %% correct from_pytorch: one head of one sequence after another
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    rows = []
    for b, padding in enumerate(key_padding_mask):
        for h in range(num_heads):
            matrix = attn_mask if attn_mask.ndim == 2 else attn_mask[b * num_heads + h]
            rows.append((matrix + padding) == 0)
    return torch.stack(rows).unflatten(0, (-1, num_heads))
