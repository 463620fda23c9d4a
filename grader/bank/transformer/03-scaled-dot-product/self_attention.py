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


# %% mistake: transposes a square matrix of weights, as nn.Linear has it
def self_attention(x, w_query, w_key, w_value, causal=False):
    query, key, value = (
        F.linear(x, w) if w.shape[1] == x.shape[-1] else x @ w for w in (w_query, w_key, w_value)
    )
    allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
    allowed = allowed.tril() if causal else allowed
    return masked_softmax(attention_scores(query, key), allowed) @ value


# %% mistake: the causal mask is cut out of a table that ends at 512 positions
_TABLE = torch.ones(512, 512, dtype=torch.bool).tril()


def self_attention(x, w_query, w_key, w_value, causal=False):
    n = x.shape[1]
    allowed = _TABLE[:n, :n] if causal else torch.ones(n, n, dtype=torch.bool)
    return masked_softmax(attention_scores(x @ w_query, x @ w_key), allowed) @ (x @ w_value)


# %% mistake: takes 10000 off the scores of later tokens, and larger ones come through
def self_attention(x, w_query, w_key, w_value, causal=False):
    scores = attention_scores(x @ w_query, x @ w_key)
    if causal:
        scores = scores - 10000.0 * torch.ones_like(scores).triu(1)
    return scores.softmax(-1) @ (x @ w_value)


# %% mistake: takes the root of d_v in place of d_k
def self_attention(x, w_query, w_key, w_value, causal=False):
    allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
    allowed = allowed.tril() if causal else allowed
    scores = attention_scores(x @ w_query, x @ w_key, scale=w_value.shape[1] ** -0.5)
    return masked_softmax(scores, allowed) @ (x @ w_value)


# %% mistake: fills the scores of later tokens with −10000, and scores below it lose to it
def self_attention(x, w_query, w_key, w_value, causal=False):
    scores = attention_scores(x @ w_query, x @ w_key)
    if causal:
        later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        scores = scores.masked_fill(later, -10000.0)
    return scores.softmax(dim=-1) @ (x @ w_value)


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


# %% correct: one product for queries, keys and values, split afterwards
def self_attention(x, w_query, w_key, w_value, causal=False):
    widths = [w.shape[1] for w in (w_query, w_key, w_value)]
    query, key, value = (x @ torch.hstack([w_query, w_key, w_value])).split(widths, dim=-1)
    scores = query @ key.mT / widths[0] ** 0.5
    if causal:
        scores = scores.masked_fill(torch.ones_like(scores).triu(1).bool(), -torch.inf)
    return scores.softmax(dim=-1) @ value


# %% correct: w_query and w_key make one matrix
def self_attention(x, w_query, w_key, w_value, causal=False):
    scores = torch.einsum("bid,de,bje->bij", x, w_query @ w_key.T, x)
    scores = scores / math.sqrt(len(w_key[0]))
    seen = torch.ones_like(scores, dtype=torch.bool)
    weights = masked_softmax(scores, seen.tril() if causal else seen)
    return (weights @ x) @ w_value
