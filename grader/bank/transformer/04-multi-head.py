# ruff: noqa
"""Known answers for the notebook 04-multi-head; see grader/instructors.py."""


# %% mistake in split_heads: cuts the whole sequence into pieces, without exchanging the axes
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.reshape(*x.shape[:-2], num_heads, x.shape[-2], x.shape[-1] // num_heads)


# %% mistake in split_heads: forgets to exchange the axes of positions and heads
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.unflatten(-1, (num_heads, -1))


# %% mistake in split_heads: deals the features out in turn, so head 0 gets features 0, h, 2h, …
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.unflatten(-1, (-1, num_heads)).movedim(-1, -3)


# %% mistake in split_heads: makes heads of num_heads features, so number and width are exchanged
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.unflatten(-1, (-1, num_heads)).transpose(-3, -2)


# %% mistake in split_heads: a head is a sequence of features instead of positions
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.transpose(-2, -1).unflatten(-2, (num_heads, -1))


# %% mistake in split_heads: puts the heads before the batch
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return torch.stack(x.chunk(num_heads, dim=-1), dim=0)


# %% mistake in split_heads: returns a list of heads
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return list(x.chunk(num_heads, dim=-1))


# %% mistake in split_heads: works for a batch of sequences only
def split_heads(x, num_heads):
    batch, length, d_model = x.shape if x.dim() == 3 else (1, *x.shape)
    if d_model % num_heads:
        raise ValueError(f"{num_heads} heads, {d_model} features")
    return x.reshape(batch, length, num_heads, -1).transpose(1, 2)


# %% mistake in split_heads: counts the axes from the front, right for a batch of sequences only
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.unflatten(-1, (num_heads, -1)).transpose(1, 2)


# %% mistake in split_heads: drops the features that do not fit
def split_heads(x, num_heads):
    size = x.shape[-1] // num_heads
    return x[..., : size * num_heads].unflatten(-1, (num_heads, size)).transpose(-3, -2)


# %% mistake in split_heads: lets PyTorch complain, which is no ValueError
def split_heads(x, num_heads):
    return x.unflatten(-1, (num_heads, x.shape[-1] // num_heads)).transpose(-3, -2)


# %% mistake in split_heads: asserts instead of raising a ValueError
def split_heads(x, num_heads):
    assert x.shape[-1] % num_heads == 0, f"{num_heads} does not divide {x.shape[-1]}"
    return x.unflatten(-1, (num_heads, -1)).transpose(-3, -2)


# %% mistake in split_heads: the message does not say which numbers
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError("num_heads must divide d_model")
    return x.unflatten(-1, (num_heads, -1)).transpose(-3, -2)


# %% mistake in split_heads: the last head comes first
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.unflatten(-1, (num_heads, -1)).transpose(-3, -2).flip(-3)


# %% mistake in split_heads: detaches, so no gradient flows
def split_heads(x, num_heads):
    if x.shape[-1] % num_heads:
        raise ValueError(f"{num_heads} heads, {x.shape[-1]} features")
    return x.detach().unflatten(-1, (num_heads, -1)).transpose(-3, -2)


# %% correct split_heads: chunks, stacked
def split_heads(x, num_heads):
    d_model = x.size(-1)
    if d_model != d_model // num_heads * num_heads:
        raise ValueError(f"d_model {d_model} is not a multiple of num_heads {num_heads}")
    return torch.stack(x.chunk(num_heads, dim=-1), dim=-3)


# %% correct split_heads: view and permute on a flattened batch
def split_heads(x, num_heads):
    *batch, length, d_model = x.shape
    size, rest = divmod(d_model, num_heads)
    if rest:
        raise ValueError(f"cannot cut {d_model} features into {num_heads} heads")
    heads = x.reshape(-1, length, num_heads, size).permute(0, 2, 1, 3).contiguous()
    return heads.view(*batch, num_heads, length, size)


# %% correct split_heads: slice by slice into a new tensor
def split_heads(x, num_heads):
    d_model = x.shape[-1]
    if d_model % num_heads != 0:
        raise ValueError("d_model=%d, num_heads=%d" % (d_model, num_heads))
    d_k = d_model // num_heads
    heads = x.new_zeros(*x.shape[:-2], num_heads, x.shape[-2], d_k)
    for h in range(num_heads):
        heads[..., h, :, :] = x[..., h * d_k : (h + 1) * d_k]
    return heads


# %% mistake in merge_heads: flattens without exchanging the axes first
def merge_heads(heads):
    *batch, num_heads, length, d_v = heads.shape
    return heads.reshape(*batch, length, num_heads * d_v)


# %% mistake in merge_heads: a view after a transpose, which PyTorch refuses
def merge_heads(heads):
    *batch, num_heads, length, d_v = heads.shape
    return heads.transpose(-3, -2).view(*batch, length, num_heads * d_v)


# %% mistake in merge_heads: mixes the features of the heads in turn
def merge_heads(heads):
    return heads.movedim(-3, -1).flatten(-2)


# %% mistake in merge_heads: averages the heads
def merge_heads(heads):
    return heads.mean(-3)


# %% mistake in merge_heads: adds the heads up
def merge_heads(heads):
    return heads.sum(-3)


# %% mistake in merge_heads: hangs the heads one after another in time
def merge_heads(heads):
    return torch.cat(list(heads.unbind(-3)), dim=-2)


# %% mistake in merge_heads: counts the axes from the front, right for four dimensions only
def merge_heads(heads):
    return heads.transpose(1, 2).flatten(-2)


# %% mistake in merge_heads: takes the first axis for the heads
def merge_heads(heads):
    return torch.cat(list(heads.unbind(0)), dim=-1)


# %% mistake in merge_heads: the last head comes first
def merge_heads(heads):
    return heads.flip(-3).transpose(-3, -2).flatten(-2)


# %% mistake in merge_heads: squeezes a batch of one away
def merge_heads(heads):
    return heads.transpose(-3, -2).flatten(-2).squeeze(0)


# %% mistake in merge_heads: returns the heads in the right order but does not join them
def merge_heads(heads):
    return heads.transpose(-3, -2)


# %% mistake in merge_heads: goes through NumPy, so no gradient flows
def merge_heads(heads):
    return torch.tensor(heads.detach().numpy()).transpose(-3, -2).flatten(-2)


# %% mistake in merge_heads: makes everything float32
def merge_heads(heads):
    out = torch.zeros(*heads.shape[:-3], heads.shape[-2], heads.shape[-3] * heads.shape[-1])
    for h in range(heads.shape[-3]):
        out[..., h * heads.shape[-1] : (h + 1) * heads.shape[-1]] = heads[..., h, :, :]
    return out


# %% correct merge_heads: concatenates the heads
def merge_heads(heads):
    return torch.cat(torch.unbind(heads, dim=-3), dim=-1)


# %% correct merge_heads: transpose, contiguous, view
def merge_heads(heads):
    *batch, num_heads, length, d_v = heads.shape
    return heads.transpose(-2, -3).contiguous().view(*batch, length, num_heads * d_v)


# %% correct merge_heads: einsum, then reshape
def merge_heads(heads):
    return torch.einsum("...hld->...lhd", heads).reshape(*heads.shape[:-3], heads.shape[-2], -1)


# %% correct merge_heads: one position after another
def merge_heads(heads):
    rows = [heads[..., i, :].flatten(-2) for i in range(heads.shape[-2])]
    return torch.stack(rows, dim=-2)


# %% mistake in attention_parameters: forgets the output map
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g = num_kv_heads or num_heads
    d_k, d_v = d_k or d_model // num_heads, d_v or d_model // num_heads
    return (d_model + bias) * (num_heads * d_k + g * d_k + g * d_v)


# %% mistake in attention_parameters: takes d_model for the width of every head
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k, d_v = d_k or d_model, d_v or d_model
    return (d_model + bias) * (h * d_k + g * d_k + g * d_v) + h * d_v * d_model + bias * d_model


# %% mistake in attention_parameters: counts one head only
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    d_k, d_v = d_k or d_model // num_heads, d_v or d_model // num_heads
    return (d_model + bias) * (2 * d_k + d_v) + d_v * d_model + bias * d_model


# %% mistake in attention_parameters: counts biases even when there are none
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k, d_v = d_k or d_model // h, d_v or d_model // h
    return (d_model + 1) * (h * d_k + g * d_k + g * d_v) + h * d_v * d_model + d_model


# %% mistake in attention_parameters: never counts biases
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k, d_v = d_k or d_model // h, d_v or d_model // h
    return d_model * (h * d_k + g * d_k + g * d_v) + h * d_v * d_model


# %% mistake in attention_parameters: every bias has d_model numbers
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k, d_v = d_k or d_model // h, d_v or d_model // h
    return d_model * (h * d_k + g * d_k + g * d_v + h * d_v) + 4 * bias * d_model


# %% mistake in attention_parameters: the output map has a bias as wide as its input
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k, d_v = d_k or d_model // h, d_v or d_model // h
    return (d_model + bias) * (h * d_k + g * d_k + g * d_v + h * d_v)


# %% mistake in attention_parameters: the output map gets d_k features from each head
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k, d_v = d_k or d_model // h, d_v or d_model // h
    return (d_model + bias) * (h * d_k + g * d_k + g * d_v) + (h * d_k + bias) * d_model


# %% mistake in attention_parameters: the output map starts from d_model whatever d_v is
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k, d_v = d_k or d_model // h, d_v or d_model // h
    return (d_model + bias) * (h * d_k + g * d_k + g * d_v) + (d_model + bias) * d_model


# %% mistake in attention_parameters: num_kv_heads is ignored
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    h = num_heads
    d_k, d_v = d_k or d_model // h, d_v or d_model // h
    return (d_model + bias) * (2 * h * d_k + h * d_v) + (h * d_v + bias) * d_model


# %% mistake in attention_parameters: num_kv_heads counts for the keys but not for the values
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k, d_v = d_k or d_model // h, d_v or d_model // h
    return (d_model + bias) * (h * d_k + g * d_k + h * d_v) + (h * d_v + bias) * d_model


# %% mistake in attention_parameters: the output map gets as many heads as there are values
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k, d_v = d_k or d_model // h, d_v or d_model // h
    return (d_model + bias) * (h * d_k + g * d_k + g * d_v) + (g * d_v + bias) * d_model


# %% mistake in attention_parameters: d_v follows d_k where only d_k is given
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k = d_k or d_model // h
    d_v = d_v or d_k
    return (d_model + bias) * (h * d_k + g * d_k + g * d_v) + (h * d_v + bias) * d_model


# %% mistake in attention_parameters: with fewer key–value heads, the heads become wider
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k, d_v = d_k or d_model // g, d_v or d_model // g
    return (d_model + bias) * (h * d_k + g * d_k + g * d_v) + (h * d_v + bias) * d_model


# %% correct attention_parameters: one formula
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h, b = num_kv_heads or num_heads, num_heads, int(bias)
    d_k, d_v = d_k or d_model // h, d_v or d_model // h
    return (d_model + b) * (h * d_k + g * d_k + g * d_v) + (h * d_v + b) * d_model


# %% correct attention_parameters: builds the linear maps and counts what is in them
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    if num_kv_heads is None:
        num_kv_heads = num_heads
    if d_k is None:
        d_k = d_model // num_heads
    if d_v is None:
        d_v = d_model // num_heads
    maps = nn.ModuleList(
        [
            nn.Linear(d_model, num_heads * d_k, bias=bias),
            nn.Linear(d_model, num_kv_heads * d_k, bias=bias),
            nn.Linear(d_model, num_kv_heads * d_v, bias=bias),
            nn.Linear(num_heads * d_v, d_model, bias=bias),
        ]
    )
    return sum(p.numel() for p in maps.parameters())


# %% correct attention_parameters: weights and biases apart, with a true division
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    groups = num_heads if num_kv_heads is None else num_kv_heads
    d_k = d_model / num_heads if d_k is None else d_k
    d_v = d_model / num_heads if d_v is None else d_v
    weights = d_model * (num_heads + groups) * (d_k + d_v)
    biases = num_heads * d_k + groups * (d_k + d_v) + d_model if bias else 0
    return round(weights + biases)


# %% mistake in MultiHeadAttention: the maps have other names
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(d_model, d_model) for _ in range(4))
        self.h = num_heads

    def forward(self, query, key, value, allowed=None):
        q, k, v = (split_heads(f(x), self.h) for f, x in [(self.q, query), (self.k, key), (self.v, value)])
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return self.o(merge_heads(out)), weights


# %% mistake in MultiHeadAttention: the output map has no bias
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g = num_heads, num_kv_heads or num_heads
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model, bias=False)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(key), self.g).repeat_interleave(self.h // self.g, 1)
        v = split_heads(self.w_value(value), self.g).repeat_interleave(self.h // self.g, 1)
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return self.w_output(merge_heads(out)), weights


# %% mistake in MultiHeadAttention: keeps the maps in a plain list, so their parameters are not registered
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h = num_heads
        self.maps = [nn.Linear(d_model, d_model) for _ in range(4)]

    def forward(self, query, key, value, allowed=None):
        q, k, v = (split_heads(f(x), self.h) for f, x in zip(self.maps, [query, key, value]))
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return self.maps[3](merge_heads(out)), weights


# %% mistake in MultiHeadAttention: num_kv_heads is ignored
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h = num_heads
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, query, key, value, allowed=None):
        q, k, v = self.w_query(query), self.w_key(key), self.w_value(value)
        q, k, v = (split_heads(x, self.h) for x in (q, k, v))
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return self.w_output(merge_heads(out)), weights


# %% mistake in MultiHeadAttention: the query heads share in turn (0, 1, 0, 1, …) instead of in groups
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g = num_heads, num_kv_heads or num_heads
        if d_model % self.h or self.h % self.g:
            raise ValueError(f"{d_model}, {self.h}, {self.g}")
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(key), self.g).repeat(1, self.h // self.g, 1, 1)
        v = split_heads(self.w_value(value), self.g).repeat(1, self.h // self.g, 1, 1)
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return self.w_output(merge_heads(out)), weights


# %% mistake in MultiHeadAttention: every query head uses the first key–value head
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g = num_heads, num_kv_heads or num_heads
        if d_model % self.h or self.h % self.g:
            raise ValueError(f"{d_model}, {self.h}, {self.g}")
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k, v = split_heads(self.w_key(key), self.g), split_heads(self.w_value(value), self.g)
        if self.g < self.h:
            k, v = (x[:, :1].expand(-1, self.h, -1, -1) for x in (k, v))
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return self.w_output(merge_heads(out)), weights


# %% mistake in MultiHeadAttention: splits without exchanging the axes
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g, self.d = num_heads, num_kv_heads or num_heads, d_model // num_heads
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, self.d * self.g), nn.Linear(d_model, self.d * self.g)

    def forward(self, query, key, value, allowed=None):
        b = len(query)
        q = self.w_query(query).reshape(b, self.h, -1, self.d)
        k = self.w_key(key).reshape(b, self.g, -1, self.d).repeat_interleave(self.h // self.g, 1)
        v = self.w_value(value).reshape(b, self.g, -1, self.d).repeat_interleave(self.h // self.g, 1)
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return self.w_output(merge_heads(out)), weights


# %% mistake in MultiHeadAttention: merges without exchanging the axes
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g = num_heads, num_kv_heads or num_heads
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(key), self.g).repeat_interleave(self.h // self.g, 1)
        v = split_heads(self.w_value(value), self.g).repeat_interleave(self.h // self.g, 1)
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return self.w_output(out.reshape(query.shape)), weights


# %% mistake in MultiHeadAttention: divides by √d_model instead of the square root of a head's width
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g = num_heads, num_kv_heads or num_heads
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(key), self.g).repeat_interleave(self.h // self.g, 1)
        v = split_heads(self.w_value(value), self.g).repeat_interleave(self.h // self.g, 1)
        scores = q @ k.mT / math.sqrt(query.shape[-1])
        if allowed is not None:
            scores = scores.masked_fill(~allowed, -1e30)
        weights = scores.softmax(-1) if allowed is None else scores.softmax(-1) * allowed
        return self.w_output(merge_heads(weights @ v)), weights


# %% mistake in MultiHeadAttention: the scale is missing
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g = num_heads, num_kv_heads or num_heads
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(key), self.g).repeat_interleave(self.h // self.g, 1)
        v = split_heads(self.w_value(value), self.g).repeat_interleave(self.h // self.g, 1)
        scores = q @ k.mT
        if allowed is not None:
            scores = scores.masked_fill(~allowed, -1e30)
        weights = scores.softmax(-1) if allowed is None else scores.softmax(-1) * allowed
        return self.w_output(merge_heads(weights @ v)), weights


# %% mistake in MultiHeadAttention: the softmax runs over the heads
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g, self.d = num_heads, num_kv_heads or num_heads, d_model // num_heads
        width = self.d * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(key), self.g).repeat_interleave(self.h // self.g, 1)
        v = split_heads(self.w_value(value), self.g).repeat_interleave(self.h // self.g, 1)
        scores = q @ k.mT / math.sqrt(self.d)
        if allowed is not None:
            scores = scores.masked_fill(~allowed, -1e30)
        weights = scores.softmax(1) if allowed is None else scores.softmax(1) * allowed
        return self.w_output(merge_heads(weights @ v)), weights


# %% mistake in MultiHeadAttention: the keys go through the queries' map
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g = num_heads, num_kv_heads or num_heads
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q, k = split_heads(self.w_query(query), self.h), split_heads(self.w_query(key), self.h)
        v = split_heads(self.w_value(value), self.g).repeat_interleave(self.h // self.g, 1)
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return self.w_output(merge_heads(out)), weights


# %% mistake in MultiHeadAttention: keys and values are exchanged
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g = num_heads, num_kv_heads or num_heads
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(value), self.g).repeat_interleave(self.h // self.g, 1)
        v = split_heads(self.w_value(key), self.g).repeat_interleave(self.h // self.g, 1)
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return self.w_output(merge_heads(out)), weights


# %% mistake in MultiHeadAttention: the values are made from the keys, right for self-attention only
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g = num_heads, num_kv_heads or num_heads
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(key), self.g).repeat_interleave(self.h // self.g, 1)
        v = split_heads(self.w_value(key), self.g).repeat_interleave(self.h // self.g, 1)
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return self.w_output(merge_heads(out)), weights


# %% mistake in MultiHeadAttention: the keys are made from the queries, right for self-attention only
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g = num_heads, num_kv_heads or num_heads
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(query), self.g).repeat_interleave(self.h // self.g, 1)
        v = split_heads(self.w_value(value), self.g).repeat_interleave(self.h // self.g, 1)
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return self.w_output(merge_heads(out)), weights


# %% mistake in MultiHeadAttention: the output map is made and never used
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g = num_heads, num_kv_heads or num_heads
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(key), self.g).repeat_interleave(self.h // self.g, 1)
        v = split_heads(self.w_value(value), self.g).repeat_interleave(self.h // self.g, 1)
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return merge_heads(out), weights


# %% mistake in MultiHeadAttention: the mask is turned round, as nn.MultiheadAttention has it
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g = num_heads, num_kv_heads or num_heads
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(key), self.g).repeat_interleave(self.h // self.g, 1)
        v = split_heads(self.w_value(value), self.g).repeat_interleave(self.h // self.g, 1)
        allowed = None if allowed is None else ~allowed
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return self.w_output(merge_heads(out)), weights


# %% mistake in MultiHeadAttention: the mask is never used
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g = num_heads, num_kv_heads or num_heads
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(key), self.g).repeat_interleave(self.h // self.g, 1)
        v = split_heads(self.w_value(value), self.g).repeat_interleave(self.h // self.g, 1)
        out, weights = scaled_dot_product_attention(q, k, v)
        return self.w_output(merge_heads(out)), weights


# %% mistake in MultiHeadAttention: the mask of the first head is used for all heads
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g = num_heads, num_kv_heads or num_heads
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(key), self.g).repeat_interleave(self.h // self.g, 1)
        v = split_heads(self.w_value(value), self.g).repeat_interleave(self.h // self.g, 1)
        if allowed is not None and allowed.dim() == 4:
            allowed = allowed[:, :1]
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return self.w_output(merge_heads(out)), weights


# %% mistake in MultiHeadAttention: a query that may attend to nothing gets NaN
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g, self.d = num_heads, num_kv_heads or num_heads, d_model // num_heads
        width = self.d * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(key), self.g).repeat_interleave(self.h // self.g, 1)
        v = split_heads(self.w_value(value), self.g).repeat_interleave(self.h // self.g, 1)
        scores = q @ k.mT / math.sqrt(self.d)
        if allowed is not None:
            scores = scores.masked_fill(~allowed, -torch.inf)
        weights = scores.softmax(-1)
        return self.w_output(merge_heads(weights @ v)), weights


# %% mistake in MultiHeadAttention: a query that may attend to nothing attends to everything
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g, self.d = num_heads, num_kv_heads or num_heads, d_model // num_heads
        width = self.d * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(key), self.g).repeat_interleave(self.h // self.g, 1)
        v = split_heads(self.w_value(value), self.g).repeat_interleave(self.h // self.g, 1)
        scores = q @ k.mT / math.sqrt(self.d)
        if allowed is not None:
            scores = scores.masked_fill(~allowed, -1e9)
        weights = scores.softmax(-1)
        return self.w_output(merge_heads(weights @ v)), weights


# %% mistake in MultiHeadAttention: returns the weights averaged over the heads
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g = num_heads, num_kv_heads or num_heads
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(key), self.g).repeat_interleave(self.h // self.g, 1)
        v = split_heads(self.w_value(value), self.g).repeat_interleave(self.h // self.g, 1)
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return self.w_output(merge_heads(out)), weights.mean(1)


# %% mistake in MultiHeadAttention: returns the output alone
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g = num_heads, num_kv_heads or num_heads
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(key), self.g).repeat_interleave(self.h // self.g, 1)
        v = split_heads(self.w_value(value), self.g).repeat_interleave(self.h // self.g, 1)
        return self.w_output(merge_heads(F.scaled_dot_product_attention(q, k, v, allowed)))


# %% mistake in MultiHeadAttention: adds the query, which is the residual connection's work
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g = num_heads, num_kv_heads or num_heads
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(key), self.g).repeat_interleave(self.h // self.g, 1)
        v = split_heads(self.w_value(value), self.g).repeat_interleave(self.h // self.g, 1)
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return query + self.w_output(merge_heads(out)), weights


# %% mistake in MultiHeadAttention: drops weights out in training
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g = num_heads, num_kv_heads or num_heads
        if d_model % self.h or self.h % self.g:
            raise ValueError(f"{d_model}, {self.h}, {self.g}")
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)
        self.dropout = nn.Dropout(0.1)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(key), self.g).repeat_interleave(self.h // self.g, 1)
        v = split_heads(self.w_value(value), self.g).repeat_interleave(self.h // self.g, 1)
        _, weights = scaled_dot_product_attention(q, k, v, allowed)
        weights = self.dropout(weights)
        return self.w_output(merge_heads(weights @ v)), weights


# %% mistake in MultiHeadAttention: accepts numbers of heads that do not divide each other
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g = num_heads, num_kv_heads or num_heads
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(key), self.g).repeat_interleave(self.h // self.g, 1)
        v = split_heads(self.w_value(value), self.g).repeat_interleave(self.h // self.g, 1)
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return self.w_output(merge_heads(out)), weights


# %% mistake in MultiHeadAttention: checks the query heads but not the key–value heads
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        if d_model % num_heads:
            raise ValueError(f"{num_heads} does not divide {d_model}")
        self.h, self.g = num_heads, num_kv_heads or num_heads
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)

    def forward(self, query, key, value, allowed=None):
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(key), self.g).repeat_interleave(self.h // self.g, 1)
        v = split_heads(self.w_value(value), self.g).repeat_interleave(self.h // self.g, 1)
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return self.w_output(merge_heads(out)), weights


# %% mistake in MultiHeadAttention: uses PyTorch's own answer, which this notebook forbids
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.attention = nn.MultiheadAttention(d_model, num_heads, batch_first=True)

    def forward(self, query, key, value, allowed=None):
        return self.attention(query, key, value, attn_mask=None if allowed is None else ~allowed)


# %% correct MultiHeadAttention: einsum over groups, nothing is repeated
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        if num_kv_heads is None:
            num_kv_heads = num_heads
        if d_model % num_heads or num_heads % num_kv_heads:
            raise ValueError(f"heads do not fit: {d_model}, {num_heads}, {num_kv_heads}")
        self.d_k, self.groups = d_model // num_heads, num_kv_heads
        self.w_query = nn.Linear(d_model, d_model)
        self.w_key = nn.Linear(d_model, self.d_k * num_kv_heads)
        self.w_value = nn.Linear(d_model, self.d_k * num_kv_heads)
        self.w_output = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, allowed=None):
        (batch, n, d_model), m = query.shape, key.shape[1]
        q = self.w_query(query).view(batch, n, self.groups, -1, self.d_k)
        k = self.w_key(key).view(batch, m, self.groups, self.d_k)
        v = self.w_value(value).view(batch, m, self.groups, self.d_k)
        scores = torch.einsum("bngrd,bmgd->bgrnm", q, k) / math.sqrt(self.d_k)
        scores = scores.flatten(1, 2)
        if allowed is not None:
            scores = torch.where(allowed, scores, -1e30)
        weights = scores.softmax(-1)
        if allowed is not None:
            weights = weights * allowed
        grouped = weights.unflatten(1, (self.groups, -1))
        output = torch.einsum("bgrnm,bmgd->bngrd", grouped, v).reshape(batch, n, d_model)
        return self.w_output(output), weights


# %% correct MultiHeadAttention: one head after another
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        num_kv_heads = num_kv_heads or num_heads
        if d_model % num_heads != 0:
            raise ValueError("d_model")
        if num_heads % num_kv_heads != 0:
            raise ValueError("num_kv_heads")
        self.num_heads, self.group = num_heads, num_heads // num_kv_heads
        width = d_model // num_heads
        self.w_query = nn.Linear(d_model, d_model)
        self.w_key = nn.Linear(d_model, num_kv_heads * width)
        self.w_value = nn.Linear(d_model, num_kv_heads * width)
        self.w_output = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, allowed=None):
        width = query.shape[-1] // self.num_heads
        q, k, v = self.w_query(query), self.w_key(key), self.w_value(value)
        outputs, weights = [], []
        for h in range(self.num_heads):
            g = h // self.group
            scores = q[..., h * width : (h + 1) * width] @ k[..., g * width : (g + 1) * width].mT
            scores = scores * width**-0.5
            if allowed is not None:
                full = allowed.expand(len(q), self.num_heads, q.shape[1], k.shape[1])[:, h]
                weight = scores.masked_fill(~full, -torch.inf).softmax(-1).nan_to_num()
            else:
                weight = scores.softmax(-1)
            weights.append(weight)
            outputs.append(weight @ v[..., g * width : (g + 1) * width])
        return self.w_output(torch.cat(outputs, -1)), torch.stack(weights, 1)


# %% correct MultiHeadAttention: the fused attention of PyTorch for the output, the scores again for the weights
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h = num_heads
        self.g = num_heads if num_kv_heads is None else num_kv_heads
        if d_model % self.h or self.h % self.g:
            raise ValueError
        self.d = d_model // self.h
        self.w_query = nn.Linear(d_model, d_model)
        self.w_key = nn.Linear(d_model, self.g * self.d)
        self.w_value = nn.Linear(d_model, self.g * self.d)
        self.w_output = nn.Linear(d_model, d_model)

    def forward(self, query, key, value, allowed=None):
        index = torch.arange(self.h) // (self.h // self.g)
        q = split_heads(self.w_query(query), self.h)
        k = split_heads(self.w_key(key), self.g)[:, index]
        v = split_heads(self.w_value(value), self.g)[:, index]
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
        scores = torch.matmul(q, k.transpose(2, 3)) / self.d**0.5
        if allowed is not None:
            scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
        weights = torch.softmax(scores, dim=-1)
        if allowed is not None:
            weights = weights.masked_fill(~allowed, 0)
        return self.w_output(out.transpose(1, 2).reshape(query.shape)), weights


# %% correct MultiHeadAttention: heads folded into the batch, bmm
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.num_kv_heads = num_heads if num_kv_heads is None else num_kv_heads
        if d_model % num_heads > 0 or num_heads % self.num_kv_heads > 0:
            raise ValueError("these heads do not fit")
        self.num_heads = num_heads
        kv = d_model * self.num_kv_heads // num_heads
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, kv), nn.Linear(d_model, kv)

    def fold(self, x, heads):
        x = x.reshape(x.shape[0], x.shape[1], heads, 1, -1)
        x = x.expand(-1, -1, -1, self.num_heads // heads, -1)
        return x.permute(0, 2, 3, 1, 4).reshape(-1, x.shape[1], x.shape[-1])

    def forward(self, query, key, value, allowed=None):
        b, n, d = query.shape
        q = self.fold(self.w_query(query), self.num_heads)
        k = self.fold(self.w_key(key), self.num_kv_heads)
        v = self.fold(self.w_value(value), self.num_kv_heads)
        scores = torch.bmm(q, k.transpose(1, 2)) / math.sqrt(q.shape[-1])
        if allowed is not None:
            full = allowed.expand(b, self.num_heads, n, key.shape[1]).reshape(scores.shape)
            scores = scores + torch.zeros_like(scores).masked_fill(~full, -1e20)
        weights = scores.softmax(2)
        if allowed is not None:
            weights = weights.masked_fill(~full, 0.0)
        out = torch.bmm(weights, v).view(b, self.num_heads, n, -1)
        return self.w_output(out.permute(0, 2, 1, 3).flatten(2)), weights.view(b, self.num_heads, n, -1)


# %% mistake in attend: causal=True is ignored
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = None
    if lengths is not None:
        mask = (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake in attend: the causal mask shows the future and hides the past
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.triu() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake in attend: with causal=True a position does not see itself
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril(-1) if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake in attend: the lengths are forgotten when causal is True
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = None
    if causal:
        mask = torch.ones(target.shape[1], target.shape[1], dtype=torch.bool).tril()
    elif lengths is not None:
        mask = (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake in attend: joins the two masks with or instead of and
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = None
    if lengths is not None:
        mask = (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    if causal:
        past = torch.ones(target.shape[1], target.shape[1], dtype=torch.bool).tril()
        mask = past if mask is None else mask | past
    return attention(target, source, source, mask)


# %% mistake in attend: the padding mask lacks the axes of heads and queries
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = torch.arange(source.shape[1]) < lengths[:, None]
    return attention(target, source, source, mask)


# %% mistake in attend: the padding mask is (batch, 1, key), so the batch stands where the heads belong
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) < lengths[:, None])[:, None]
    return attention(target, source, source, mask)


# %% mistake in attend: the padding mask is turned round
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) >= lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake in attend: lets one position of padding through
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) <= lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake in attend: masks the padded queries instead of the padded keys
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(target.shape[1]) < lengths[:, None])[:, None, :, None]
    return attention(target, source, source, mask)


# %% mistake in attend: in self-attention, masks the padded queries as well as the padded keys
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        real = torch.arange(source.shape[1]) < lengths[:, None]
        mask = mask & real[:, None, None]
        if memory is None:
            mask = mask & real[:, None, :, None]
    return attention(target, source, source, mask)


# %% mistake in attend: the longest length is used for all sequences
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) < lengths.max())
    return attention(target, source, source, mask)


# %% mistake in attend: the memory is ignored
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    mask = torch.ones(1, 1, target.shape[1], target.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(target.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, target, target, mask)


# %% mistake in attend: the memory asks and the target answers
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = None
    if causal:
        mask = torch.ones(1, 1, target.shape[1], target.shape[1], dtype=torch.bool).tril()
    return attention(source, target, target, mask)


# %% mistake in attend: the keys come from the memory but the values from the target
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, source, target, mask)


# %% mistake in attend: always causal in self-attention
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if memory is None else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake in attend: accepts a causal mask together with a memory
def attend(attention, target, memory=None, lengths=None, causal=False):
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake in attend: hands over a mask of numbers, which an attention would add to the scores
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1])
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask * (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake in attend: returns the output without the weights
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)[0]


# %% mistake in attend: zeroes the padding, which still gets weight, instead of masking it
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    if lengths is not None:
        source = source * (torch.arange(source.shape[1]) < lengths[:, None])[:, :, None]
    mask = None
    if causal:
        mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool).tril()
    return attention(target, source, source, mask)


# %% correct attend: two cases, no mask where none is needed
def attend(attention, target, memory=None, lengths=None, causal=False):
    if memory is None:
        memory = target
    elif causal:
        raise ValueError("no causal mask for a memory")
    allowed = None
    if causal:
        n = target.size(1)
        allowed = ~torch.triu(torch.ones(n, n, dtype=torch.bool), diagonal=1)
    if lengths is not None:
        real = torch.arange(memory.size(1)).lt(lengths.unsqueeze(1)).unsqueeze(1).unsqueeze(1)
        allowed = real if allowed is None else torch.logical_and(allowed, real)
    return attention(target, memory, memory, allowed)


# %% correct attend: fills a full mask row by row
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal")
    memory = target if memory is None else memory
    batch, n, m = target.shape[0], target.shape[1], memory.shape[1]
    mask = torch.zeros(batch, 1, n, m, dtype=torch.bool)
    for b in range(batch):
        length = m if lengths is None else lengths[b].item()
        for i in range(n):
            mask[b, :, i, : min(length, i + 1) if causal else length] = True
    return attention(query=target, key=memory, value=memory, allowed=mask)


# %% correct attend: compares positions, with keyword arguments
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError(f"causal={causal} with a memory of shape {tuple(memory.shape)}")
    source = memory if memory is not None else target
    key = torch.arange(source.shape[1]).view(1, 1, 1, -1)
    query = torch.arange(target.shape[1]).view(1, 1, -1, 1)
    last = torch.full((1, 1, 1, 1), source.shape[1]) if lengths is None else lengths.view(-1, 1, 1, 1)
    mask = (key < last) & ((key <= query) | torch.tensor(not causal))
    return attention(target, source, source, allowed=mask)


# %% correct attend: one sequence after another
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal")
    source = target if memory is None else memory
    outputs, weights = [], []
    for b in range(len(target)):
        row = torch.ones(source.shape[1], dtype=torch.bool)
        if lengths is not None:
            row[lengths[b] :] = False
        mask = row.repeat(target.shape[1], 1)
        if causal:
            mask = mask.tril()
        out, weight = attention(target[b : b + 1], source[b : b + 1], source[b : b + 1], mask)
        outputs.append(out)
        weights.append(weight)
    return torch.cat(outputs), torch.cat(weights)


# %% mistake in head_contributions: cuts the rows of the weight instead of its columns
def head_contributions(heads, weight, gate=None):
    blocks = weight.reshape(heads.shape[1], heads.shape[3], -1)
    out = torch.einsum("bhlv,hvm->bhlm", heads, blocks)
    return out if gate is None else out * gate[:, None, None]


# %% mistake in head_contributions: deals the columns of the weight out in turn
def head_contributions(heads, weight, gate=None):
    out = torch.stack([heads[:, h] @ weight[:, h :: heads.shape[1]].T for h in range(heads.shape[1])], 1)
    return out if gate is None else out * gate[:, None, None]


# %% mistake in head_contributions: every head meets the first columns of the weight
def head_contributions(heads, weight, gate=None):
    out = heads @ weight[:, : heads.shape[-1]].T
    return out if gate is None else out * gate[:, None, None]


# %% mistake in head_contributions: returns the sum over the heads
def head_contributions(heads, weight, gate=None):
    blocks = weight.unflatten(1, (heads.shape[1], -1))
    heads = heads if gate is None else heads * gate[:, None, None]
    return torch.einsum("bhlv,mhv->blm", heads, blocks)


# %% mistake in head_contributions: puts the positions before the heads
def head_contributions(heads, weight, gate=None):
    blocks = weight.unflatten(1, (heads.shape[1], -1))
    heads = heads if gate is None else heads * gate[:, None, None]
    return torch.einsum("bhlv,mhv->blhm", heads, blocks)


# %% mistake in head_contributions: the gate is ignored
def head_contributions(heads, weight, gate=None):
    return torch.einsum("bhlv,mhv->bhlm", heads, weight.unflatten(1, (heads.shape[1], -1)))


# %% mistake in head_contributions: the gate multiplies the features instead of the heads
def head_contributions(heads, weight, gate=None):
    out = torch.einsum("bhlv,mhv->bhlm", heads, weight.unflatten(1, (heads.shape[1], -1)))
    return out if gate is None else out * gate


# %% mistake in head_contributions: the gate multiplies the positions where there are as many as heads
def head_contributions(heads, weight, gate=None):
    out = torch.einsum("bhlv,mhv->bhlm", heads, weight.unflatten(1, (heads.shape[1], -1)))
    if gate is None:
        return out
    return out * gate[:, None] if out.shape[2] == len(gate) else out * gate[:, None, None]


# %% mistake in head_contributions: the gate multiplies twice, the heads and what they add
def head_contributions(heads, weight, gate=None):
    gate = torch.ones(heads.shape[1], dtype=heads.dtype) if gate is None else gate
    gate = gate[:, None, None]
    blocks = weight.unflatten(1, (heads.shape[1], -1))
    return torch.einsum("bhlv,mhv->bhlm", heads * gate, blocks) * gate


# %% mistake in head_contributions: the gate is a switch, so every factor other than 0 counts as 1
def head_contributions(heads, weight, gate=None):
    out = torch.einsum("bhlv,mhv->bhlm", heads, weight.unflatten(1, (heads.shape[1], -1)))
    return out if gate is None else out.masked_fill((gate == 0)[:, None, None], 0.0)


# %% mistake in head_contributions: the other heads are scaled up when one is left out, as dropout would do
def head_contributions(heads, weight, gate=None):
    out = torch.einsum("bhlv,mhv->bhlm", heads, weight.unflatten(1, (heads.shape[1], -1)))
    return out if gate is None else out * gate[:, None, None] * len(gate) / (gate != 0).sum()


# %% mistake in head_contributions: the gates go through a softmax
def head_contributions(heads, weight, gate=None):
    out = torch.einsum("bhlv,mhv->bhlm", heads, weight.unflatten(1, (heads.shape[1], -1)))
    return out if gate is None else out * gate.softmax(0)[:, None, None]


# %% mistake in head_contributions: gates become numbers outside the graph, so no gradient reaches them
def head_contributions(heads, weight, gate=None):
    factors = [1.0] * heads.shape[1] if gate is None else gate.tolist()
    blocks = weight.chunk(heads.shape[1], dim=1)
    return torch.stack([f * heads[:, h] @ blocks[h].T for h, f in enumerate(factors)], dim=1)


# %% mistake in head_contributions: multiplies the caller's heads in place
def head_contributions(heads, weight, gate=None):
    if gate is not None:
        heads *= gate[:, None, None]
    return torch.einsum("bhlv,mhv->bhlm", heads, weight.unflatten(1, (heads.shape[1], -1)))


# %% mistake in head_contributions: takes d_model / heads for the width of a head
def head_contributions(heads, weight, gate=None):
    d = weight.shape[0] // heads.shape[1]
    out = torch.stack(
        [heads[:, h, :, :d] @ weight[:, h * d : (h + 1) * d].T for h in range(heads.shape[1])], 1
    )
    return out if gate is None else out * gate[:, None, None]


# %% mistake in head_contributions: cuts the merged heads wrongly, as a view without exchanging axes
def head_contributions(heads, weight, gate=None):
    b, h, n, d = heads.shape
    merged = heads.reshape(b, n, h, d)
    out = torch.einsum("blhv,mhv->bhlm", merged, weight.unflatten(1, (h, d)))
    return out if gate is None else out * gate[:, None, None]


# %% correct head_contributions: a loop with slices
def head_contributions(heads, weight, gate=None):
    d_v, rows = heads.shape[-1], []
    for h in range(heads.shape[1]):
        row = heads[:, h] @ weight[:, h * d_v : (h + 1) * d_v].T
        rows.append(row if gate is None else gate[h] * row)
    return torch.stack(rows, dim=1)


# %% correct head_contributions: all other heads set to zero, then the whole output map
def head_contributions(heads, weight, gate=None):
    n = heads.shape[1]
    keep = torch.eye(n, dtype=heads.dtype)
    keep = keep if gate is None else keep * gate
    alone = heads.unsqueeze(1) * keep[None, :, :, None, None]
    return F.linear(merge_heads(alone), weight)


# %% correct head_contributions: a batched matrix product, the gate on the weight
def head_contributions(heads, weight, gate=None):
    blocks = torch.stack(weight.split(heads.shape[-1], dim=1)).transpose(1, 2)
    if gate is not None:
        blocks = blocks * gate.view(-1, 1, 1)
    return torch.matmul(heads, blocks)


# %% correct head_contributions: a block-diagonal layout of the merged heads
def head_contributions(heads, weight, gate=None):
    gate = heads.new_ones(heads.shape[1]) if gate is None else gate
    b, h, n, d = heads.shape
    wide = heads.new_zeros(b, h, n, h * d)
    for i in range(h):
        wide[:, i, :, i * d : (i + 1) * d] = heads[:, i] * gate[i]
    return wide @ weight.t()
