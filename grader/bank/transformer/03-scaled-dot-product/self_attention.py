"""Known answers to self_attention; grader/bank/__init__.py explains the format."""


# %% mistake: causal=True is ignored
def self_attention(x, w_query, w_key, w_value, causal=False):
    weights = ((x @ w_query) @ (x @ w_key).mT / math.sqrt(w_query.shape[1])).softmax(-1)
    return weights @ (x @ w_value)


# %% mistake: always causal
def self_attention(x, w_query, w_key, w_value, causal=False):
    allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).tril()
    return masked_softmax(attention_scores(x @ w_query, x @ w_key), allowed) @ (x @ w_value)


# %% mistake: a position does not see itself
def self_attention(x, w_query, w_key, w_value, causal=False):
    allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
    allowed = allowed.tril(-1) if causal else allowed
    return masked_softmax(attention_scores(x @ w_query, x @ w_key), allowed) @ (x @ w_value)


# %% mistake: sees the future instead of the past
def self_attention(x, w_query, w_key, w_value, causal=False):
    allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
    allowed = allowed.triu() if causal else allowed
    return masked_softmax(attention_scores(x @ w_query, x @ w_key), allowed) @ (x @ w_value)


# %% mistake: sees one token of the future
def self_attention(x, w_query, w_key, w_value, causal=False):
    allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
    allowed = allowed.tril(1) if causal else allowed
    return masked_softmax(attention_scores(x @ w_query, x @ w_key), allowed) @ (x @ w_value)


# %% mistake: the values are x itself, without their matrix, then projected by the keys' one
def self_attention(x, w_query, w_key, w_value, causal=False):
    allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
    allowed = allowed.tril() if causal else allowed
    return masked_softmax(attention_scores(x @ w_query, x @ w_key), allowed) @ (x @ w_key)


# %% mistake: queries and keys are exchanged
def self_attention(x, w_query, w_key, w_value, causal=False):
    allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
    allowed = allowed.tril() if causal else allowed
    return masked_softmax(attention_scores(x @ w_key, x @ w_query), allowed) @ (x @ w_value)


# %% mistake: the keys use the queries' matrix
def self_attention(x, w_query, w_key, w_value, causal=False):
    allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
    allowed = allowed.tril() if causal else allowed
    return masked_softmax(attention_scores(x @ w_query, x @ w_query), allowed) @ (x @ w_value)


# %% mistake: divides by the square root of d_model instead of d_k
def self_attention(x, w_query, w_key, w_value, causal=False):
    allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
    allowed = allowed.tril() if causal else allowed
    scores = attention_scores(x @ w_query, x @ w_key, scale=x.shape[-1] ** -0.5)
    return masked_softmax(scores, allowed) @ (x @ w_value)


# %% mistake: adds the input, which is the residual connection's work
def self_attention(x, w_query, w_key, w_value, causal=False):
    allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
    allowed = allowed.tril() if causal else allowed
    out = masked_softmax(attention_scores(x @ w_query, x @ w_key), allowed) @ (x @ w_value)
    return out + x[..., : out.shape[-1]]


# %% mistake: the causal mask is applied after the softmax
def self_attention(x, w_query, w_key, w_value, causal=False):
    weights = attention_scores(x @ w_query, x @ w_key).softmax(-1)
    weights = weights.tril() if causal else weights
    return weights @ (x @ w_value)


# %% correct: −inf above the diagonal
def self_attention(x, w_query, w_key, w_value, causal=False):
    scores = attention_scores(x @ w_query, x @ w_key)
    if causal:
        scores = scores + torch.full_like(scores, float("-inf")).triu(1)
    return F.softmax(scores, -1) @ (x @ w_value)


# %% correct: positions compared
def self_attention(x, w_query, w_key, w_value, causal=False):
    position = torch.arange(x.shape[1])
    allowed = (position[None, :] <= position[:, None]) | (not causal)
    weights = masked_softmax(attention_scores(x @ w_query, x @ w_key), allowed)
    return torch.einsum("bqk,bkd->bqd", weights, x @ w_value)


# %% correct: one position after another
def self_attention(x, w_query, w_key, w_value, causal=False):
    query, key, value = x @ w_query, x @ w_key, x @ w_value
    rows = []
    for i in range(x.shape[1]):
        last = i + 1 if causal else x.shape[1]
        weights = attention_scores(query[:, i : i + 1], key[:, :last]).softmax(-1)
        rows.append(weights @ value[:, :last])
    return torch.cat(rows, dim=1)
