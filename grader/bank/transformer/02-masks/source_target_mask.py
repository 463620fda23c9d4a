"""Known answers to source_target_mask; grader/bank/__init__.py explains the format."""


# %% mistake: the sequences follow one another within each head, instead of the heads within each sequence
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    real = (source_ids != pad_id)[:, None, :].expand(-1, target_length, -1)
    return real.repeat(num_heads, 1, 1)


# %% mistake: one matrix for each sequence, not for each head
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    return (source_ids != pad_id)[:, None, :].expand(-1, target_length, -1)


# %% mistake: four dimensions instead of three
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    return (source_ids != pad_id)[:, None, None, :].expand(-1, num_heads, target_length, -1)


# %% mistake: source positions stand in the rows and target positions in the columns
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    real = (source_ids != pad_id)[:, :, None].expand(-1, -1, target_length)
    return real.repeat_interleave(num_heads, dim=0)


# %% mistake: a single row for all target positions
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    return (source_ids != pad_id)[:, None, :].repeat_interleave(num_heads, dim=0)


# %% mistake: makes a square mask and ignores the target's length
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    real = (source_ids != pad_id)[:, None, :].expand(-1, source_ids.shape[1], -1)
    return real.repeat_interleave(num_heads, dim=0)


# %% mistake: True marks the padding, which is the other convention
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    padded = (source_ids == pad_id)[:, None, :].expand(-1, target_length, -1)
    return padded.repeat_interleave(num_heads, dim=0)


# %% mistake: takes 0 for the padding, whatever pad_id is
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    real = (source_ids != 0)[:, None, :].expand(-1, target_length, -1)
    return real.repeat_interleave(num_heads, dim=0)


# %% mistake: takes every id up to pad_id for padding
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    real = (source_ids > pad_id)[:, None, :].expand(-1, target_length, -1)
    return real.repeat_interleave(num_heads, dim=0)


# %% mistake: adds a causal mask, which belongs to the decoder's self-attention
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    real = (source_ids != pad_id)[:, None, :].expand(-1, target_length, -1)
    return real.tril().repeat_interleave(num_heads, dim=0)


# %% mistake: hides nothing
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    batch, source = source_ids.shape
    return torch.ones(batch * num_heads, target_length, source, dtype=torch.bool)


# %% mistake: the first sequence's padding is used for all
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    batch, source = source_ids.shape
    return (source_ids[0] != pad_id).expand(batch * num_heads, target_length, source)


# %% mistake: repeats whole batches and reshapes, which mixes the sequences
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    batch, source = source_ids.shape
    real = (source_ids != pad_id).repeat(num_heads * target_length, 1)
    return real.reshape(batch * num_heads, target_length, source)


# %% mistake: gives floating point numbers, such as an additive mask, instead of Booleans
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    mask = torch.zeros(source_ids.shape).masked_fill(source_ids == pad_id, -torch.inf)
    return mask[:, None, :].expand(-1, target_length, -1).repeat_interleave(num_heads, dim=0)


# %% mistake: heads and target positions are exchanged when they are merged
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    batch, source = source_ids.shape
    real = (source_ids != pad_id)[:, None, None, :]
    return real.expand(batch, target_length, num_heads, source).flatten(0, 1)


# %% mistake: opens everything up to the longest source
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    batch, source = source_ids.shape
    longest = (source_ids != pad_id).sum(1).max()
    return (torch.arange(source) < longest).expand(batch * num_heads, target_length, source)


# %% mistake: opens a source of padding alone
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    real = source_ids != pad_id
    real = (real | ~real.any(1, keepdim=True))[:, None, :].expand(-1, target_length, -1)
    return real.repeat_interleave(num_heads, dim=0)


# %% mistake: squeezes, so a single target position loses its axis
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    real = (source_ids != pad_id)[:, None, :].expand(-1, target_length, -1)
    return real.repeat_interleave(num_heads, dim=0).squeeze(1)


# %% mistake: counts the real tokens and opens the first so many, wrong for padding in front
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    lengths = (source_ids != pad_id).sum(1, keepdim=True)
    real = (torch.arange(source_ids.shape[1]) < lengths)[:, None, :]
    return real.expand(-1, target_length, -1).repeat_interleave(num_heads, dim=0)


# %% correct: repeat_interleave and repeat
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    real = torch.repeat_interleave(source_ids != pad_id, num_heads, dim=0)
    return real.unsqueeze(1).repeat(1, target_length, 1)


# %% correct: each sequence's row repeated as often as needed, then reshaped
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    batch, source = source_ids.size()
    real = source_ids.ne(pad_id).repeat(1, num_heads * target_length)
    return real.view(batch * num_heads, target_length, source)


# %% correct: a list of matrices
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    matrices = []
    for sequence in source_ids:
        row = sequence != pad_id
        matrices += [torch.stack([row] * target_length)] * num_heads
    return torch.stack(matrices)


# %% correct: the index of the sequence by division
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    sequence = torch.arange(len(source_ids) * num_heads) // num_heads
    ones = torch.ones(1, target_length, 1, dtype=torch.bool)
    return ones & (source_ids[sequence] != pad_id)[:, None, :]


# %% correct: a Kronecker product
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    real = (source_ids != pad_id).float().contiguous()[:, None, :]
    return torch.kron(real, torch.ones(num_heads, target_length, 1)).bool()


# %% correct: einsum of ones and zeros
def source_target_mask(source_ids, target_length, num_heads, pad_id):
    real = (source_ids != pad_id).double()
    mask = torch.einsum("bs,h,t->bhts", real, *map(torch.ones, [num_heads, target_length]))
    return mask.flatten(0, 1) > 0
