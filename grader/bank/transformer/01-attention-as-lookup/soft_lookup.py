"""Known answers to soft_lookup; grader/bank/__init__.py explains the format."""


# %% mistake: multiplies by the temperature
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = (queries @ keys.T * temperature).softmax(-1)
    return weights @ values, weights


# %% mistake: ignores the temperature
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = (queries @ keys.T).softmax(-1)
    return weights @ values, weights


# %% mistake: divides the weights by the temperature, after the softmax
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = (queries @ keys.T).softmax(-1) / temperature
    return weights @ values, weights


# %% mistake: exponentials without subtracting the maximum overflow
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    exponential = torch.exp(queries @ keys.T / temperature)
    weights = exponential / exponential.sum(-1, keepdim=True)
    return weights @ values, weights


# %% mistake: subtracts the largest score of all queries, so the others underflow
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    scores = queries @ keys.T / temperature
    exponential = torch.exp(scores - scores.max())
    weights = exponential / exponential.sum(-1, keepdim=True)
    return weights @ values, weights


# %% mistake: the softmax runs over the queries instead of the keys
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = (queries @ keys.T / temperature).softmax(0)
    return weights @ values, weights


# %% mistake: one softmax over all queries and keys together
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    scores = queries @ keys.T / temperature
    weights = scores.flatten().softmax(0).view_as(scores)
    return weights @ values, weights


# %% mistake: divides the scores by the sum instead of taking a softmax
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    scores = queries @ keys.T / temperature
    weights = scores / scores.sum(-1, keepdim=True)
    return weights @ values, weights


# %% mistake: divides by √d_k as well
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = (queries @ keys.T / math.sqrt(keys.shape[-1]) / temperature).softmax(-1)
    return weights @ values, weights


# %% mistake: mixes the keys instead of the values
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = (queries @ keys.T / temperature).softmax(-1)
    return weights @ keys, weights


# %% mistake: returns the output alone
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    return (queries @ keys.T / temperature).softmax(-1) @ values


# %% mistake: returns the weights before the output
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = (queries @ keys.T / temperature).softmax(-1)
    return weights, weights @ values


# %% mistake: adds a small number to the temperature, which changes the weights
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = (queries @ keys.T / (temperature + 1e-6)).softmax(-1)
    return weights @ values, weights


# %% mistake: raises low temperatures to 0.5
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = (queries @ keys.T / max(temperature, 0.5)).softmax(-1)
    return weights @ values, weights


# %% mistake: a temperature of 0 gives NaN instead of a ValueError
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature < 0:
        raise ValueError("temperature must not be negative")
    weights = (queries @ keys.T / temperature).softmax(-1)
    return weights @ values, weights


# %% mistake: a negative temperature is accepted and prefers the worst key
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature == 0:
        raise ValueError("temperature must not be 0")
    weights = (queries @ keys.T / temperature).softmax(-1)
    return weights @ values, weights


# %% mistake: an assert raises AssertionError instead of ValueError
def soft_lookup(queries, keys, values, temperature=1.0):
    assert temperature > 0, "temperature must be positive"
    weights = (queries @ keys.T / temperature).softmax(-1)
    return weights @ values, weights


# %% mistake: returns None for a bad temperature instead of raising
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        print("temperature must be positive")
        return None
    weights = (queries @ keys.T / temperature).softmax(-1)
    return weights @ values, weights


# %% mistake: the weights are computed without a gradient
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    with torch.no_grad():
        weights = (queries @ keys.T / temperature).softmax(-1)
    return weights @ values, weights


# %% mistake: divides the queries by the temperature in place
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    queries /= temperature
    weights = (queries @ keys.T).softmax(-1)
    return weights @ values, weights


# %% mistake: calls PyTorch's attention, which this notebook forbids
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    output = F.scaled_dot_product_attention(queries, keys, values, scale=1 / temperature)
    return output, (queries @ keys.T / temperature).softmax(-1)


# %% correct: by hand, with the maximum subtracted
def soft_lookup(queries, keys, values, temperature=1.0):
    if not temperature > 0:
        raise ValueError(f"temperature must be > 0, got {temperature}")
    scores = queries @ keys.T
    scores = (scores - scores.max(dim=1, keepdim=True).values) / temperature
    exponential = scores.exp()
    weights = exponential / exponential.sum(dim=1, keepdim=True)
    return weights @ values, weights


# %% correct: logsumexp and einsum
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0.0:
        raise ValueError("The temperature has to be positive")
    scores = torch.einsum("qd,kd->qk", queries, keys).div(temperature)
    weights = torch.exp(scores - torch.logsumexp(scores, dim=-1, keepdim=True))
    return torch.einsum("qk,kv->qv", weights, values), weights


# %% correct: one query after another, in a list
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    outputs, weights = [], []
    for query in queries:
        w = F.softmax((keys * query).sum(1) / temperature, dim=0)
        weights.append(w)
        outputs.append((w[:, None] * values).sum(0))
    return [torch.stack(outputs), torch.stack(weights)]


# %% correct: scales the queries first
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = F.log_softmax(F.linear(queries / temperature, keys), dim=-1).exp()
    return torch.mm(weights, values), weights


# %% mistake: refuses a temperature that is a whole number in Python
def soft_lookup(queries, keys, values, temperature=1.0):
    if not isinstance(temperature, float):
        raise TypeError("temperature must be a float")
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = (queries @ keys.T / temperature).softmax(-1)
    return weights @ values, weights


# %% mistake: checks the temperature only if it is a float, so the int 0 gives NaN
def soft_lookup(queries, keys, values, temperature=1.0):
    if isinstance(temperature, float) and temperature <= 0:
        raise ValueError("temperature must be positive")
    weights = (queries @ keys.T / temperature).softmax(-1)
    return weights @ values, weights


# %% mistake: below 0.1 it switches to the hard lookup
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    scores = queries @ keys.T
    if temperature < 0.1:
        best = (scores == scores.amax(-1, keepdim=True)).to(values.dtype)
        weights = best / best.sum(-1, keepdim=True)
    else:
        weights = (scores / temperature).softmax(-1)
    return weights @ values, weights


# %% mistake: transposes the keys only if the product fails otherwise
def soft_lookup(queries, keys, values, temperature=1.0):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    scores = queries @ (keys if keys.shape[0] == queries.shape[1] else keys.T)
    weights = (scores / temperature).softmax(-1)
    return weights @ values, weights


# %% correct: the weights that are returned are detached
def soft_lookup(queries, keys, values, temperature=1.0):
    """Mixture of the values (queries, d_v), and its weights (queries, keys)."""
    if temperature <= 0:
        raise ValueError(f"expected a temperature above 0, got {temperature}")
    weights = (queries @ keys.T / temperature).softmax(dim=-1)
    return weights @ values, weights.detach()
