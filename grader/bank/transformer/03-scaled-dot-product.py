# ruff: noqa
"""Known answers for the notebook 03-scaled-dot-product; see grader/instructors.py."""

# %% mistake in attention_scores: the 1/√d_k is missing
def attention_scores(query, key, scale=None):
    return query @ key.transpose(-2, -1) * (1.0 if scale is None else scale)

# %% mistake in attention_scores: divides by d_k instead of its square root
def attention_scores(query, key, scale=None):
    return query @ key.transpose(-2, -1) * (1 / query.shape[-1] if scale is None else scale)

# %% mistake in attention_scores: multiplies by √d_k instead of dividing
def attention_scores(query, key, scale=None):
    return query @ key.transpose(-2, -1) * (query.shape[-1] ** 0.5 if scale is None else scale)

# %% mistake in attention_scores: divides by the given scale
def attention_scores(query, key, scale=None):
    scale = math.sqrt(query.shape[-1]) if scale is None else scale
    return query @ key.transpose(-2, -1) / scale

# %% mistake in attention_scores: takes a scale of 0 for no scale
def attention_scores(query, key, scale=None):
    return query @ key.transpose(-2, -1) * (scale or query.shape[-1] ** -0.5)

# %% mistake in attention_scores: takes the number of queries for d_k
def attention_scores(query, key, scale=None):
    scale = query.shape[-2] ** -0.5 if scale is None else scale
    return query @ key.transpose(-2, -1) * scale

# %% mistake in attention_scores: takes the number of keys for d_k
def attention_scores(query, key, scale=None):
    scale = key.shape[-2] ** -0.5 if scale is None else scale
    return query @ key.transpose(-2, -1) * scale

# %% mistake in attention_scores: transposes the first two dimensions, right for a batch of matrices only by luck
def attention_scores(query, key, scale=None):
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    return query @ key.transpose(0, 1) * scale

# %% mistake in attention_scores: returns keys × queries
def attention_scores(query, key, scale=None):
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    return key @ query.transpose(-2, -1) * scale

# %% mistake in attention_scores: works for three dimensions only
def attention_scores(query, key, scale=None):
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    return torch.bmm(query, key.transpose(1, 2)) * scale

# %% mistake in attention_scores: scales the query in place, so the caller's tensor changes
def attention_scores(query, key, scale=None):
    query *= query.shape[-1] ** -0.5 if scale is None else scale
    return query @ key.transpose(-2, -1)

# %% mistake in attention_scores: detaches, so no gradient flows
def attention_scores(query, key, scale=None):
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    return query.detach() @ key.transpose(-2, -1) * scale

# %% mistake in attention_scores: turns everything into float32
def attention_scores(query, key, scale=None):
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    return query.float() @ key.float().transpose(-2, -1) * scale

# %% correct attention_scores: with einsum
def attention_scores(query, key, scale=None):
    scores = torch.einsum("...qd,...kd->...qk", query, key)
    return scores / math.sqrt(query.size(-1)) if scale is None else scores * scale

# %% correct attention_scores: scales the query first
def attention_scores(query, key, scale=None):
    scale = key.shape[-1] ** -0.5 if scale is None else scale
    return torch.matmul(query * scale, key.mT)

# %% correct attention_scores: broadcasts and sums
def attention_scores(query, key, scale=None):
    if scale is None:
        scale = 1 / query.shape[-1] ** 0.5
    return (query.unsqueeze(-2) * key.unsqueeze(-3)).sum(-1) * scale

# %% mistake in masked_softmax: the mask is turned round
def masked_softmax(scores, allowed):
    lowest = torch.finfo(scores.dtype).min
    return scores.masked_fill(allowed, lowest).softmax(-1).masked_fill(allowed, 0.0)

# %% mistake in masked_softmax: masks after the softmax, so the rows no longer sum to 1
def masked_softmax(scores, allowed):
    return scores.softmax(-1) * allowed

# %% mistake in masked_softmax: multiplies the scores by the mask, so a hidden score becomes 0 and keeps its weight
def masked_softmax(scores, allowed):
    return (scores * allowed).softmax(-1)

# %% mistake in masked_softmax: fills with 0 instead of a very low number
def masked_softmax(scores, allowed):
    return scores.masked_fill(~allowed, 0.0).softmax(-1) * allowed

# %% mistake in masked_softmax: fills with −10, which is not low enough
def masked_softmax(scores, allowed):
    return scores.masked_fill(~allowed, -10.0).softmax(-1) * allowed

# %% mistake in masked_softmax: a row in which nothing is allowed gives NaN
def masked_softmax(scores, allowed):
    return scores.masked_fill(~allowed, -torch.inf).softmax(-1)

# %% mistake in masked_softmax: a row in which nothing is allowed gives equal weights
def masked_softmax(scores, allowed):
    return scores.masked_fill(~allowed, torch.finfo(scores.dtype).min).softmax(-1)

# %% mistake in masked_softmax: NaN is wiped off the weights but stays in the gradient
def masked_softmax(scores, allowed):
    penalty = torch.zeros(allowed.shape, dtype=scores.dtype).masked_fill(~allowed, -torch.inf)
    return (scores + penalty).softmax(-1).nan_to_num()

# %% mistake in masked_softmax: the softmax runs over the queries
def masked_softmax(scores, allowed):
    lowest = torch.finfo(scores.dtype).min
    return scores.masked_fill(~allowed, lowest).softmax(-2).masked_fill(~allowed, 0.0)

# %% mistake in masked_softmax: changes the caller's scores in place
def masked_softmax(scores, allowed):
    scores.masked_fill_(~allowed, torch.finfo(scores.dtype).min)
    return scores.softmax(-1) * allowed

# %% mistake in masked_softmax: exponentials without subtracting the maximum overflow
def masked_softmax(scores, allowed):
    exponential = torch.exp(scores) * allowed
    return exponential / exponential.sum(-1, keepdim=True).clamp(min=1e-30)

# %% mistake in masked_softmax: divides in place what torch.exp keeps for the gradient
def masked_softmax(scores, allowed):
    scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    exponential = torch.exp(scores - scores.amax(-1, keepdim=True))
    exponential /= exponential.sum(-1, keepdim=True)
    return exponential * allowed

# %% mistake in masked_softmax: one sequence's mask is used for all
def masked_softmax(scores, allowed):
    allowed = allowed[:1]
    lowest = torch.finfo(scores.dtype).min
    return scores.masked_fill(~allowed, lowest).softmax(-1).masked_fill(~allowed, 0.0)

# %% mistake in masked_softmax: adds a small number below the fraction, so the rows sum to less than 1
def masked_softmax(scores, allowed):
    scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    exponential = torch.exp(scores - scores.amax(-1, keepdim=True)) * allowed
    return exponential / (exponential.sum(-1, keepdim=True) + 1e-6)

# %% correct masked_softmax: with −1e9 and zeros afterwards
def masked_softmax(scores, allowed):
    return torch.where(allowed, scores, -1e9).softmax(-1) * allowed

# %% correct masked_softmax: NaN wiped off, and masked_fill passes no gradient to a hidden score
def masked_softmax(scores, allowed):
    return scores.masked_fill(~allowed, -torch.inf).softmax(-1).nan_to_num()

# %% correct masked_softmax: by hand, with the maximum of the allowed scores
def masked_softmax(scores, allowed):
    highest = torch.where(allowed, scores, -torch.inf).amax(-1, keepdim=True).detach()
    highest = torch.where(highest.isinf(), 0.0, highest)
    exponential = torch.where(allowed, torch.exp(torch.where(allowed, scores - highest, 0.0)), 0.0)
    total = exponential.sum(-1, keepdim=True)
    return exponential / torch.where(total == 0, 1.0, total)

# %% correct masked_softmax: an additive mask
def masked_softmax(scores, allowed):
    penalty = torch.zeros_like(allowed, dtype=scores.dtype).masked_fill(~allowed, -1e30)
    weights = F.softmax(scores + penalty, dim=-1)
    return weights.masked_fill(~allowed.any(-1, keepdim=True), 0.0)

# %% correct masked_softmax: empty rows are opened before the softmax and emptied after it
def masked_softmax(scores, allowed):
    empty = ~allowed.any(dim=-1, keepdim=True)
    weights = scores.masked_fill(~(allowed | empty), float("-inf")).softmax(dim=-1)
    return weights.masked_fill(empty, 0.0)

# %% mistake in attention: returns the output with the heads before the length
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))
    scores = scores if bias is None else scores + bias
    allowed = torch.tensor(True) if allowed is None else allowed
    weights = masked_softmax(scores, allowed)
    return weights @ value.transpose(1, 2), weights

# %% mistake in attention: reads the length-first tensors as heads first
def attention(query, key, value, allowed=None, bias=None):
    batch, length, heads, d_k = query.shape
    q = query.reshape(batch, heads, length, d_k)
    k = key.reshape(batch, heads, key.shape[1], d_k)
    v = value.reshape(batch, heads, key.shape[1], -1)
    scores = attention_scores(q, k)
    scores = scores if bias is None else scores + bias
    weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    return (weights @ v).transpose(1, 2), weights

# %% mistake in attention: the bias is added before the scaling
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2), scale=1.0)
    scores = scores if bias is None else scores + bias
    scores = scores / math.sqrt(query.shape[-1])
    weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    return (weights @ value.transpose(1, 2)).transpose(1, 2), weights

# %% mistake in attention: the bias is added to the weights, after the softmax
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))
    weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    weights = weights if bias is None else weights + bias
    return (weights @ value.transpose(1, 2)).transpose(1, 2), weights

# %% mistake in attention: the bias is left out
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))
    weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    return (weights @ value.transpose(1, 2)).transpose(1, 2), weights

# %% mistake in attention: the mask is left out when there is a bias
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))
    if bias is not None:
        weights = (scores + bias).softmax(-1)
    else:
        weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    return (weights @ value.transpose(1, 2)).transpose(1, 2), weights

# %% mistake in attention: averages the weights over the heads
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))
    scores = scores if bias is None else scores + bias
    weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    return (weights @ value.transpose(1, 2)).transpose(1, 2), weights.mean(1)

# %% mistake in attention: returns the scores in place of the weights
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))
    scores = scores if bias is None else scores + bias
    weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    return (weights @ value.transpose(1, 2)).transpose(1, 2), scores

# %% mistake in attention: the scale is missing
def attention(query, key, value, allowed=None, bias=None):
    scores = torch.einsum("bqhd,bkhd->bhqk", query, key)
    scores = scores if bias is None else scores + bias
    weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    return torch.einsum("bhqk,bkhd->bqhd", weights, value), weights

# %% mistake in attention: the keys of all heads are summed, since the einsum names their heads g
def attention(query, key, value, allowed=None, bias=None):
    scores = torch.einsum("bqhd,bkgd->bhqk", query, key) / math.sqrt(query.shape[-1])
    scores = scores if bias is None else scores + bias
    weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    return torch.einsum("bhqk,bkhd->bqhd", weights, value), weights

# %% mistake in attention: returns the output alone
def attention(query, key, value, allowed=None, bias=None):
    scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))
    scores = scores if bias is None else scores + bias
    weights = masked_softmax(scores, torch.tensor(True) if allowed is None else allowed)
    return (weights @ value.transpose(1, 2)).transpose(1, 2)

# %% mistake in attention: uses PyTorch's own answer, which this notebook forbids
def attention(query, key, value, allowed=None, bias=None):
    q, k, v = (x.transpose(1, 2) for x in (query, key, value))
    return F.scaled_dot_product_attention(q, k, v, attn_mask=allowed).transpose(1, 2), None

# %% correct attention: einsum throughout
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

# %% correct attention: a loop over the heads
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

# %% correct attention: permute and bmm
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

# %% mistake in self_attention: causal=True is ignored
def self_attention(x, w_query, w_key, w_value, causal=False):
    weights = ((x @ w_query) @ (x @ w_key).mT / math.sqrt(w_query.shape[1])).softmax(-1)
    return weights @ (x @ w_value)

# %% mistake in self_attention: always causal
def self_attention(x, w_query, w_key, w_value, causal=False):
    allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).tril()
    return masked_softmax(attention_scores(x @ w_query, x @ w_key), allowed) @ (x @ w_value)

# %% mistake in self_attention: a position does not see itself
def self_attention(x, w_query, w_key, w_value, causal=False):
    allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
    allowed = allowed.tril(-1) if causal else allowed
    return masked_softmax(attention_scores(x @ w_query, x @ w_key), allowed) @ (x @ w_value)

# %% mistake in self_attention: sees the future instead of the past
def self_attention(x, w_query, w_key, w_value, causal=False):
    allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
    allowed = allowed.triu() if causal else allowed
    return masked_softmax(attention_scores(x @ w_query, x @ w_key), allowed) @ (x @ w_value)

# %% mistake in self_attention: sees one token of the future
def self_attention(x, w_query, w_key, w_value, causal=False):
    allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
    allowed = allowed.tril(1) if causal else allowed
    return masked_softmax(attention_scores(x @ w_query, x @ w_key), allowed) @ (x @ w_value)

# %% mistake in self_attention: the values are x itself, without their matrix, then projected by the keys' one
def self_attention(x, w_query, w_key, w_value, causal=False):
    allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
    allowed = allowed.tril() if causal else allowed
    return masked_softmax(attention_scores(x @ w_query, x @ w_key), allowed) @ (x @ w_key)

# %% mistake in self_attention: queries and keys are exchanged
def self_attention(x, w_query, w_key, w_value, causal=False):
    allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
    allowed = allowed.tril() if causal else allowed
    return masked_softmax(attention_scores(x @ w_key, x @ w_query), allowed) @ (x @ w_value)

# %% mistake in self_attention: the keys use the queries' matrix
def self_attention(x, w_query, w_key, w_value, causal=False):
    allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
    allowed = allowed.tril() if causal else allowed
    return masked_softmax(attention_scores(x @ w_query, x @ w_query), allowed) @ (x @ w_value)

# %% mistake in self_attention: divides by the square root of d_model instead of d_k
def self_attention(x, w_query, w_key, w_value, causal=False):
    allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
    allowed = allowed.tril() if causal else allowed
    scores = attention_scores(x @ w_query, x @ w_key, scale=x.shape[-1] ** -0.5)
    return masked_softmax(scores, allowed) @ (x @ w_value)

# %% mistake in self_attention: adds the input, which is the residual connection's work
def self_attention(x, w_query, w_key, w_value, causal=False):
    allowed = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool)
    allowed = allowed.tril() if causal else allowed
    out = masked_softmax(attention_scores(x @ w_query, x @ w_key), allowed) @ (x @ w_value)
    return out + x[..., : out.shape[-1]]

# %% mistake in self_attention: the causal mask is applied after the softmax
def self_attention(x, w_query, w_key, w_value, causal=False):
    weights = attention_scores(x @ w_query, x @ w_key).softmax(-1)
    weights = weights.tril() if causal else weights
    return weights @ (x @ w_value)

# %% correct self_attention: −inf above the diagonal
def self_attention(x, w_query, w_key, w_value, causal=False):
    scores = attention_scores(x @ w_query, x @ w_key)
    if causal:
        scores = scores + torch.full_like(scores, float("-inf")).triu(1)
    return F.softmax(scores, -1) @ (x @ w_value)

# %% correct self_attention: positions compared
def self_attention(x, w_query, w_key, w_value, causal=False):
    position = torch.arange(x.shape[1])
    allowed = (position[None, :] <= position[:, None]) | (not causal)
    weights = masked_softmax(attention_scores(x @ w_query, x @ w_key), allowed)
    return torch.einsum("bqk,bkd->bqd", weights, x @ w_value)

# %% correct self_attention: one position after another
def self_attention(x, w_query, w_key, w_value, causal=False):
    query, key, value = x @ w_query, x @ w_key, x @ w_value
    rows = []
    for i in range(x.shape[1]):
        last = i + 1 if causal else x.shape[1]
        weights = attention_scores(query[:, i : i + 1], key[:, :last]).softmax(-1)
        rows.append(weights @ value[:, :last])
    return torch.cat(rows, dim=1)

# %% mistake in source_target_attention: the queries come from the memory
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    allowed = (torch.arange(memory.shape[1]) < memory_lengths[:, None])[:, None]
    scores = attention_scores(memory @ w_query, memory @ w_key)
    return masked_softmax(scores, allowed) @ (memory @ w_value)

# %% mistake in source_target_attention: the values come from the target
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    allowed = (torch.arange(target.shape[1]) < memory_lengths[:, None])[:, None]
    scores = attention_scores(target @ w_query, target @ w_key)
    return masked_softmax(scores, allowed) @ (target @ w_value)

# %% mistake in source_target_attention: the padding is attended to
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    weights = attention_scores(target @ w_query, memory @ w_key).softmax(-1)
    return weights @ (memory @ w_value)

# %% mistake in source_target_attention: one position of padding is let through
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    allowed = (torch.arange(memory.shape[1]) <= memory_lengths[:, None])[:, None]
    scores = attention_scores(target @ w_query, memory @ w_key)
    return masked_softmax(scores, allowed) @ (memory @ w_value)

# %% mistake in source_target_attention: the padding is attended to and the real positions are hidden
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    allowed = (torch.arange(memory.shape[1]) >= memory_lengths[:, None])[:, None]
    scores = attention_scores(target @ w_query, memory @ w_key)
    return masked_softmax(scores, allowed) @ (memory @ w_value)

# %% mistake in source_target_attention: the longest length is used for all sequences
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    allowed = torch.arange(memory.shape[1]) < memory_lengths.max()
    scores = attention_scores(target @ w_query, memory @ w_key)
    return masked_softmax(scores, allowed) @ (memory @ w_value)

# %% mistake in source_target_attention: zeroes the padded memory, but a key of zeros still gets weight
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    real = (torch.arange(memory.shape[1]) < memory_lengths[:, None])[:, :, None]
    memory = memory * real
    return attention_scores(target @ w_query, memory @ w_key).softmax(-1) @ (memory @ w_value)

# %% mistake in source_target_attention: a memory of length 0 gives NaN
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    padded = (torch.arange(memory.shape[1]) >= memory_lengths[:, None])[:, None]
    scores = attention_scores(target @ w_query, memory @ w_key).masked_fill(padded, -torch.inf)
    return scores.softmax(-1) @ (memory @ w_value)

# %% mistake in source_target_attention: a causal mask, which belongs to self-attention
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    allowed = (torch.arange(memory.shape[1]) < memory_lengths[:, None])[:, None]
    allowed = allowed & torch.ones(target.shape[1], memory.shape[1], dtype=torch.bool).tril()
    scores = attention_scores(target @ w_query, memory @ w_key)
    return masked_softmax(scores, allowed) @ (memory @ w_value)

# %% mistake in source_target_attention: keys and values are exchanged
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    allowed = (torch.arange(memory.shape[1]) < memory_lengths[:, None])[:, None]
    scores = attention_scores(target @ w_query, memory @ w_key)
    return masked_softmax(scores, allowed) @ (memory @ w_key)

# %% mistake in source_target_attention: the scale is missing
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    allowed = (torch.arange(memory.shape[1]) < memory_lengths[:, None])[:, None]
    scores = (target @ w_query) @ (memory @ w_key).mT
    return masked_softmax(scores, allowed) @ (memory @ w_value)

# %% correct source_target_attention: one sequence after another
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    outputs = []
    for t, m, n in zip(target, memory, memory_lengths):
        m = m[: int(n)]
        outputs.append(attention_scores(t @ w_query, m @ w_key).softmax(-1) @ (m @ w_value))
    return torch.stack(outputs)

# %% correct source_target_attention: an additive mask and einsum
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    real = torch.arange(memory.shape[1])[None] < memory_lengths.view(-1, 1)
    scores = torch.einsum("btd,bsd->bts", target @ w_query, memory @ w_key)
    scores = scores / math.sqrt(w_key.shape[1]) + torch.where(real, 0.0, -1e30)[:, None]
    weights = scores.softmax(-1) * real[:, None]
    return torch.einsum("bts,bsd->btd", weights, memory @ w_value)

# %% correct source_target_attention: through the student's own attention
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    lengths = memory_lengths.reshape(-1, 1, 1, 1)
    allowed = torch.arange(memory.size(1)).reshape(1, 1, 1, -1).lt(lengths)
    q, k, v = target @ w_query, memory @ w_key, memory @ w_value
    return attention(q.unsqueeze(2), k.unsqueeze(2), v.unsqueeze(2), allowed)[0].squeeze(2)
