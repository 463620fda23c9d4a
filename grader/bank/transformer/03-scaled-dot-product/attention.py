"""Known answers to attention; grader/bank/__init__.py explains the format."""


# %% mistake: returns the output with the heads before the length
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))
    scores = scores if bias is None else scores + bias
    allowed = torch.tensor(True) if allowed is None else allowed
    weights = masked_softmax(scores, allowed)
    return weights @ value.transpose(1, 2), weights


# %% mistake: reads the length-first tensors as heads first
def attention(query, key, value, allowed=None, bias=None):
    batch, length, heads, d_k = query.shape
    q = query.reshape(batch, heads, length, d_k)
    k = key.reshape(batch, heads, key.shape[1], d_k)
    v = value.reshape(batch, heads, key.shape[1], -1)
    scores = attention_scores(q, k)
    scores = scores if bias is None else scores + bias
    weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    return (weights @ v).transpose(1, 2), weights


# %% mistake: the bias is added before the scaling
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2), scale=1.0)
    scores = scores if bias is None else scores + bias
    scores = scores / math.sqrt(query.shape[-1])
    weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    return (weights @ value.transpose(1, 2)).transpose(1, 2), weights


# %% mistake: the bias is added to the weights, after the softmax
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))
    weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    weights = weights if bias is None else weights + bias
    return (weights @ value.transpose(1, 2)).transpose(1, 2), weights


# %% mistake: the bias is left out
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))
    weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    return (weights @ value.transpose(1, 2)).transpose(1, 2), weights


# %% mistake: the mask is left out when there is a bias
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))
    if bias is not None:
        weights = (scores + bias).softmax(-1)
    else:
        weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    return (weights @ value.transpose(1, 2)).transpose(1, 2), weights


# %% mistake: averages the weights over the heads
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))
    scores = scores if bias is None else scores + bias
    weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    return (weights @ value.transpose(1, 2)).transpose(1, 2), weights.mean(1)


# %% mistake: returns the scores in place of the weights
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))
    scores = scores if bias is None else scores + bias
    weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    return (weights @ value.transpose(1, 2)).transpose(1, 2), scores


# %% mistake: the scale is missing
def attention(query, key, value, allowed=None, bias=None):
    scores = torch.einsum("bqhd,bkhd->bhqk", query, key)
    scores = scores if bias is None else scores + bias
    weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    return torch.einsum("bhqk,bkhd->bqhd", weights, value), weights


# %% mistake: the keys of all heads are summed, since the einsum names their heads g
def attention(query, key, value, allowed=None, bias=None):
    scores = torch.einsum("bqhd,bkgd->bhqk", query, key) / math.sqrt(query.shape[-1])
    scores = scores if bias is None else scores + bias
    weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    return torch.einsum("bhqk,bkhd->bqhd", weights, value), weights


# %% mistake: returns the output alone
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))
    scores = scores if bias is None else scores + bias
    weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    return (weights @ value.transpose(1, 2)).transpose(1, 2)


# %% mistake: uses PyTorch's own answer, which this notebook forbids
def attention(query, key, value, allowed=None, bias=None):
    q, k, v = (x.transpose(1, 2) for x in (query, key, value))
    return F.scaled_dot_product_attention(q, k, v, attn_mask=allowed).transpose(1, 2), None


# %% mistake: reads a mask of three axes as (batch, query, key)
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))
    scores = scores if bias is None else scores + bias
    allowed = torch.tensor(True) if allowed is None else allowed
    weights = masked_softmax(scores, allowed[:, None] if allowed.dim() == 3 else allowed)
    return (weights @ value.transpose(1, 2)).transpose(1, 2), weights


# %% mistake: reads a mask of two axes as (batch, key)
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))
    scores = scores if bias is None else scores + bias
    allowed = torch.tensor(True) if allowed is None else allowed
    if allowed.dim() == 2 and len(allowed) in (1, len(query)):
        allowed = allowed[:, None, None]
    weights = masked_softmax(scores, allowed)
    return (weights @ value.transpose(1, 2)).transpose(1, 2), weights


# %% mistake: with a bias, a query that may attend to nothing gets the mean of all values
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))
    allowed = torch.tensor(True) if allowed is None else allowed
    if bias is None:
        weights = masked_softmax(scores, allowed)
    else:
        lowest = torch.finfo(scores.dtype).min
        weights = (scores + bias).masked_fill(~allowed, lowest).softmax(-1)
    return (weights @ value.transpose(1, 2)).transpose(1, 2), weights


# %% mistake: the bias gets no gradient
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))
    scores = scores if bias is None else scores + bias.detach()
    weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    return (weights @ value.transpose(1, 2)).transpose(1, 2), weights


# %% mistake: takes 10000 off the scores that are hidden, and a larger bias comes through
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))
    scores = scores if bias is None else scores + bias
    allowed = torch.ones(1, dtype=torch.bool) if allowed is None else allowed
    weights = (scores - 10000.0 * ~allowed).softmax(-1) * allowed
    return (weights @ value.transpose(1, 2)).transpose(1, 2), weights


# %% mistake: the bias is left out where there is no mask
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))
    if allowed is None:
        weights = scores.softmax(dim=-1)
    else:
        weights = masked_softmax(scores if bias is None else scores + bias, allowed)
    return (weights @ value.transpose(1, 2)).transpose(1, 2), weights


# %% correct: einsum throughout
def attention(query, key, value, allowed=None, bias=None):
    scores = torch.einsum("bqhd,bkhd->bhqk", query, key) / query.shape[-1] ** 0.5
    if bias is not None:
        scores = scores + bias
    if allowed is not None:
        scores = torch.where(allowed, scores, -1e30)
    weights = torch.softmax(scores, dim=-1)
    if allowed is not None:
        weights = torch.where(allowed, weights, 0.0)
    return torch.einsum("bhqk,bkhd->bqhd", weights, value), weights


# %% correct: a loop over the heads
def attention(query, key, value, allowed=None, bias=None):
    batch, n, heads, _ = query.shape
    shape = (batch, heads, n, key.shape[1])
    allowed = (torch.ones(1, dtype=torch.bool) if allowed is None else allowed).expand(shape)
    bias = (query.new_zeros(1) if bias is None else bias).expand(shape)
    outputs, weights = [], []
    for h in range(heads):
        scores = attention_scores(query[:, :, h], key[:, :, h]) + bias[:, h]
        weights.append(masked_softmax(scores, allowed[:, h]))
        outputs.append(weights[-1] @ value[:, :, h])
    return torch.stack(outputs, dim=2), torch.stack(weights, dim=1)


# %% correct: permute and bmm
def attention(query, key, value, allowed=None, bias=None):
    batch, n, heads, d_k = query.shape
    q = query.permute(0, 2, 1, 3).reshape(batch * heads, n, d_k)
    k = key.permute(0, 2, 3, 1).reshape(batch * heads, d_k, -1)
    v = value.permute(0, 2, 1, 3).reshape(batch * heads, key.shape[1], -1)
    scores = torch.bmm(q, k).view(batch, heads, n, -1) / math.sqrt(d_k)
    scores = scores if bias is None else scores + bias
    weights = scores.softmax(-1) if allowed is None else masked_softmax(scores, allowed)
    output = torch.bmm(weights.reshape(batch * heads, n, -1), v)
    return output.view(batch, heads, n, -1).permute(0, 2, 1, 3), weights


# %% correct: one query of one head after another, weights detached
def attention(query, key, value, allowed=None, bias=None):
    batch, n, heads, _ = query.shape
    shape = (batch, heads, n, key.shape[1])
    allowed = torch.tensor(True) if allowed is None else allowed
    bias = torch.zeros((), dtype=query.dtype) if bias is None else bias
    allowed, bias = allowed.expand(shape), bias.expand(shape)
    output, weights = torch.empty(0), torch.zeros(shape, dtype=query.dtype)
    outputs = []
    for b in range(batch):
        for i in range(n):
            for h in range(heads):
                scores = (key[b, :, h] * query[b, i, h]).sum(-1) / query.shape[-1] ** 0.5
                row = masked_softmax(scores + bias[b, h, i], allowed[b, h, i])
                weights[b, h, i] = row.detach()
                outputs.append((row[:, None] * value[b, :, h]).sum(0))
    output = torch.stack(outputs)
    return output.reshape(batch, n, heads, -1), weights


# %% correct: a list of two, keys with no weight left out of the sum
def attention(query, key, value, allowed=None, bias=None):
    scores = torch.einsum("bqhd,bkhd->bhqk", query / math.sqrt(query.size(-1)), key)
    scores = torch.add(scores, 0 if bias is None else bias)
    if allowed is not None:
        scores = scores.where(allowed, -torch.inf)
        empty = (scores == -torch.inf).all(-1, keepdim=True)
        weights = scores.masked_fill(empty, 0.0).softmax(-1).masked_fill(empty, 0.0)
    else:
        weights = scores.softmax(-1)
    values = value.permute(0, 2, 1, 3)
    return [torch.matmul(weights, values).permute(0, 2, 1, 3), weights]
