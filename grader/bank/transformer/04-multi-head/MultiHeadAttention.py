"""Known answers to MultiHeadAttention; grader/bank/__init__.py explains the format."""


# %% mistake: the maps have other names
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(d_model, d_model) for _ in range(4))
        self.h = num_heads

    def forward(self, query, key, value, allowed=None):
        q, k, v = (split_heads(f(x), self.h) for f, x in [(self.q, query), (self.k, key), (self.v, value)])
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return self.o(merge_heads(out)), weights


# %% mistake: the output map has no bias
def __init__(self, d_model, num_heads, num_kv_heads=None):
    super().__init__()
    self.num_heads, self.num_kv_heads = num_heads, num_kv_heads or num_heads
    width = d_model // num_heads * self.num_kv_heads
    self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model, bias=False)
    self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)


# %% mistake: keeps the maps in a plain list, so their parameters are not registered
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h = num_heads
        self.maps = [nn.Linear(d_model, d_model) for _ in range(4)]

    def forward(self, query, key, value, allowed=None):
        q, k, v = (split_heads(f(x), self.h) for f, x in zip(self.maps, [query, key, value]))
        out, weights = scaled_dot_product_attention(q, k, v, allowed)
        return self.maps[3](merge_heads(out)), weights


# %% mistake: num_kv_heads is ignored
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


# %% mistake: the query heads share in turn (0, 1, 0, 1, …) instead of in groups
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g).repeat(1, h // g, 1, 1)
    v = split_heads(self.w_value(value), g).repeat(1, h // g, 1, 1)
    out, weights = scaled_dot_product_attention(q, k, v, allowed)
    return self.w_output(merge_heads(out)), weights


# %% mistake: every query head uses the first key–value head
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k, v = split_heads(self.w_key(key), g), split_heads(self.w_value(value), g)
    if g < h:
        k, v = (x[:, :1].expand(-1, h, -1, -1) for x in (k, v))
    out, weights = scaled_dot_product_attention(q, k, v, allowed)
    return self.w_output(merge_heads(out)), weights


# %% mistake: splits without exchanging the axes
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


# %% mistake: merges without exchanging the axes
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g).repeat_interleave(h // g, 1)
    v = split_heads(self.w_value(value), g).repeat_interleave(h // g, 1)
    out, weights = scaled_dot_product_attention(q, k, v, allowed)
    return self.w_output(out.reshape(query.shape)), weights


# %% mistake: divides by √d_model instead of the square root of a head's width
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g).repeat_interleave(h // g, 1)
    v = split_heads(self.w_value(value), g).repeat_interleave(h // g, 1)
    scores = q @ k.mT / math.sqrt(query.shape[-1])
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -1e30)
    weights = scores.softmax(-1) if allowed is None else scores.softmax(-1) * allowed
    return self.w_output(merge_heads(weights @ v)), weights


# %% mistake: the scale is missing
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g).repeat_interleave(h // g, 1)
    v = split_heads(self.w_value(value), g).repeat_interleave(h // g, 1)
    scores = q @ k.mT
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -1e30)
    weights = scores.softmax(-1) if allowed is None else scores.softmax(-1) * allowed
    return self.w_output(merge_heads(weights @ v)), weights


# %% mistake: the softmax runs over the heads
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g).repeat_interleave(h // g, 1)
    v = split_heads(self.w_value(value), g).repeat_interleave(h // g, 1)
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -1e30)
    weights = scores.softmax(1) if allowed is None else scores.softmax(1) * allowed
    return self.w_output(merge_heads(weights @ v)), weights


# %% mistake: the keys go through the queries' map
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q, k = split_heads(self.w_query(query), h), split_heads(self.w_query(key), h)
    v = split_heads(self.w_value(value), g).repeat_interleave(h // g, 1)
    out, weights = scaled_dot_product_attention(q, k, v, allowed)
    return self.w_output(merge_heads(out)), weights


# %% mistake: keys and values are exchanged
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(value), g).repeat_interleave(h // g, 1)
    v = split_heads(self.w_value(key), g).repeat_interleave(h // g, 1)
    out, weights = scaled_dot_product_attention(q, k, v, allowed)
    return self.w_output(merge_heads(out)), weights


# %% mistake: the values are made from the keys, right for self-attention only
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g).repeat_interleave(h // g, 1)
    v = split_heads(self.w_value(key), g).repeat_interleave(h // g, 1)
    out, weights = scaled_dot_product_attention(q, k, v, allowed)
    return self.w_output(merge_heads(out)), weights


# %% mistake: the keys are made from the queries, right for self-attention only
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(query), g).repeat_interleave(h // g, 1)
    v = split_heads(self.w_value(value), g).repeat_interleave(h // g, 1)
    out, weights = scaled_dot_product_attention(q, k, v, allowed)
    return self.w_output(merge_heads(out)), weights


# %% mistake: the output map is made and never used
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g).repeat_interleave(h // g, 1)
    v = split_heads(self.w_value(value), g).repeat_interleave(h // g, 1)
    out, weights = scaled_dot_product_attention(q, k, v, allowed)
    return merge_heads(out), weights


# %% mistake: the mask is turned round, as nn.MultiheadAttention has it
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g).repeat_interleave(h // g, 1)
    v = split_heads(self.w_value(value), g).repeat_interleave(h // g, 1)
    allowed = None if allowed is None else ~allowed
    out, weights = scaled_dot_product_attention(q, k, v, allowed)
    return self.w_output(merge_heads(out)), weights


# %% mistake: the mask is never used
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g).repeat_interleave(h // g, 1)
    v = split_heads(self.w_value(value), g).repeat_interleave(h // g, 1)
    out, weights = scaled_dot_product_attention(q, k, v)
    return self.w_output(merge_heads(out)), weights


# %% mistake: the mask of the first head is used for all heads
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g).repeat_interleave(h // g, 1)
    v = split_heads(self.w_value(value), g).repeat_interleave(h // g, 1)
    if allowed is not None and allowed.dim() == 4:
        allowed = allowed[:, :1]
    out, weights = scaled_dot_product_attention(q, k, v, allowed)
    return self.w_output(merge_heads(out)), weights


# %% mistake: a query that may attend to nothing gets NaN
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g).repeat_interleave(h // g, 1)
    v = split_heads(self.w_value(value), g).repeat_interleave(h // g, 1)
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -torch.inf)
    weights = scores.softmax(-1)
    return self.w_output(merge_heads(weights @ v)), weights


# %% mistake: a query that may attend to nothing attends to everything
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g).repeat_interleave(h // g, 1)
    v = split_heads(self.w_value(value), g).repeat_interleave(h // g, 1)
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -1e9)
    weights = scores.softmax(-1)
    return self.w_output(merge_heads(weights @ v)), weights


# %% mistake: returns the weights averaged over the heads
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g).repeat_interleave(h // g, 1)
    v = split_heads(self.w_value(value), g).repeat_interleave(h // g, 1)
    out, weights = scaled_dot_product_attention(q, k, v, allowed)
    return self.w_output(merge_heads(out)), weights.mean(1)


# %% mistake: returns the output alone
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g).repeat_interleave(h // g, 1)
    v = split_heads(self.w_value(value), g).repeat_interleave(h // g, 1)
    return self.w_output(merge_heads(F.scaled_dot_product_attention(q, k, v, allowed)))


# %% mistake: adds the query, which is the residual connection's work
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g).repeat_interleave(h // g, 1)
    v = split_heads(self.w_value(value), g).repeat_interleave(h // g, 1)
    out, weights = scaled_dot_product_attention(q, k, v, allowed)
    return query + self.w_output(merge_heads(out)), weights


# %% mistake: drops weights out in training
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


# %% mistake: accepts numbers of heads that do not divide each other
def __init__(self, d_model, num_heads, num_kv_heads=None):
    super().__init__()
    self.num_heads, self.num_kv_heads = num_heads, num_kv_heads or num_heads
    width = d_model // num_heads * self.num_kv_heads
    self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
    self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)


# %% mistake: checks the query heads but not the key–value heads
def __init__(self, d_model, num_heads, num_kv_heads=None):
    super().__init__()
    if d_model % num_heads:
        raise ValueError(f"{num_heads} does not divide {d_model}")
    self.num_heads, self.num_kv_heads = num_heads, num_kv_heads or num_heads
    width = d_model // num_heads * self.num_kv_heads
    self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
    self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)


# %% mistake: uses PyTorch's own answer, which this notebook forbids
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.attention = nn.MultiheadAttention(d_model, num_heads, batch_first=True)

    def forward(self, query, key, value, allowed=None):
        return self.attention(query, key, value, attn_mask=None if allowed is None else ~allowed)


# %% mistake: an integer square root, right only where the width of a head is a square
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g, h // g)
    v = split_heads(self.w_value(value), g, h // g)
    scores = q @ k.mT / math.isqrt(q.shape[-1])
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -1e30)
    weights = scores.softmax(-1) if allowed is None else scores.softmax(-1) * allowed
    return self.w_output(merge_heads(weights @ v)), weights


# %% mistake: divides by half of the width of a head, right for a width of 4
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g, h // g)
    v = split_heads(self.w_value(value), g, h // g)
    scores = q @ k.mT / (q.shape[-1] / 2)
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -1e30)
    weights = scores.softmax(-1) if allowed is None else scores.softmax(-1) * allowed
    return self.w_output(merge_heads(weights @ v)), weights


# %% mistake: hidden scores become -100, which large scores pass
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g, h // g)
    v = split_heads(self.w_value(value), g, h // g)
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -100.0)
    weights = scores.softmax(-1) if allowed is None else scores.softmax(-1) * allowed
    return self.w_output(merge_heads(weights @ v)), weights


# %% mistake: clamps the scores
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g, h // g)
    v = split_heads(self.w_value(value), g, h // g)
    scores = (q @ k.mT / math.sqrt(q.shape[-1])).clamp(-50, 50)
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -1e30)
    weights = scores.softmax(-1) if allowed is None else scores.softmax(-1) * allowed
    return self.w_output(merge_heads(weights @ v)), weights


# %% mistake: the weights are masked after the softmax and not made to sum to 1 again
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g, h // g)
    v = split_heads(self.w_value(value), g, h // g)
    weights = (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1)
    weights = weights if allowed is None else weights * allowed
    return self.w_output(merge_heads(weights @ v)), weights


# %% mistake: adds a number to the sum of the weights, so they do not sum to 1
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g, h // g)
    v = split_heads(self.w_value(value), g, h // g)
    exponential = (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1)
    if allowed is not None:
        exponential = exponential * allowed
    weights = exponential / (exponential.sum(-1, keepdim=True) + 1e-8)
    return self.w_output(merge_heads(weights @ v)), weights


# %% mistake: a mask of three dimensions is read as (batch, query, key)
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g, h // g)
    v = split_heads(self.w_value(value), g, h // g)
    if allowed is not None and allowed.dim() == 3:
        allowed = allowed[:, None]
    out, weights = scaled_dot_product_attention(q, k, v, allowed)
    return self.w_output(merge_heads(out)), weights


# %% mistake: a mask of three dimensions is read as (batch, query, key) where it has as many rows as the batch
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g, h // g)
    v = split_heads(self.w_value(value), g, h // g)
    if allowed is not None and allowed.dim() == 3 and len(allowed) == len(query):
        allowed = allowed[:, None]
    out, weights = scaled_dot_product_attention(q, k, v, allowed)
    return self.w_output(merge_heads(out)), weights


# %% mistake: a query that may attend to nothing gets an output of zeros, without the bias
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g, h // g)
    v = split_heads(self.w_value(value), g, h // g)
    out, weights = scaled_dot_product_attention(q, k, v, allowed)
    output = self.w_output(merge_heads(out))
    if allowed is not None:
        seen = weights.detach().sum((1, 3)) > 0
        output = output * seen[..., None]
    return output, weights


# %% mistake: with a mask, the weights of shared heads come from the first head of each group
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g, h // g)
    v = split_heads(self.w_value(value), g, h // g)
    out, weights = scaled_dot_product_attention(q, k, v, allowed)
    if allowed is not None:
        weights = weights[:, :: h // g].repeat_interleave(h // g, 1)
    return self.w_output(merge_heads(out)), weights


# %% mistake: keeps the keys of the first call
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g, h // g)
    v = split_heads(self.w_value(value), g, h // g)
    if not hasattr(self, "keys"):
        self.keys = k
    out, weights = scaled_dot_product_attention(q, self.keys, v, allowed)
    return self.w_output(merge_heads(out)), weights


# %% mistake: the scores do not reach the gradient
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g, h // g)
    v = split_heads(self.w_value(value), g, h // g)
    out, weights = scaled_dot_product_attention(q.detach(), k.detach(), v, allowed)
    return self.w_output(merge_heads(out)), weights


# %% mistake: squeezes dimensions of length 1 out of the weights
def forward(self, query, key, value, allowed=None):
    h, g = self.num_heads, self.num_kv_heads
    q = split_heads(self.w_query(query), h)
    k = split_heads(self.w_key(key), g, h // g)
    v = split_heads(self.w_value(value), g, h // g)
    out, weights = scaled_dot_product_attention(q, k, v, allowed)
    return self.w_output(merge_heads(out)), weights.squeeze()


# %% mistake: num_kv_heads=0 counts as not given
def __init__(self, d_model, num_heads, num_kv_heads=None):
    super().__init__()
    num_kv_heads = num_kv_heads or num_heads
    if num_heads < 1 or num_kv_heads < 1 or d_model % num_heads or num_heads % num_kv_heads:
        raise ValueError(f"{d_model}, {num_heads}, {num_kv_heads}")
    self.num_heads, self.num_kv_heads = num_heads, num_kv_heads
    width = d_model // num_heads * num_kv_heads
    self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
    self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)


# %% correct: einsum over groups, nothing is repeated
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        if num_kv_heads is None:
            num_kv_heads = num_heads
        if min(num_heads, num_kv_heads) < 1 or d_model % num_heads or num_heads % num_kv_heads:
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


# %% correct: one head after another
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        num_kv_heads = num_heads if num_kv_heads is None else num_kv_heads
        if num_heads <= 0 or d_model % num_heads != 0:
            raise ValueError("d_model")
        if num_kv_heads <= 0 or num_heads % num_kv_heads != 0:
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


# %% correct: the fused attention of PyTorch for the output, the scores again for the weights
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h = num_heads
        self.g = num_heads if num_kv_heads is None else num_kv_heads
        if self.h < 1 or self.g < 1 or d_model % self.h or self.h % self.g:
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


# %% correct: heads folded into the batch, bmm
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.num_kv_heads = num_heads if num_kv_heads is None else num_kv_heads
        if num_heads not in range(1, d_model + 1) or self.num_kv_heads not in range(1, num_heads + 1):
            raise ValueError("too few heads, or too many")
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


# %% correct: with buffers and second names for the maps
class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None):
        super().__init__()
        self.h, self.g = num_heads, num_heads if num_kv_heads is None else num_kv_heads
        if min(self.h, self.g) < 1 or d_model % self.h or self.h % self.g:
            raise ValueError(f"{d_model}, {self.h}, {self.g}")
        width = d_model // num_heads * self.g
        self.w_query, self.w_output = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_key, self.w_value = nn.Linear(d_model, width), nn.Linear(d_model, width)
        self.register_buffer("scale", torch.tensor(d_model / num_heads).double().rsqrt())
        self.register_buffer("calls", torch.zeros((), dtype=torch.long))
        self.maps = nn.ModuleList([self.w_query, self.w_key, self.w_value, self.w_output])

    def forward(self, query, key, value, allowed=None):
        self.calls += 1
        query, key, value = (f(x) for f, x in zip(self.maps, (query, key, value)))
        q, k, v = (
            x.unflatten(2, (n, -1)) for x, n in zip((query, key, value), (self.h, self.g, self.g))
        )
        k, v = (x.repeat_interleave(self.h // self.g, dim=2) for x in (k, v))
        scale = (q.shape[-1]) ** -0.5
        scores = torch.einsum("bqhd,bkhd->bhqk", q, k) * scale
        if allowed is not None:
            scores = scores.where(allowed, torch.full_like(scores, torch.finfo(scores.dtype).min))
        weights = scores.softmax(dim=-1)
        if allowed is not None:
            weights = weights.where(allowed, torch.zeros_like(weights))
        output = torch.einsum("bhqk,bkhd->bqhd", weights, v).flatten(2)
        return self.maps[3](output), weights.detach()
