"""Known answers to split_heads; grader/bank/__init__.py explains the format."""


# %% mistake: cuts the whole sequence into pieces, without exchanging the axes
def split_heads(x, num_heads, repeats=1):
    if num_heads < 1 or x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.reshape(*x.shape[:-2], num_heads, x.shape[-2], x.shape[-1] // num_heads)


# %% mistake: forgets to exchange the axes of positions and heads
def split_heads(x, num_heads, repeats=1):
    if num_heads < 1 or x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.unflatten(-1, (num_heads, -1))


# %% mistake: deals the features out in turn, so head 0 gets features 0, h, 2h, …
def split_heads(x, num_heads, repeats=1):
    if num_heads < 1 or x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.unflatten(-1, (-1, num_heads)).movedim(-1, -3).repeat_interleave(repeats, dim=-3)


# %% mistake: makes heads of num_heads features, so number and width are exchanged
def split_heads(x, num_heads, repeats=1):
    if num_heads < 1 or x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.unflatten(-1, (-1, num_heads)).transpose(-3, -2).repeat_interleave(repeats, dim=-3)


# %% mistake: a head is a sequence of features instead of positions
def split_heads(x, num_heads, repeats=1):
    if num_heads < 1 or x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.transpose(-2, -1).unflatten(-2, (num_heads, -1))


# %% mistake: puts the heads before the batch
def split_heads(x, num_heads, repeats=1):
    if num_heads < 1 or x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return torch.stack(x.chunk(num_heads, dim=-1), dim=0)


# %% mistake: returns a list of heads
def split_heads(x, num_heads, repeats=1):
    if num_heads < 1 or x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return list(x.chunk(num_heads, dim=-1))


# %% mistake: works for a batch of sequences only
def split_heads(x, num_heads, repeats=1):
    batch, length, d_model = x.shape if x.dim() == 3 else (1, *x.shape)
    if num_heads < 1 or d_model % num_heads:
        raise ValueError(f"{num_heads} heads, {d_model} features")
    return x.reshape(batch, length, num_heads, -1).transpose(1, 2)


# %% mistake: counts the axes from the front, right for a batch of sequences only
def split_heads(x, num_heads, repeats=1):
    if num_heads < 1 or x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.unflatten(-1, (num_heads, -1)).transpose(1, 2)


# %% mistake: drops the features that do not fit
def split_heads(x, num_heads, repeats=1):
    size = x.shape[-1] // num_heads
    return x[..., : size * num_heads].unflatten(-1, (num_heads, size)).transpose(-3, -2).repeat_interleave(repeats, dim=-3)


# %% mistake: lets PyTorch complain, which is no ValueError
def split_heads(x, num_heads, repeats=1):
    return x.unflatten(-1, (num_heads, x.shape[-1] // num_heads)).transpose(-3, -2).repeat_interleave(repeats, dim=-3)


# %% mistake: asserts instead of raising a ValueError
def split_heads(x, num_heads, repeats=1):
    assert x.shape[-1] % num_heads == 0, f"{num_heads} does not divide {x.shape[-1]}"
    return x.unflatten(-1, (num_heads, -1)).transpose(-3, -2).repeat_interleave(repeats, dim=-3)


# %% mistake: the message does not say which numbers
def split_heads(x, num_heads, repeats=1):
    if num_heads < 1 or x.shape[-1] % num_heads:
        raise ValueError("num_heads must divide d_model")
    return x.unflatten(-1, (num_heads, -1)).transpose(-3, -2).repeat_interleave(repeats, dim=-3)


# %% mistake: the last head comes first
def split_heads(x, num_heads, repeats=1):
    if num_heads < 1 or x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.unflatten(-1, (num_heads, -1)).transpose(-3, -2).flip(-3).repeat_interleave(repeats, dim=-3)


# %% mistake: no gradient flows, as through detach() or NumPy
def split_heads(x, num_heads, repeats=1):
    if num_heads < 1 or x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.detach().unflatten(-1, (num_heads, -1)).transpose(-3, -2).repeat_interleave(repeats, dim=-3)


# %% mistake: repeats is ignored
def split_heads(x, num_heads, repeats=1):
    if num_heads < 1 or x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.unflatten(-1, (num_heads, -1)).transpose(-3, -2)


# %% mistake: repeats all heads in turn (0, 1, 0, 1), not each of them in a row
def split_heads(x, num_heads, repeats=1):
    if num_heads < 1 or x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    heads = x.unflatten(-1, (num_heads, -1)).transpose(-3, -2)
    return torch.cat([heads] * repeats, dim=-3)


# %% mistake: repeats the positions of each head instead of the heads
def split_heads(x, num_heads, repeats=1):
    if num_heads < 1 or x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    heads = x.unflatten(-1, (num_heads, -1)).transpose(-3, -2)
    return heads.repeat_interleave(repeats, dim=-2)


# %% mistake: num_heads=0 ends in a division by zero
def split_heads(x, num_heads, repeats=1):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    heads = x.unflatten(-1, (num_heads, -1)).transpose(-3, -2)
    return heads.repeat_interleave(repeats, dim=-3)


# %% mistake: squeezes a dimension of length 1 away
def split_heads(x, num_heads, repeats=1):
    if num_heads < 1 or x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    heads = x.unflatten(-1, (num_heads, -1)).transpose(-3, -2)
    return heads.repeat_interleave(repeats, dim=-3).squeeze(0)


# %% mistake: takes a batch that is wider than the sequence is long for the length
def split_heads(x, num_heads, repeats=1):
    if num_heads < 1 or x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    if x.dim() == 3 and x.shape[0] > x.shape[1]:
        x = x.transpose(0, 1)
    heads = x.unflatten(-1, (num_heads, -1)).transpose(-3, -2)
    return heads.repeat_interleave(repeats, dim=-3)


# %% correct: chunks, stacked
def split_heads(x, num_heads, repeats=1):
    d_model = x.size(-1)
    if num_heads < 1 or d_model != d_model // num_heads * num_heads:
        raise ValueError(f"d_model {d_model} is not a multiple of num_heads {num_heads}")
    heads = x.chunk(num_heads, dim=-1)
    return torch.stack([head for head in heads for _ in range(repeats)], dim=-3)


# %% correct: view and permute on a flattened batch
def split_heads(x, num_heads, repeats=1):
    *batch, length, d_model = x.shape
    size, rest = divmod(d_model, num_heads) if num_heads > 0 else (0, d_model)
    if rest:
        raise ValueError(f"cannot cut {d_model} features into {num_heads} heads")
    heads = x.reshape(-1, length, num_heads, 1, size).expand(-1, -1, -1, repeats, -1)
    heads = heads.permute(0, 2, 3, 1, 4).contiguous()
    return heads.view(*batch, num_heads * repeats, length, size)


# %% correct: slice by slice into a new tensor
def split_heads(x, num_heads, repeats=1):
    d_model = x.shape[-1]
    if num_heads < 1 or d_model % num_heads != 0:
        raise ValueError("d_model=%d, num_heads=%d" % (d_model, num_heads))
    d_k = d_model // num_heads
    heads = x.new_zeros(*x.shape[:-2], num_heads * repeats, x.shape[-2], d_k)
    for number in range(num_heads * repeats):
        h = number // repeats
        heads[..., number, :, :] = x[..., h * d_k : (h + 1) * d_k]
    return heads


# %% correct: an index of the heads, which is a NumPy array
def split_heads(x, num_heads, repeats=1):
    import numpy as np

    if num_heads < 1 or x.shape[-1] % num_heads:
        raise ValueError(f"{x.shape[-1]} features, {num_heads} heads")
    heads = x.unflatten(-1, (num_heads, -1)).transpose(-3, -2)
    index = np.repeat(np.arange(num_heads), repeats)
    return heads.index_select(-3, torch.from_numpy(index))


# %% correct: an expanded view, nothing is copied before the end
def split_heads(x, num_heads, repeats=1):
    width, rest = divmod(x.shape[-1], num_heads) if num_heads > 0 else (0, 1)
    if rest:
        raise ValueError(f"{num_heads} and {x.shape[-1]}")
    heads = torch.einsum("...lhd->...hld", x.unflatten(-1, (num_heads, width)))
    heads = heads.unsqueeze(-3)
    return heads.expand(*heads.shape[:-3], repeats, *heads.shape[-2:]).flatten(-4, -3)
