"""Known answers to split_heads; grader/bank/__init__.py explains the format."""


# %% mistake: cuts the whole sequence into pieces, without exchanging the axes
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.reshape(*x.shape[:-2], num_heads, x.shape[-2], x.shape[-1] // num_heads)


# %% mistake: forgets to exchange the axes of positions and heads
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.unflatten(-1, (num_heads, -1))


# %% mistake: deals the features out in turn, so head 0 gets features 0, h, 2h, …
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.unflatten(-1, (-1, num_heads)).movedim(-1, -3)


# %% mistake: makes heads of num_heads features, so number and width are exchanged
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.unflatten(-1, (-1, num_heads)).transpose(-3, -2)


# %% mistake: a head is a sequence of features instead of positions
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.transpose(-2, -1).unflatten(-2, (num_heads, -1))


# %% mistake: puts the heads before the batch
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return torch.stack(x.chunk(num_heads, dim=-1), dim=0)


# %% mistake: returns a list of heads
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return list(x.chunk(num_heads, dim=-1))


# %% mistake: works for a batch of sequences only
def split_heads(x, num_heads):
    batch, length, d_model = x.shape if x.dim() == 3 else (1, *x.shape)
    if d_model % num_heads:
        raise ValueError(f"{num_heads} heads, {d_model} features")
    return x.reshape(batch, length, num_heads, -1).transpose(1, 2)


# %% mistake: counts the axes from the front, right for a batch of sequences only
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.unflatten(-1, (num_heads, -1)).transpose(1, 2)


# %% mistake: drops the features that do not fit
def split_heads(x, num_heads):
    size = x.shape[-1] // num_heads
    return x[..., : size * num_heads].unflatten(-1, (num_heads, size)).transpose(-3, -2)


# %% mistake: lets PyTorch complain, which is no ValueError
def split_heads(x, num_heads):
    return x.unflatten(-1, (num_heads, x.shape[-1] // num_heads)).transpose(-3, -2)


# %% mistake: asserts instead of raising a ValueError
def split_heads(x, num_heads):
    assert x.shape[-1] % num_heads == 0, f"{num_heads} does not divide {x.shape[-1]}"
    return x.unflatten(-1, (num_heads, -1)).transpose(-3, -2)


# %% mistake: the message does not say which numbers
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError("num_heads must divide d_model")
    return x.unflatten(-1, (num_heads, -1)).transpose(-3, -2)


# %% mistake: the last head comes first
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.unflatten(-1, (num_heads, -1)).transpose(-3, -2).flip(-3)


# %% mistake: detaches, so no gradient flows
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.detach().unflatten(-1, (num_heads, -1)).transpose(-3, -2)


# %% correct: chunks, stacked
def split_heads(x, num_heads):
    d_model = x.size(-1)
    if d_model != d_model // num_heads * num_heads:
        raise ValueError(f"d_model {d_model} is not a multiple of num_heads {num_heads}")
    return torch.stack(x.chunk(num_heads, dim=-1), dim=-3)


# %% correct: view and permute on a flattened batch
def split_heads(x, num_heads):
    *batch, length, d_model = x.shape
    size, rest = divmod(d_model, num_heads)
    if rest:
        raise ValueError(f"cannot cut {d_model} features into {num_heads} heads")
    heads = x.reshape(-1, length, num_heads, size).permute(0, 2, 1, 3).contiguous()
    return heads.view(*batch, num_heads, length, size)


# %% correct: slice by slice into a new tensor
def split_heads(x, num_heads):
    d_model = x.shape[-1]
    if d_model % num_heads != 0:
        raise ValueError("d_model=%d, num_heads=%d" % (d_model, num_heads))
    d_k = d_model // num_heads
    heads = x.new_zeros(*x.shape[:-2], num_heads, x.shape[-2], d_k)
    for h in range(num_heads):
        heads[..., h, :, :] = x[..., h * d_k : (h + 1) * d_k]
    return heads
