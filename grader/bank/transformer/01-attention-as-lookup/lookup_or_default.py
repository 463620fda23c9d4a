"""Known answers to lookup_or_default; grader/bank/__init__.py explains the format."""


# %% mistake: the score of the default is not divided by the temperature
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T / temperature, (0, 1), value=default_score)
    weights = scores.softmax(-1)
    return weights @ torch.cat([values, default[None]]), weights


# %% mistake: ignores the temperature
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    weights = F.pad(queries @ keys.T, (0, 1), value=default_score).softmax(-1)
    return weights @ torch.cat([values, default[None]]), weights


# %% mistake: the score of the default is always 0
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    weights = (F.pad(queries @ keys.T, (0, 1)) / temperature).softmax(-1)
    return weights @ torch.cat([values, default[None]]), weights


# %% mistake: the default stands first, not last
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T, (1, 0), value=default_score)
    weights = (scores / temperature).softmax(-1)
    return weights @ torch.cat([default[None], values]), weights


# %% mistake: weights with the default last, values with the default first
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T, (0, 1), value=default_score)
    weights = (scores / temperature).softmax(-1)
    return weights @ torch.cat([default[None], values]), weights


# %% mistake: switches to the default when no key scores higher, instead of mixing
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T, (0, 1), value=default_score)
    weights = (scores / temperature).softmax(-1)
    missing = weights.argmax(-1, keepdim=True) == weights.shape[-1] - 1
    output = (scores[:, :-1] / temperature).softmax(-1) @ values
    return torch.where(missing, default, output), weights


# %% mistake: the default has a weight but its value is left out of the output
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T, (0, 1), value=default_score)
    weights = (scores / temperature).softmax(-1)
    return weights[:, :-1] @ values, weights


# %% mistake: the keys share the weight 1 among themselves and the default comes on top
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = queries @ keys.T
    share = (F.pad(scores, (0, 1), value=default_score) / temperature).softmax(-1)[:, -1:]
    weights = torch.cat([(scores / temperature).softmax(-1), share], dim=-1)
    return weights @ torch.cat([values, default[None]]), weights


# %% mistake: takes the default score for the weight of the default
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    weights = (queries @ keys.T / temperature).softmax(-1)
    weights = F.pad(weights * (1 - default_score), (0, 1), value=default_score)
    return weights @ torch.cat([values, default[None]]), weights


# %% mistake: returns the weights without that of the default
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T, (0, 1), value=default_score)
    weights = (scores / temperature).softmax(-1)
    return weights @ torch.cat([values, default[None]]), weights[:, :-1]


# %% mistake: exponentials without subtracting the maximum overflow
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T, (0, 1), value=default_score)
    exponential = torch.exp(scores / temperature)
    weights = exponential / exponential.sum(-1, keepdim=True)
    return weights @ torch.cat([values, default[None]]), weights


# %% mistake: subtracts the maximum of the keys alone, so a high default overflows
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = queries @ keys.T
    highest = scores.amax(-1, keepdim=True) if len(keys) else 0.0
    scores = F.pad(scores, (0, 1), value=default_score) - highest
    exponential = torch.exp(scores / temperature)
    weights = exponential / exponential.sum(-1, keepdim=True)
    return weights @ torch.cat([values, default[None]]), weights


# %% mistake: fails when there are no keys
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = queries @ keys.T
    highest = scores.amax(-1, keepdim=True).clamp(min=default_score)
    scores = F.pad(scores, (0, 1), value=default_score) - highest
    exponential = torch.exp(scores / temperature)
    weights = exponential / exponential.sum(-1, keepdim=True)
    return weights @ torch.cat([values, default[None]]), weights


# %% mistake: the score of the default is rounded to float32
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    column = torch.full((len(queries), 1), default_score)
    weights = (torch.cat([queries @ keys.T, column], dim=-1) / temperature).softmax(-1)
    return weights @ torch.cat([values, default[None]]), weights


# %% mistake: the score of the default is rounded to an integer
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T, (0, 1), value=int(default_score))
    weights = (scores / temperature).softmax(-1)
    return weights @ torch.cat([values, default[None]]), weights


# %% mistake: the default is cut off from the gradient
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T, (0, 1), value=default_score)
    weights = (scores / temperature).softmax(-1)
    return weights @ torch.cat([values, default.detach()[None]]), weights


# %% mistake: the softmax runs over the queries
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T, (0, 1), value=default_score)
    weights = (scores / temperature).softmax(0)
    return weights @ torch.cat([values, default[None]]), weights


# %% mistake: a single query without keys gets vectors without the axis of the queries
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    if len(keys) == 0:
        output, weights = default.expand(len(queries), -1), queries.new_ones(len(queries), 1)
        return (output[0], weights[0]) if len(queries) == 1 else (output, weights)
    scores = F.pad(queries @ keys.T, (0, 1), value=default_score)
    weights = (scores / temperature).softmax(dim=-1)
    return weights @ torch.cat([values, default[None]]), weights


# %% correct: a column of the right dtype
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = torch.einsum("qd,kd->qk", queries, keys)
    column = scores.new_full((scores.shape[0], 1), default_score)
    weights = F.softmax(torch.cat([scores, column], dim=1) / temperature, dim=1)
    return weights[:, :-1] @ values + weights[:, -1:] * default, weights


# %% correct: logsumexp of keys and default together
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = queries @ keys.T / temperature
    own = torch.full_like(queries[:, :1], default_score) / temperature
    total = torch.logsumexp(torch.cat([scores, own], -1), -1, keepdim=True)
    weights, share = (scores - total).exp(), (own - total).exp()
    return weights @ values + share * default.unsqueeze(0), torch.cat([weights, share], -1)


# %% correct: one query after another
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    table = torch.vstack([values, default])
    weights = []
    for query in queries:
        scores = torch.cat([keys @ query, torch.tensor([default_score], dtype=query.dtype)])
        weights.append(torch.softmax(scores / temperature, 0))
    weights = torch.stack(weights)
    return weights @ table, weights


# %% correct: the student's own soft lookup, with one more coordinate
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    queries = F.pad(queries, (0, 1), value=1.0)
    extra = F.pad(keys.new_zeros(1, keys.shape[1]), (0, 1), value=default_score)
    keys = torch.cat([F.pad(keys, (0, 1)), extra])
    return soft_lookup(queries, keys, torch.cat([values, default[None]]), temperature)


# %% mistake: subtracts the maximum before the division by the temperature, so low temperatures overflow
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T, (0, 1), value=default_score)
    exponential = torch.exp(scores / temperature - scores.amax(-1, keepdim=True))
    weights = exponential / exponential.sum(-1, keepdim=True)
    return weights @ torch.cat([values, default[None]]), weights


# %% mistake: cuts the scores off at 80 against overflow, so all large scores weigh the same
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T, (0, 1), value=default_score)
    exponential = torch.exp((scores / temperature).clamp(max=80.0))
    weights = exponential / exponential.sum(-1, keepdim=True)
    return weights @ torch.cat([values, default[None]]), weights


# %% mistake: temperature and default_score stand in the other order
def lookup_or_default(queries, keys, values, default, temperature=1.0, default_score=0.0):
    scores = F.pad(queries @ keys.T, (0, 1), value=default_score)
    weights = (scores / temperature).softmax(-1)
    return weights @ torch.cat([values, default[None]]), weights


# %% mistake: large scores are lost, since a sum of exponentials overflows or a clamp cuts them off
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = queries @ keys.T / temperature
    total = torch.log(torch.exp(scores).sum(-1, keepdim=True))
    share = torch.sigmoid(default_score / temperature - total)
    weights = torch.cat([(1 - share) * scores.softmax(-1), share], -1)
    return weights @ torch.cat([values, default[None]]), weights


# %% mistake: temperatures above 10 count as 10
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    """Mixture of values and default (queries, d_v), and its weights (queries, keys + 1)."""
    scores = F.pad(queries @ keys.T, (0, 1), value=default_score)  # (queries, keys + 1)
    temperature = min(temperature, 10)
    weights = (scores / temperature).softmax(dim=-1)
    return weights @ torch.cat([values, default[None]]), weights
