# ruff: noqa
"""Known answers for the notebook 01-attention-as-lookup; see grader/instructors.py."""

# %% mistake in hard_lookup: takes the key with the lowest score
def hard_lookup(queries, keys, values):
    return values[(queries @ keys.T).argmin(-1)]

# %% mistake in hard_lookup: takes the key with the smallest distance instead of the highest dot product
def hard_lookup(queries, keys, values):
    return values[torch.cdist(queries, keys).argmin(-1)]

# %% mistake in hard_lookup: compares directions (cosine) instead of dot products
def hard_lookup(queries, keys, values):
    return values[(F.normalize(queries, dim=-1) @ F.normalize(keys, dim=-1).T).argmax(-1)]

# %% mistake in hard_lookup: takes the largest score by absolute value
def hard_lookup(queries, keys, values):
    scores = (queries @ keys.T).abs()
    best = (scores == scores.amax(-1, keepdim=True)).to(values.dtype)
    return best / best.sum(-1, keepdim=True) @ values

# %% mistake in hard_lookup: finds the best query for each key instead of the best key for each query
def hard_lookup(queries, keys, values):
    return values[(queries @ keys.T).argmax(0)]

# %% mistake in hard_lookup: finds one best key for all queries together
def hard_lookup(queries, keys, values):
    best = (queries @ keys.T).sum(0).argmax()
    return values[best].expand(len(queries), -1)

# %% mistake in hard_lookup: where keys share the highest score, only the first one counts
def hard_lookup(queries, keys, values):
    return values[(queries @ keys.T).argmax(-1)]

# %% mistake in hard_lookup: where keys share the highest score, their values are added instead of averaged
def hard_lookup(queries, keys, values):
    scores = queries @ keys.T
    best = (scores == scores.amax(-1, keepdim=True)).to(values.dtype)
    return best @ values

# %% mistake in hard_lookup: divides by the number of all keys instead of the number of best keys
def hard_lookup(queries, keys, values):
    scores = queries @ keys.T
    best = (scores == scores.amax(-1, keepdim=True)).to(values.dtype)
    return best @ values / len(keys)

# %% mistake in hard_lookup: returns the best key instead of its value
def hard_lookup(queries, keys, values):
    return keys[(queries @ keys.T).argmax(-1)]

# %% mistake in hard_lookup: returns the number of the best key instead of its value
def hard_lookup(queries, keys, values):
    return (queries @ keys.T).argmax(-1)

# %% mistake in hard_lookup: mixes all values by a softmax, which is the soft lookup
def hard_lookup(queries, keys, values):
    return (queries @ keys.T).softmax(-1) @ values

# %% mistake in hard_lookup: the weights are float32 whatever the values are
def hard_lookup(queries, keys, values):
    scores = queries @ keys.T
    best = (scores == scores.amax(-1, keepdim=True)).float()
    return best / best.sum(-1, keepdim=True) @ values

# %% mistake in hard_lookup: goes through numpy or Python numbers, so the values get no gradient
def hard_lookup(queries, keys, values):
    scores = queries @ keys.T
    best = scores == scores.amax(-1, keepdim=True)
    rows = [torch.tensor(values[b].tolist(), dtype=values.dtype).mean(0) for b in best]
    return torch.stack(rows)

# %% mistake in hard_lookup: makes the values of other keys zero in the caller's tensor
def hard_lookup(queries, keys, values):
    rows = []
    for scores in queries @ keys.T:
        best = scores == scores.max()
        values[~best] = 0.0
        rows.append(values.sum(0) / best.sum())
    return torch.stack(rows)

# %% correct hard_lookup: one query after another
def hard_lookup(queries, keys, values):
    rows = []
    for query in queries:
        scores = keys @ query
        rows.append(values[scores == scores.max()].mean(0))
    return torch.stack(rows)

# %% correct hard_lookup: einsum and masked_fill
def hard_lookup(queries, keys, values):
    scores = torch.einsum("qd,kd->qk", queries, keys)
    highest, _ = scores.max(dim=1, keepdim=True)
    weights = torch.zeros_like(scores).masked_fill(scores >= highest, 1.0)
    return torch.einsum("qk,kv->qv", weights / weights.sum(1, keepdim=True), values)

# %% correct hard_lookup: a softmax over 0 and minus infinity
def hard_lookup(queries, keys, values):
    scores = (queries[:, None] * keys[None]).sum(-1)
    below = scores < scores.max(-1, keepdim=True).values
    return torch.zeros_like(scores).masked_fill(below, float("-inf")).softmax(-1) @ values

# %% mistake in soft_lookup: multiplies by the temperature
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = (queries @ keys.T * temperature).softmax(-1)
    return weights @ values, weights

# %% mistake in soft_lookup: ignores the temperature
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = (queries @ keys.T).softmax(-1)
    return weights @ values, weights

# %% mistake in soft_lookup: divides the weights by the temperature, after the softmax
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = (queries @ keys.T).softmax(-1) / temperature
    return weights @ values, weights

# %% mistake in soft_lookup: exponentials without subtracting the maximum overflow
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    exponential = torch.exp(queries @ keys.T / temperature)
    weights = exponential / exponential.sum(-1, keepdim=True)
    return weights @ values, weights

# %% mistake in soft_lookup: subtracts the largest score of all queries, so the others underflow
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    scores = queries @ keys.T / temperature
    exponential = torch.exp(scores - scores.max())
    weights = exponential / exponential.sum(-1, keepdim=True)
    return weights @ values, weights

# %% mistake in soft_lookup: the softmax runs over the queries instead of the keys
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = (queries @ keys.T / temperature).softmax(0)
    return weights @ values, weights

# %% mistake in soft_lookup: one softmax over all queries and keys together
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    scores = queries @ keys.T / temperature
    weights = scores.flatten().softmax(0).view_as(scores)
    return weights @ values, weights

# %% mistake in soft_lookup: divides the scores by the sum instead of taking a softmax
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    scores = queries @ keys.T / temperature
    weights = scores / scores.sum(-1, keepdim=True)
    return weights @ values, weights

# %% mistake in soft_lookup: divides by √d_k as well
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = (queries @ keys.T / math.sqrt(keys.shape[-1]) / temperature).softmax(-1)
    return weights @ values, weights

# %% mistake in soft_lookup: mixes the keys instead of the values
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = (queries @ keys.T / temperature).softmax(-1)
    return weights @ keys, weights

# %% mistake in soft_lookup: returns the output alone
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    return (queries @ keys.T / temperature).softmax(-1) @ values

# %% mistake in soft_lookup: returns the weights before the output
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = (queries @ keys.T / temperature).softmax(-1)
    return weights, weights @ values

# %% mistake in soft_lookup: adds a small number to the temperature, which changes the weights
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = (queries @ keys.T / (temperature + 1e-6)).softmax(-1)
    return weights @ values, weights

# %% mistake in soft_lookup: raises low temperatures to 0.5
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = (queries @ keys.T / max(temperature, 0.5)).softmax(-1)
    return weights @ values, weights

# %% mistake in soft_lookup: a temperature of 0 gives NaN instead of a ValueError
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature < 0:
        raise ValueError("temperature must not be negative")
    weights = (queries @ keys.T / temperature).softmax(-1)
    return weights @ values, weights

# %% mistake in soft_lookup: a negative temperature is accepted and prefers the worst key
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature == 0:
        raise ValueError("temperature must not be 0")
    weights = (queries @ keys.T / temperature).softmax(-1)
    return weights @ values, weights

# %% mistake in soft_lookup: an assert raises AssertionError instead of ValueError
def soft_lookup(queries, keys, values, temperature=1.0):
    assert temperature > 0, "temperature must be positive"
    weights = (queries @ keys.T / temperature).softmax(-1)
    return weights @ values, weights

# %% mistake in soft_lookup: returns None for a bad temperature instead of raising
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        print("temperature must be positive")
        return None
    weights = (queries @ keys.T / temperature).softmax(-1)
    return weights @ values, weights

# %% mistake in soft_lookup: the weights are computed without a gradient
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    with torch.no_grad():
        weights = (queries @ keys.T / temperature).softmax(-1)
    return weights @ values, weights

# %% mistake in soft_lookup: divides the queries by the temperature in place
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    queries /= temperature
    weights = (queries @ keys.T).softmax(-1)
    return weights @ values, weights

# %% mistake in soft_lookup: calls PyTorch's attention, which this notebook forbids
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    output = F.scaled_dot_product_attention(queries, keys, values, scale=1 / temperature)
    return output, (queries @ keys.T / temperature).softmax(-1)

# %% correct soft_lookup: by hand, with the maximum subtracted
def soft_lookup(queries, keys, values, temperature=1.0):
    if not temperature > 0:
        raise ValueError(f"temperature must be > 0, got {temperature}")
    scores = queries @ keys.T
    scores = (scores - scores.max(dim=1, keepdim=True).values) / temperature
    exponential = scores.exp()
    weights = exponential / exponential.sum(dim=1, keepdim=True)
    return weights @ values, weights

# %% correct soft_lookup: logsumexp and einsum
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0.0:
        raise ValueError("The temperature has to be positive")
    scores = torch.einsum("qd,kd->qk", queries, keys).div(temperature)
    weights = torch.exp(scores - torch.logsumexp(scores, dim=-1, keepdim=True))
    return torch.einsum("qk,kv->qv", weights, values), weights

# %% correct soft_lookup: one query after another, in a list
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    outputs, weights = [], []
    for query in queries:
        w = F.softmax((keys * query).sum(1) / temperature, dim=0)
        weights.append(w)
        outputs.append((w[:, None] * values).sum(0))
    return [torch.stack(outputs), torch.stack(weights)]

# %% correct soft_lookup: scales the queries first
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = F.log_softmax(F.linear(queries / temperature, keys), dim=-1).exp()
    return torch.mm(weights, values), weights

# %% mistake in effective_number_of_keys: returns the entropy, not its exponential
def effective_number_of_keys(weights):
    return -(weights * torch.where(weights > 0, weights, 1.0).log()).sum(-1)

# %% mistake in effective_number_of_keys: the minus sign is missing
def effective_number_of_keys(weights):
    return (weights * torch.where(weights > 0, weights, 1.0).log()).sum(-1).exp()

# %% mistake in effective_number_of_keys: takes logarithms to base 2 but the exponential to base e
def effective_number_of_keys(weights):
    return torch.exp(-(weights * torch.where(weights > 0, weights, 1.0).log2()).sum(-1))

# %% mistake in effective_number_of_keys: averages over the keys instead of adding
def effective_number_of_keys(weights):
    return torch.exp(-(weights * torch.where(weights > 0, weights, 1.0).log()).mean(-1))

# %% mistake in effective_number_of_keys: takes the plain mean of the logarithms instead of weighting them
def effective_number_of_keys(weights):
    return torch.exp(-torch.where(weights > 0, weights, 1.0).log().mean(-1))

# %% mistake in effective_number_of_keys: counts the weights above 0
def effective_number_of_keys(weights):
    return (weights > 0).sum(-1).to(weights.dtype)

# %% mistake in effective_number_of_keys: 1 / Σw², another measure with the same value for equal weights
def effective_number_of_keys(weights):
    return 1 / weights.square().sum(-1)

# %% mistake in effective_number_of_keys: adds exponentials instead of taking the exponential of the sum
def effective_number_of_keys(weights):
    return torch.exp(-(weights * torch.where(weights > 0, weights, 1.0).log())).sum(-1)

# %% mistake in effective_number_of_keys: one number for all rows together
def effective_number_of_keys(weights):
    used = weights[weights > 0]
    return torch.exp(-(used * used.log()).sum())

# %% mistake in effective_number_of_keys: adds up over the first axis instead of the last
def effective_number_of_keys(weights):
    return torch.exp(-(weights * torch.where(weights > 0, weights, 1.0).log()).sum(0))

# %% mistake in effective_number_of_keys: takes a softmax of the weights, which are normalised already
def effective_number_of_keys(weights):
    logarithm = weights.log_softmax(-1)
    return torch.exp(-(logarithm.exp() * logarithm).sum(-1))

# %% mistake in effective_number_of_keys: a weight of 0 gives NaN
def effective_number_of_keys(weights):
    return torch.exp(-(weights * weights.log()).sum(-1))

# %% mistake in effective_number_of_keys: NaN is wiped off the value but stays in the gradient
def effective_number_of_keys(weights):
    product = weights * weights.log()
    return torch.exp(-torch.where(weights > 0, product, 0.0).sum(-1))

# %% mistake in effective_number_of_keys: torch.special.entr has an infinite gradient at 0
def effective_number_of_keys(weights):
    return torch.special.entr(weights).sum(-1).exp()

# %% mistake in effective_number_of_keys: adds 1e-6 inside the logarithm, which changes the number
def effective_number_of_keys(weights):
    return torch.exp(-(weights * (weights + 1e-6).log()).sum(-1))

# %% mistake in effective_number_of_keys: cuts the weights off at 0.01, which changes the number
def effective_number_of_keys(weights):
    return torch.exp(-(weights * weights.clamp(min=0.01).log()).sum(-1))

# %% mistake in effective_number_of_keys: a floor of 1e-300 is 0 in float32
def effective_number_of_keys(weights):
    return torch.exp(-(weights * weights.clamp(min=1e-300).log()).sum(-1))

# %% mistake in effective_number_of_keys: detaches, so no gradient flows
def effective_number_of_keys(weights):
    rows = weights.reshape(-1, weights.shape[-1]).tolist()
    numbers = [math.exp(-sum(p * math.log(p) for p in row if p > 0)) for row in rows]
    return torch.tensor(numbers, dtype=weights.dtype).reshape(weights.shape[:-1])

# %% correct effective_number_of_keys: a floor that fits the dtype
def effective_number_of_keys(weights):
    floor = torch.finfo(weights.dtype).tiny
    entropy = -(weights * weights.clamp(min=floor).log()).sum(dim=-1)
    return entropy.exp()

# %% correct effective_number_of_keys: masked_fill before the logarithm, base 2 throughout
def effective_number_of_keys(weights):
    bits = -torch.einsum("...k,...k->...", weights, weights.masked_fill(weights == 0, 1.0).log2())
    return 2.0**bits

# %% correct effective_number_of_keys: a loop over the rows
def effective_number_of_keys(weights):
    rows = weights.reshape(-1, weights.shape[-1])
    numbers = []
    for row in rows:
        used = row[row > 0]
        numbers.append(torch.exp(-torch.dot(used, used.log())))
    return torch.stack(numbers).reshape(weights.shape[:-1])

# %% correct effective_number_of_keys: adds 1 where the weight is 0
def effective_number_of_keys(weights):
    empty = (weights == 0).to(weights.dtype)
    return (1 / torch.exp((weights * torch.log(weights + empty)).sum(-1)))

# %% mistake in lookup_or_default: the score of the default is not divided by the temperature
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T / temperature, (0, 1), value=default_score)
    weights = scores.softmax(-1)
    return weights @ torch.cat([values, default[None]]), weights

# %% mistake in lookup_or_default: ignores the temperature
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    weights = F.pad(queries @ keys.T, (0, 1), value=default_score).softmax(-1)
    return weights @ torch.cat([values, default[None]]), weights

# %% mistake in lookup_or_default: the score of the default is always 0
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    weights = (F.pad(queries @ keys.T, (0, 1)) / temperature).softmax(-1)
    return weights @ torch.cat([values, default[None]]), weights

# %% mistake in lookup_or_default: the default stands first, not last
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T, (1, 0), value=default_score)
    weights = (scores / temperature).softmax(-1)
    return weights @ torch.cat([default[None], values]), weights

# %% mistake in lookup_or_default: weights with the default last, values with the default first
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T, (0, 1), value=default_score)
    weights = (scores / temperature).softmax(-1)
    return weights @ torch.cat([default[None], values]), weights

# %% mistake in lookup_or_default: switches to the default when no key scores higher, instead of mixing
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T, (0, 1), value=default_score)
    weights = (scores / temperature).softmax(-1)
    missing = weights.argmax(-1, keepdim=True) == weights.shape[-1] - 1
    output = (scores[:, :-1] / temperature).softmax(-1) @ values
    return torch.where(missing, default, output), weights

# %% mistake in lookup_or_default: the default has a weight but its value is left out of the output
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T, (0, 1), value=default_score)
    weights = (scores / temperature).softmax(-1)
    return weights[:, :-1] @ values, weights

# %% mistake in lookup_or_default: the keys share the weight 1 among themselves and the default comes on top
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = queries @ keys.T
    share = (F.pad(scores, (0, 1), value=default_score) / temperature).softmax(-1)[:, -1:]
    weights = torch.cat([(scores / temperature).softmax(-1), share], dim=-1)
    return weights @ torch.cat([values, default[None]]), weights

# %% mistake in lookup_or_default: takes the default score for the weight of the default
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    weights = (queries @ keys.T / temperature).softmax(-1)
    weights = F.pad(weights * (1 - default_score), (0, 1), value=default_score)
    return weights @ torch.cat([values, default[None]]), weights

# %% mistake in lookup_or_default: returns the weights without that of the default
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T, (0, 1), value=default_score)
    weights = (scores / temperature).softmax(-1)
    return weights @ torch.cat([values, default[None]]), weights[:, :-1]

# %% mistake in lookup_or_default: exponentials without subtracting the maximum overflow
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T, (0, 1), value=default_score)
    exponential = torch.exp(scores / temperature)
    weights = exponential / exponential.sum(-1, keepdim=True)
    return weights @ torch.cat([values, default[None]]), weights

# %% mistake in lookup_or_default: subtracts the maximum of the keys alone, so a high default overflows
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = queries @ keys.T
    highest = scores.amax(-1, keepdim=True) if len(keys) else 0.0
    scores = F.pad(scores, (0, 1), value=default_score) - highest
    exponential = torch.exp(scores / temperature)
    weights = exponential / exponential.sum(-1, keepdim=True)
    return weights @ torch.cat([values, default[None]]), weights

# %% mistake in lookup_or_default: fails when there are no keys
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = queries @ keys.T
    highest = scores.amax(-1, keepdim=True).clamp(min=default_score)
    scores = F.pad(scores, (0, 1), value=default_score) - highest
    exponential = torch.exp(scores / temperature)
    weights = exponential / exponential.sum(-1, keepdim=True)
    return weights @ torch.cat([values, default[None]]), weights

# %% mistake in lookup_or_default: the score of the default is rounded to float32
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    column = torch.full((len(queries), 1), default_score)
    weights = (torch.cat([queries @ keys.T, column], dim=-1) / temperature).softmax(-1)
    return weights @ torch.cat([values, default[None]]), weights

# %% mistake in lookup_or_default: the score of the default is rounded to an integer
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T, (0, 1), value=int(default_score))
    weights = (scores / temperature).softmax(-1)
    return weights @ torch.cat([values, default[None]]), weights

# %% mistake in lookup_or_default: the default is cut off from the gradient
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T, (0, 1), value=default_score)
    weights = (scores / temperature).softmax(-1)
    return weights @ torch.cat([values, default.detach()[None]]), weights

# %% mistake in lookup_or_default: the softmax runs over the queries
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = F.pad(queries @ keys.T, (0, 1), value=default_score)
    weights = (scores / temperature).softmax(0)
    return weights @ torch.cat([values, default[None]]), weights

# %% correct lookup_or_default: a column of the right dtype
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = torch.einsum("qd,kd->qk", queries, keys)
    column = scores.new_full((scores.shape[0], 1), default_score)
    weights = F.softmax(torch.cat([scores, column], dim=1) / temperature, dim=1)
    return weights[:, :-1] @ values + weights[:, -1:] * default, weights

# %% correct lookup_or_default: logsumexp of keys and default together
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    scores = queries @ keys.T / temperature
    own = torch.full_like(queries[:, :1], default_score) / temperature
    total = torch.logsumexp(torch.cat([scores, own], -1), -1, keepdim=True)
    weights, share = (scores - total).exp(), (own - total).exp()
    return weights @ values + share * default.unsqueeze(0), torch.cat([weights, share], -1)

# %% correct lookup_or_default: one query after another
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    table = torch.vstack([values, default])
    weights = []
    for query in queries:
        scores = torch.cat([keys @ query, torch.tensor([default_score], dtype=query.dtype)])
        weights.append(torch.softmax(scores / temperature, 0))
    weights = torch.stack(weights)
    return weights @ table, weights

# %% correct lookup_or_default: the student's own soft lookup, with one more coordinate
def lookup_or_default(queries, keys, values, default, default_score=0.0, temperature=1.0):
    queries = F.pad(queries, (0, 1), value=1.0)
    extra = F.pad(keys.new_zeros(1, keys.shape[1]), (0, 1), value=default_score)
    keys = torch.cat([F.pad(keys, (0, 1)), extra])
    return soft_lookup(queries, keys, torch.cat([values, default[None]]), temperature)

# %% mistake in packed_lookup: ignores the owners
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    return (queries @ keys.T / temperature).softmax(-1) @ values

# %% mistake in packed_lookup: looks into every dictionary but its own
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] != key_owner
    scores = (queries @ keys.T / temperature).masked_fill(~own, torch.finfo(queries.dtype).min)
    return scores.softmax(-1).masked_fill(~own, 0.0) @ values

# %% mistake in packed_lookup: looks into the earlier dictionaries too
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] >= key_owner
    scores = (queries @ keys.T / temperature).masked_fill(~own, torch.finfo(queries.dtype).min)
    return scores.softmax(-1).masked_fill(~own, 0.0) @ values

# %% mistake in packed_lookup: hides the other keys after the softmax, so the weights no longer sum to 1
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    return ((queries @ keys.T / temperature).softmax(-1) * own) @ values

# %% mistake in packed_lookup: makes the scores of other keys 0, and a score of 0 still gets weight
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    return (queries @ keys.T / temperature * own).softmax(-1) @ values

# %% mistake in packed_lookup: fills with −10, which is not low enough
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    scores = (queries @ keys.T / temperature).masked_fill(~own, -10.0)
    return (scores.softmax(-1) * own) @ values

# %% mistake in packed_lookup: a query without keys gets NaN
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    return (queries @ keys.T / temperature).masked_fill(~own, -torch.inf).softmax(-1) @ values

# %% mistake in packed_lookup: a query without keys gets the mean of all values
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    return (queries @ keys.T / temperature).masked_fill(~own, -1e9).softmax(-1) @ values

# %% mistake in packed_lookup: NaN is wiped off the output but stays in the gradient
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    penalty = torch.zeros(own.shape, dtype=queries.dtype).masked_fill(~own, -torch.inf)
    return ((queries @ keys.T / temperature + penalty).softmax(-1) @ values).nan_to_num()

# %% mistake in packed_lookup: ignores the temperature
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    scores = (queries @ keys.T).masked_fill(~own, torch.finfo(queries.dtype).min)
    return scores.softmax(-1).masked_fill(~own, 0.0) @ values

# %% mistake in packed_lookup: takes for granted that all dictionaries have the same size and stand in order
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    number = int(key_owner.max()) + 1
    keys = keys.reshape(number, -1, keys.shape[-1])[query_owner]
    values = values.reshape(number, -1, values.shape[-1])[query_owner]
    weights = (torch.einsum("qd,qkd->qk", queries, keys) / temperature).softmax(-1)
    return torch.einsum("qk,qkv->qv", weights, values)

# %% mistake in packed_lookup: takes for granted that the keys of a dictionary stand together
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    rows = []
    for query, owner in zip(queries, query_owner):
        start, size = int((key_owner < owner).sum()), int((key_owner == owner).sum())
        k, v = keys[start : start + size], values[start : start + size]
        rows.append((k @ query / temperature).softmax(-1) @ v)
    return torch.stack(rows)

# %% mistake in packed_lookup: exponentials without subtracting the maximum overflow
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    exponential = torch.exp(queries @ keys.T / temperature) * own
    return exponential / exponential.sum(-1, keepdim=True).clamp(min=1e-30) @ values

# %% mistake in packed_lookup: subtracts the largest score of all dictionaries, so the small ones vanish
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = query_owner[:, None] == key_owner
    scores = queries @ keys.T / temperature
    exponential = torch.exp(scores - scores.max()) * own
    return exponential / exponential.sum(-1, keepdim=True).clamp(min=1e-300) @ values

# %% mistake in packed_lookup: returns the results grouped by dictionary, not in the order of the queries
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    parts = []
    for owner in query_owner.unique():
        q, mine = queries[query_owner == owner], key_owner == owner
        parts.append((q @ keys[mine].T / temperature).softmax(-1) @ values[mine])
    return torch.cat(parts)

# %% mistake in packed_lookup: fails for a dictionary that has queries but no keys
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    rows = []
    for query, owner in zip(queries, query_owner):
        scores = keys[key_owner == owner] @ query / temperature
        exponential = torch.exp(scores - scores.max())
        rows.append(exponential / exponential.sum() @ values[key_owner == owner])
    return torch.stack(rows)

# %% mistake in packed_lookup: leaves the results without a gradient
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    output = torch.zeros(len(queries), values.shape[1], dtype=values.dtype)
    for i, owner in enumerate(query_owner):
        mine = key_owner == owner
        output[i] = ((keys[mine] @ queries[i] / temperature).softmax(-1) @ values[mine]).detach()
    return output

# %% correct packed_lookup: one query after another; an empty sum is zeros
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    rows = []
    for query, owner in zip(queries, query_owner):
        mine = key_owner == owner
        rows.append((keys[mine] @ query / temperature).softmax(-1) @ values[mine])
    return torch.stack(rows)

# %% correct packed_lookup: one dictionary after another, written into its rows
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    output = values.new_zeros(len(queries), values.shape[1])
    for owner in set(query_owner.tolist()) & set(key_owner.tolist()):
        ask, mine = query_owner == owner, key_owner == owner
        output[ask] = soft_lookup(queries[ask], keys[mine], values[mine], temperature)[0]
    return output

# %% correct packed_lookup: a penalty, and zeros for queries without keys
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    own = torch.eq(query_owner.unsqueeze(1), key_owner.unsqueeze(0))
    penalty = torch.where(own, 0.0, -1e9).to(queries.dtype)
    weights = torch.softmax(torch.einsum("qd,kd->qk", queries, keys) / temperature + penalty, 1)
    return (weights @ values) * own.any(1, keepdim=True)

# %% correct packed_lookup: minus infinity, and NaN wiped off the weights
def packed_lookup(queries, keys, values, query_owner, key_owner, temperature=1.0):
    other = query_owner.view(-1, 1) != key_owner.view(1, -1)
    scores = (queries @ keys.T).div(temperature).masked_fill(other, float("-inf"))
    return scores.softmax(-1).nan_to_num() @ values
