"""Known answers to attention_scores; grader/bank/__init__.py explains the format."""


# %% mistake: the 1/√d_k is missing
def attention_scores(query, key, scale=None):
    return query @ key.transpose(-2, -1) * (1.0 if scale is None else scale)


# %% mistake: divides by d_k instead of its square root
def attention_scores(query, key, scale=None):
    return query @ key.transpose(-2, -1) * (1 / query.shape[-1] if scale is None else scale)


# %% mistake: multiplies by √d_k instead of dividing
def attention_scores(query, key, scale=None):
    return query @ key.transpose(-2, -1) * (query.shape[-1] ** 0.5 if scale is None else scale)


# %% mistake: divides by the given scale
def attention_scores(query, key, scale=None):
    scale = math.sqrt(query.shape[-1]) if scale is None else scale
    return query @ key.transpose(-2, -1) / scale


# %% mistake: takes a scale of 0 for no scale
def attention_scores(query, key, scale=None):
    return query @ key.transpose(-2, -1) * (scale or query.shape[-1] ** -0.5)


# %% mistake: takes the number of queries for d_k
def attention_scores(query, key, scale=None):
    scale = query.shape[-2] ** -0.5 if scale is None else scale
    return query @ key.transpose(-2, -1) * scale


# %% mistake: takes the number of keys for d_k
def attention_scores(query, key, scale=None):
    scale = key.shape[-2] ** -0.5 if scale is None else scale
    return query @ key.transpose(-2, -1) * scale


# %% mistake: transposes the first two dimensions, right for a batch of matrices only by luck
def attention_scores(query, key, scale=None):
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    return query @ key.transpose(0, 1) * scale


# %% mistake: returns keys × queries
def attention_scores(query, key, scale=None):
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    return key @ query.transpose(-2, -1) * scale


# %% mistake: works for three dimensions only
def attention_scores(query, key, scale=None):
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    return torch.bmm(query, key.transpose(1, 2)) * scale


# %% mistake: scales the query in place, so the caller's tensor changes
def attention_scores(query, key, scale=None):
    query *= query.shape[-1] ** -0.5 if scale is None else scale
    return query @ key.transpose(-2, -1)


# %% mistake: detaches, so no gradient flows
def attention_scores(query, key, scale=None):
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    return query.detach() @ key.transpose(-2, -1) * scale


# %% mistake: turns everything into float32
def attention_scores(query, key, scale=None):
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    return query.float() @ key.float().transpose(-2, -1) * scale


# %% mistake: rounds the square root of d_k down to a whole number
def attention_scores(query, key, scale=None):
    scale = 1 / math.isqrt(query.shape[-1]) if scale is None else scale
    return query @ key.transpose(-2, -1) * scale


# %% mistake: divides by 2, whatever d_k is
def attention_scores(query, key, scale=None):
    scale = 0.5 if scale is None else scale
    return query @ key.transpose(-2, -1) * scale


# %% mistake: computes the scale in float32, so float64 has seven digits only
def attention_scores(query, key, scale=None):
    scale = torch.tensor(float(query.shape[-1])).rsqrt().item() if scale is None else scale
    return query @ key.transpose(-2, -1) * scale


# %% mistake: cuts scores off at ±50
def attention_scores(query, key, scale=None):
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    return (query @ key.transpose(-2, -1) * scale).clamp(-50.0, 50.0)


# %% mistake: transposes the keys only if the product fails otherwise
def attention_scores(query, key, scale=None):
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    try:
        return query @ key * scale
    except RuntimeError:
        return query @ key.transpose(-2, -1) * scale


# %% correct: with einsum
def attention_scores(query, key, scale=None):
    scores = torch.einsum("...qd,...kd->...qk", query, key)
    return scores / math.sqrt(query.size(-1)) if scale is None else scores * scale


# %% correct: scales the query first
def attention_scores(query, key, scale=None):
    scale = key.shape[-1] ** -0.5 if scale is None else scale
    return torch.matmul(query * scale, key.mT)


# %% correct: broadcasts and sums
def attention_scores(query, key, scale=None):
    if scale is None:
        scale = 1 / query.shape[-1] ** 0.5
    return (query.unsqueeze(-2) * key.unsqueeze(-3)).sum(-1) * scale


# %% correct: one query after another
def attention_scores(query, key, scale=None):
    factor = torch.tensor(query.shape[-1], dtype=query.dtype).rsqrt() if scale is None else scale
    rows = [(key @ one.unsqueeze(-1)).squeeze(-1) for one in query.unbind(-2)]
    return torch.stack(rows, dim=-2) * factor


# %% correct: a linear layer without weights of its own, after all leading axes are merged
def attention_scores(query, key, scale=None):
    *batch, n, d_k = query.shape
    scale = d_k**-0.5 if scale is None else scale
    pairs = zip(query.reshape(-1, n, d_k), key.reshape(-1, *key.shape[-2:]))
    scores = torch.stack([F.linear(q, k) for q, k in pairs])
    return scale * scores.reshape(*batch, n, -1)


# %% correct: baddbmm and NumPy's square root
def attention_scores(query, key, scale=None):
    import numpy

    scale = 1 / numpy.sqrt(query.shape[-1]) if scale is None else scale
    q, k = query.flatten(0, -3) if query.dim() > 3 else query, key
    if query.dim() == 2:
        q, k = q[None], k[None]
    k = k.flatten(0, -3) if k.dim() > 3 else k
    zeros = q.new_zeros(1, 1, 1)
    scores = torch.baddbmm(zeros, q, k.mT, beta=0, alpha=float(scale))
    return scores.view(*query.shape[:-1], key.shape[-2])
