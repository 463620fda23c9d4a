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
