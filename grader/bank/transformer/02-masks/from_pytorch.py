"""Known answers to from_pytorch; grader/bank/__init__.py explains the format."""


# %% mistake: nothing is negated, so True still hides
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (batch, num_heads))
    hidden = key_padding_mask[:, None, None, :] | attn_mask
    return hidden.expand(batch, num_heads, -1, key)


# %% mistake: negates the padding only, since attn_mask is taken for "True = allowed"
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (batch, num_heads))
    return (~key_padding_mask[:, None, None, :] & attn_mask).expand(batch, num_heads, -1, key)


# %% mistake: negates attn_mask only, since the padding mask is taken for "True = real"
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (batch, num_heads))
    return (key_padding_mask[:, None, None, :] & ~attn_mask).expand(batch, num_heads, -1, key)


# %% mistake: joins the allowed places by "or", so a position is hidden only if both masks hide it
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (batch, num_heads))
    allowed = ~key_padding_mask[:, None, None, :] | ~attn_mask
    return allowed.expand(batch, num_heads, -1, key)


# %% mistake: allows where the two masks agree
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (batch, num_heads))
    allowed = key_padding_mask[:, None, None, :] == attn_mask
    return allowed.expand(batch, num_heads, -1, key)


# %% mistake: the padding is left out
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (batch, num_heads))
    return (~attn_mask).expand(batch, num_heads, -1, key)


# %% mistake: attn_mask is left out
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    return ~key_padding_mask[:, None, None, :].expand(batch, num_heads, attn_mask.shape[-2], key)


# %% mistake: reads the three-dimensional attn_mask as all sequences of the first head first
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (num_heads, batch)).transpose(0, 1)
    hidden = key_padding_mask[:, None, None, :] | attn_mask
    return ~hidden.expand(batch, num_heads, -1, key)


# %% mistake: uses the first sequence's matrices of a three-dimensional attn_mask for all
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask[:num_heads]
    hidden = key_padding_mask[:, None, None, :] | attn_mask
    return ~hidden.expand(batch, num_heads, -1, key)


# %% mistake: uses the first head's matrix of a three-dimensional attn_mask for all heads
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (batch, num_heads))[:, :1]
    hidden = key_padding_mask[:, None, None, :] | attn_mask
    return ~hidden.expand(batch, num_heads, -1, key)


# %% mistake: works for a two-dimensional attn_mask only
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    hidden = key_padding_mask[:, None, None, :] | attn_mask
    return ~hidden.expand(batch, num_heads, -1, key)


# %% mistake: works for a three-dimensional attn_mask only
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    attn_mask = attn_mask.reshape(batch, num_heads, -1, key)
    return ~(key_padding_mask[:, None, None, :] | attn_mask)


# %% mistake: one matrix for each sequence, not for each head
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (batch, num_heads))
    return ~(key_padding_mask[:, None, None, :] | attn_mask)


# %% mistake: leaves batch and heads merged
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    padding = key_padding_mask.repeat_interleave(num_heads, 0)[:, None, :]
    return ~(padding | attn_mask)


# %% mistake: the padding is repeated in the wrong order, so it reaches other sequences
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    padding = key_padding_mask.repeat(num_heads, 1)[:, None, :]
    return ~(padding | attn_mask).reshape(batch, num_heads, -1, key)


# %% mistake: gives floating point numbers, such as an additive mask, instead of Booleans
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (batch, num_heads))
    hidden = (key_padding_mask[:, None, None, :] | attn_mask).expand(batch, num_heads, -1, key)
    return torch.zeros(hidden.shape).masked_fill(hidden, -torch.inf)


# %% mistake: joins the masks in place in the caller's attn_mask
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 2:
        attn_mask = attn_mask.repeat(batch * num_heads, 1, 1)
    attn_mask |= key_padding_mask.repeat_interleave(num_heads, 0)[:, None, :]
    return ~attn_mask.unflatten(0, (batch, num_heads))


# %% mistake: takes attn_mask for three-dimensional if it has as many rows as there are matrices
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if len(attn_mask) == batch * num_heads:
        attn_mask = attn_mask.reshape(batch, num_heads, -1, key)
    hidden = key_padding_mask[:, None, None, :] | attn_mask
    return ~hidden.expand(batch, num_heads, -1, key)


# %% mistake: opens rows in which everything is hidden
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    if attn_mask.dim() == 3:
        attn_mask = attn_mask.unflatten(0, (batch, num_heads))
    hidden = key_padding_mask[:, None, None, :] | attn_mask
    return ~(hidden & ~hidden.all(-1, keepdim=True)).expand(batch, num_heads, -1, key)


# %% correct: two allowed masks joined by "and"
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    query = attn_mask.shape[-2]
    if attn_mask.dim() == 2:
        seen = ~attn_mask.repeat(batch, num_heads, 1, 1)
    else:
        seen = ~attn_mask.view(batch, num_heads, query, key)
    return seen & ~key_padding_mask.view(batch, 1, 1, key)


# %% correct: everything in three dimensions first
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    padding = torch.repeat_interleave(key_padding_mask, num_heads, dim=0).unsqueeze(1)
    hidden = torch.logical_or(padding, attn_mask)
    return hidden.logical_not().reshape(len(key_padding_mask), num_heads, *hidden.shape[1:])


# %% correct: one head of one sequence after another
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    rows = []
    for b, padding in enumerate(key_padding_mask):
        for h in range(num_heads):
            matrix = attn_mask if attn_mask.ndim == 2 else attn_mask[b * num_heads + h]
            rows.append((matrix + padding) == 0)
    return torch.stack(rows).unflatten(0, (-1, num_heads))


# %% correct: einsum of what both masks let through
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    seen = (~attn_mask).float().expand(batch * num_heads, -1, key)
    seen = seen.reshape(batch, num_heads, -1, key)
    return torch.einsum("bk,bhqk->bhqk", (~key_padding_mask).float(), seen) > 0


# %% correct: numbers of minus infinity added up
def from_pytorch(key_padding_mask, attn_mask, num_heads):
    batch, key = key_padding_mask.shape
    padding = torch.zeros(batch, 1, 1, key).masked_fill(key_padding_mask[:, None, None], -torch.inf)
    matrices = torch.zeros(attn_mask.shape).masked_fill(attn_mask, -torch.inf)
    matrices = matrices.view(-1, num_heads if attn_mask.ndim == 3 else 1, *attn_mask.shape[-2:])
    return (padding + matrices).isfinite().repeat(1, 1 if attn_mask.ndim == 3 else num_heads, 1, 1)
