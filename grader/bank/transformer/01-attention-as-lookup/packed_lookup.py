"""Known answers to packed_lookup; grader/bank/__init__.py explains the format."""


# %% mistake: ignores the owners
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    return (queries @ keys.T / temperature).softmax(-1) @ values


# %% mistake: looks into every dictionary but its own
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] != key_owner
    scores = (queries @ keys.T / temperature).masked_fill(~own, torch.finfo(queries.dtype).min)
    return scores.softmax(-1).masked_fill(~own, 0.0) @ values


# %% mistake: looks into the earlier dictionaries too
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] >= key_owner
    scores = (queries @ keys.T / temperature).masked_fill(~own, torch.finfo(queries.dtype).min)
    return scores.softmax(-1).masked_fill(~own, 0.0) @ values


# %% mistake: hides the other keys after the softmax, so the weights no longer sum to 1
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    return ((queries @ keys.T / temperature).softmax(-1) * own) @ values


# %% mistake: makes the scores of other keys 0, and a score of 0 still gets weight
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    return (queries @ keys.T / temperature * own).softmax(-1) @ values


# %% mistake: fills with −10, which is not low enough
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    scores = (queries @ keys.T / temperature).masked_fill(~own, -10.0)
    return (scores.softmax(-1) * own) @ values


# %% mistake: a query without keys gets NaN
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    return (queries @ keys.T / temperature).masked_fill(~own, -torch.inf).softmax(-1) @ values


# %% mistake: a query without keys gets the mean of all values
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    return (queries @ keys.T / temperature).masked_fill(~own, -1e9).softmax(-1) @ values


# %% mistake: NaN is wiped off the output but stays in the gradient
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    penalty = torch.zeros(own.shape, dtype=queries.dtype).masked_fill(~own, -torch.inf)
    return ((queries @ keys.T / temperature + penalty).softmax(-1) @ values).nan_to_num()


# %% mistake: ignores the temperature
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    scores = (queries @ keys.T).masked_fill(~own, torch.finfo(queries.dtype).min)
    return scores.softmax(-1).masked_fill(~own, 0.0) @ values


# %% mistake: takes for granted that all dictionaries have the same size and stand in order
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    number = int(key_owner.max()) + 1
    keys = keys.reshape(number, -1, keys.shape[-1])[query_owner]
    values = values.reshape(number, -1, values.shape[-1])[query_owner]
    weights = (torch.einsum("qd,qkd->qk", queries, keys) / temperature).softmax(-1)
    return torch.einsum("qk,qkv->qv", weights, values)


# %% mistake: takes for granted that the keys of a dictionary stand together
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    rows = []
    for query, owner in zip(queries, query_owner):
        start, size = int((key_owner < owner).sum()), int((key_owner == owner).sum())
        k, v = keys[start : start + size], values[start : start + size]
        rows.append((k @ query / temperature).softmax(-1) @ v)
    return torch.stack(rows)


# %% mistake: exponentials without subtracting the maximum overflow
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    exponential = torch.exp(queries @ keys.T / temperature) * own
    return exponential / exponential.sum(-1, keepdim=True).clamp(min=1e-30) @ values


# %% mistake: subtracts the largest score of all dictionaries, so the small ones vanish
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    scores = queries @ keys.T / temperature
    exponential = torch.exp(scores - scores.max()) * own
    return exponential / exponential.sum(-1, keepdim=True).clamp(min=1e-300) @ values


# %% mistake: returns the results grouped by dictionary, not in the order of the queries
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    parts = []
    for owner in query_owner.unique():
        q, mine = queries[query_owner == owner], key_owner == owner
        parts.append((q @ keys[mine].T / temperature).softmax(-1) @ values[mine])
    return torch.cat(parts)


# %% mistake: fails for a dictionary that has queries but no keys
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    rows = []
    for query, owner in zip(queries, query_owner):
        scores = keys[key_owner == owner] @ query / temperature
        exponential = torch.exp(scores - scores.max())
        rows.append(exponential / exponential.sum() @ values[key_owner == owner])
    return torch.stack(rows)


# %% mistake: leaves the results without a gradient
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    output = torch.zeros(len(queries), values.shape[1], dtype=values.dtype)
    for i, owner in enumerate(query_owner):
        mine = key_owner == owner
        output[i] = ((keys[mine] @ queries[i] / temperature).softmax(-1) @ values[mine]).detach()
    return output


# %% correct: one query after another; an empty sum is zeros
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    rows = []
    for query, owner in zip(queries, query_owner):
        mine = key_owner == owner
        rows.append((keys[mine] @ query / temperature).softmax(-1) @ values[mine])
    return torch.stack(rows)


# %% correct: one dictionary after another, written into its rows
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    output = values.new_zeros(len(queries), values.shape[1])
    for owner in set(query_owner.tolist()) & set(key_owner.tolist()):
        ask, mine = query_owner == owner, key_owner == owner
        output[ask] = soft_lookup(queries[ask], keys[mine], values[mine], temperature)[0]
    return output


# %% correct: the lowest number, and zeros for queries without keys
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = torch.eq(query_owner.unsqueeze(1), key_owner.unsqueeze(0))
    scores = torch.einsum("qd,kd->qk", queries, keys) / temperature
    weights = torch.softmax(torch.where(own, scores, torch.finfo(scores.dtype).min), 1)
    return (weights @ values) * own.any(1, keepdim=True)


# %% correct: minus infinity, and NaN wiped off the weights
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    other = query_owner.view(-1, 1) != key_owner.view(1, -1)
    scores = (queries @ keys.T).div(temperature).masked_fill(other, float("-inf"))
    return scores.softmax(-1).nan_to_num() @ values


# %% mistake: fills with −100, which is not low enough
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    scores = (queries @ keys.T / temperature).masked_fill(~own, -100.0)
    return scores.softmax(-1).masked_fill(~own, 0.0) @ values


# %% mistake: takes a million off the other scores, and larger ones come through
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    scores = queries @ keys.T / temperature - 1e6 * (~own)
    return (scores.softmax(-1) * own) @ values


# %% mistake: fails where there is no key at all
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    scores = (queries @ keys.T / temperature).masked_fill(~own, torch.finfo(queries.dtype).min)
    exponential = torch.exp(scores - scores.amax(-1, keepdim=True)) * own
    return exponential / exponential.sum(-1, keepdim=True).clamp(min=1e-30) @ values


# %% mistake: a negative owner counts as none
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = (query_owner[:, None] == key_owner) & (key_owner >= 0)
    scores = (queries @ keys.T / temperature).masked_fill(~own, torch.finfo(queries.dtype).min)
    return scores.softmax(-1).masked_fill(~own, 0.0) @ values


# %% mistake: the owners become 8-bit integers, so 1 and 257 are the same
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner.to(torch.int8)[:, None] == key_owner.to(torch.int8)
    scores = (queries @ keys.T / temperature).masked_fill(~own, torch.finfo(queries.dtype).min)
    return scores.softmax(-1).masked_fill(~own, 0.0) @ values


# %% mistake: takes the number of dictionaries from the queries, so later ones are empty
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    output = values.new_zeros(len(queries), values.shape[1])
    for owner in range(len(query_owner.unique())):
        ask, mine = query_owner == owner, key_owner == owner
        output[ask] = (queries[ask] @ keys[mine].T / temperature).softmax(-1) @ values[mine]
    return output


# %% mistake: a single query loses its axis
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    rows = []
    for query, owner in zip(queries, query_owner):
        mine = key_owner == owner
        rows.append((keys[mine] @ query / temperature).softmax(-1) @ values[mine])
    return torch.stack(rows).squeeze(0)


# %% mistake: compares the owners as float32, where large ones are the same
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    """Soft lookup of each query in its own dictionary, shape (queries, d_v)."""
    own = query_owner[:, None].float() == key_owner.float()  # (queries, keys)
    scores = queries @ keys.T / temperature
    scores = scores.masked_fill(~own, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1).masked_fill(~own, 0.0)
    return weights @ values
