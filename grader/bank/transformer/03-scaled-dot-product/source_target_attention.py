"""Known answers to source_target_attention; grader/bank/__init__.py explains the format."""


# %% mistake: the queries come from the memory
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    allowed = (torch.arange(memory.shape[1]) < memory_lengths[:, None])[:, None]
    scores = attention_scores(memory @ w_query, memory @ w_key)
    return masked_softmax(scores, allowed) @ (memory @ w_value)


# %% mistake: the values come from the target
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    allowed = (torch.arange(target.shape[1]) < memory_lengths[:, None])[:, None]
    scores = attention_scores(target @ w_query, target @ w_key)
    return masked_softmax(scores, allowed) @ (target @ w_value)


# %% mistake: the padding is attended to
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    weights = attention_scores(target @ w_query, memory @ w_key).softmax(-1)
    return weights @ (memory @ w_value)


# %% mistake: one position of padding is let through
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    allowed = (torch.arange(memory.shape[1]) <= memory_lengths[:, None])[:, None]
    scores = attention_scores(target @ w_query, memory @ w_key)
    return masked_softmax(scores, allowed) @ (memory @ w_value)


# %% mistake: the padding is attended to and the real positions are hidden
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    allowed = (torch.arange(memory.shape[1]) >= memory_lengths[:, None])[:, None]
    scores = attention_scores(target @ w_query, memory @ w_key)
    return masked_softmax(scores, allowed) @ (memory @ w_value)


# %% mistake: the longest length is used for all sequences
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    allowed = torch.arange(memory.shape[1]) < memory_lengths.max()
    scores = attention_scores(target @ w_query, memory @ w_key)
    return masked_softmax(scores, allowed) @ (memory @ w_value)


# %% mistake: zeroes the padded memory, but a key of zeros still gets weight
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    real = (torch.arange(memory.shape[1]) < memory_lengths[:, None])[:, :, None]
    memory = memory * real
    return attention_scores(target @ w_query, memory @ w_key).softmax(-1) @ (memory @ w_value)


# %% mistake: a memory of length 0 gives NaN
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    padded = (torch.arange(memory.shape[1]) >= memory_lengths[:, None])[:, None]
    scores = attention_scores(target @ w_query, memory @ w_key).masked_fill(padded, -torch.inf)
    return scores.softmax(-1) @ (memory @ w_value)


# %% mistake: a causal mask, which belongs to self-attention
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    allowed = (torch.arange(memory.shape[1]) < memory_lengths[:, None])[:, None]
    allowed = allowed & torch.ones(target.shape[1], memory.shape[1], dtype=torch.bool).tril()
    scores = attention_scores(target @ w_query, memory @ w_key)
    return masked_softmax(scores, allowed) @ (memory @ w_value)


# %% mistake: keys and values are exchanged
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    allowed = (torch.arange(memory.shape[1]) < memory_lengths[:, None])[:, None]
    scores = attention_scores(target @ w_query, memory @ w_key)
    return masked_softmax(scores, allowed) @ (memory @ w_key)


# %% mistake: the scale is missing
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    allowed = (torch.arange(memory.shape[1]) < memory_lengths[:, None])[:, None]
    scores = (target @ w_query) @ (memory @ w_key).mT
    return masked_softmax(scores, allowed) @ (memory @ w_value)


# %% mistake: zeros for the whole batch as soon as one memory has the length 0
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    if (memory_lengths == 0).any():
        return target.new_zeros(*target.shape[:2], w_value.shape[1])
    allowed = (torch.arange(memory.shape[1]) < memory_lengths[:, None])[:, None]
    scores = attention_scores(target @ w_query, memory @ w_key)
    return masked_softmax(scores, allowed) @ (memory @ w_value)


# %% mistake: takes 10000 off the scores of the padding, and larger ones come through
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    real = (torch.arange(memory.shape[1]) < memory_lengths[:, None])[:, None]
    scores = attention_scores(target @ w_query, memory @ w_key) - 10000.0 * ~real
    return (scores.softmax(-1) * real) @ (memory @ w_value)


# %% mistake: squeezes, so a batch of one loses its axis
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    allowed = (torch.arange(memory.shape[1]) < memory_lengths[:, None])[:, None]
    scores = attention_scores(target @ w_query, memory @ w_key)
    return (masked_softmax(scores, allowed) @ (memory @ w_value)).squeeze(0)


# %% mistake: a memory of length 0 counts as one of length 1
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    allowed = torch.arange(memory.shape[1]) < memory_lengths.clamp(min=1)[:, None]
    scores = attention_scores(target @ w_query, memory @ w_key)
    return masked_softmax(scores, allowed[:, None]) @ (memory @ w_value)


# %% mistake: fills the padding with −10000, and scores below it lose to it
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    padded = torch.arange(memory.shape[1]) >= memory_lengths[:, None, None]
    scores = attention_scores(target @ w_query, memory @ w_key).masked_fill(padded, -10000.0)
    weights = scores.softmax(-1) * (memory_lengths > 0)[:, None, None]
    return weights @ (memory @ w_value)


# %% correct: one sequence after another
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    outputs = []
    for t, m, n in zip(target, memory, memory_lengths):
        m = m[: int(n)]
        outputs.append(attention_scores(t @ w_query, m @ w_key).softmax(-1) @ (m @ w_value))
    return torch.stack(outputs)


# %% correct: an additive mask and einsum
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    real = torch.arange(memory.shape[1])[None] < memory_lengths.view(-1, 1)
    scores = torch.einsum("btd,bsd->bts", target @ w_query, memory @ w_key)
    scores = scores / math.sqrt(w_key.shape[1]) + torch.where(real, 0.0, -1e30)[:, None]
    weights = scores.softmax(-1) * real[:, None]
    return torch.einsum("bts,bsd->btd", weights, memory @ w_value)


# %% correct: through the student's own attention
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    lengths = memory_lengths.reshape(-1, 1, 1, 1)
    allowed = torch.arange(memory.size(1)).reshape(1, 1, 1, -1).lt(lengths)
    q, k, v = target @ w_query, memory @ w_key, memory @ w_value
    return attention(q.unsqueeze(2), k.unsqueeze(2), v.unsqueeze(2), allowed)[0].squeeze(2)


# %% correct: cut at the longest memory
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    memory = memory[:, : int(memory_lengths.max())]
    hidden = (torch.arange(memory.shape[1]) >= memory_lengths[:, None])[:, None]
    scores = attention_scores(target @ w_query, memory @ w_key).masked_fill(hidden, -torch.inf)
    return scores.softmax(-1).nan_to_num(0.0) @ (memory @ w_value)


# %% correct: zeros filled in for one memory after another
def source_target_attention(target, memory, w_query, w_key, w_value, memory_lengths):
    output = torch.zeros(*target.shape[:2], w_value.shape[1], dtype=target.dtype)
    for i, n in enumerate(memory_lengths.numpy()):
        if n > 0:
            query, real = target[i] @ w_query, memory[i].narrow(0, 0, n)
            weights = (query @ (real @ w_key).T * len(w_key.T) ** -0.5).softmax(1)
            output[i] = weights @ real @ w_value
    return output
