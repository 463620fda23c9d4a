"""Known answers to attention_parameters; grader/bank/__init__.py explains the format."""


# %% mistake: forgets the output map
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g = num_kv_heads or num_heads
    d_k, d_v = d_k or d_model // num_heads, d_v or d_model // num_heads
    return (d_model + bias) * (num_heads * d_k + g * d_k + g * d_v)


# %% mistake: takes d_model for the width of every head
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k, d_v = d_k or d_model, d_v or d_model
    return (d_model + bias) * (h * d_k + g * d_k + g * d_v) + h * d_v * d_model + bias * d_model


# %% mistake: counts one head only
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    d_k, d_v = d_k or d_model // num_heads, d_v or d_model // num_heads
    return (d_model + bias) * (2 * d_k + d_v) + d_v * d_model + bias * d_model


# %% mistake: counts biases even when there are none
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k, d_v = d_k or d_model // h, d_v or d_model // h
    return (d_model + 1) * (h * d_k + g * d_k + g * d_v) + h * d_v * d_model + d_model


# %% mistake: never counts biases
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k, d_v = d_k or d_model // h, d_v or d_model // h
    return d_model * (h * d_k + g * d_k + g * d_v) + h * d_v * d_model


# %% mistake: the biases of queries, keys and values have d_model numbers
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k, d_v = d_k or d_model // h, d_v or d_model // h
    return d_model * (h * d_k + g * d_k + g * d_v + h * d_v) + 4 * bias * d_model


# %% mistake: the output map has a bias as wide as its input
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k, d_v = d_k or d_model // h, d_v or d_model // h
    return (d_model + bias) * (h * d_k + g * d_k + g * d_v + h * d_v)


# %% mistake: the output map gets d_k features from each head
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k, d_v = d_k or d_model // h, d_v or d_model // h
    return (d_model + bias) * (h * d_k + g * d_k + g * d_v) + (h * d_k + bias) * d_model


# %% mistake: the output map starts from d_model whatever d_v is
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k, d_v = d_k or d_model // h, d_v or d_model // h
    return (d_model + bias) * (h * d_k + g * d_k + g * d_v) + (d_model + bias) * d_model


# %% mistake: num_kv_heads is ignored
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    h = num_heads
    d_k, d_v = d_k or d_model // h, d_v or d_model // h
    return (d_model + bias) * (2 * h * d_k + h * d_v) + (h * d_v + bias) * d_model


# %% mistake: num_kv_heads counts for the keys but not for the values
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k, d_v = d_k or d_model // h, d_v or d_model // h
    return (d_model + bias) * (h * d_k + g * d_k + h * d_v) + (h * d_v + bias) * d_model


# %% mistake: the output map gets as many heads as there are values
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k, d_v = d_k or d_model // h, d_v or d_model // h
    return (d_model + bias) * (h * d_k + g * d_k + g * d_v) + (g * d_v + bias) * d_model


# %% mistake: d_v follows d_k where only d_k is given
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k = d_k or d_model // h
    d_v = d_v or d_k
    return (d_model + bias) * (h * d_k + g * d_k + g * d_v) + (h * d_v + bias) * d_model


# %% mistake: with fewer key–value heads, the heads become wider
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h = num_kv_heads or num_heads, num_heads
    d_k, d_v = d_k or d_model // g, d_v or d_model // g
    return (d_model + bias) * (h * d_k + g * d_k + g * d_v) + (h * d_v + bias) * d_model


# %% mistake: a 0 counts as not given
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    g, h, b = num_kv_heads or num_heads, num_heads, int(bias)
    d_k, d_v = d_k or d_model // h, d_v or d_model // h
    return (d_model + b) * (h * d_k + g * d_k + g * d_v) + (h * d_v + b) * d_model


# %% mistake: one width for keys and values, the larger of the two
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    h, b = num_heads, int(bias)
    g = h if num_kv_heads is None else num_kv_heads
    d_k = d_model // h if d_k is None else d_k
    d_v = d_model // h if d_v is None else d_v
    width = max(d_k, d_v)
    return (d_model + b) * (h * d_k + 2 * g * width) + (h * d_v + b) * d_model


# %% mistake: d_k is the width of all heads together
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    h, b = num_heads, int(bias)
    g = h if num_kv_heads is None else num_kv_heads
    d_k = d_model // h if d_k is None else d_k // h
    d_v = d_model // h if d_v is None else d_v // h
    return (d_model + b) * (h * d_k + g * d_k + g * d_v) + (h * d_v + b) * d_model


# %% mistake: refuses a num_heads that does not divide d_model although d_k and d_v are given
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    h, b = num_heads, int(bias)
    if d_model % h:
        raise ValueError(f"{h} does not divide {d_model}")
    g = h if num_kv_heads is None else num_kv_heads
    d_k = d_model // h if d_k is None else d_k
    d_v = d_model // h if d_v is None else d_v
    return (d_model + b) * (h * d_k + g * d_k + g * d_v) + (h * d_v + b) * d_model


# %% mistake: the output map has no bias where keys and values are shared
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    h, b = num_heads, int(bias)
    last = int(bias and num_kv_heads is None)
    g = h if num_kv_heads is None else num_kv_heads
    d_k = d_model // h if d_k is None else d_k
    d_v = d_model // h if d_v is None else d_v
    return (d_model + b) * (h * d_k + g * d_k + g * d_v) + (h * d_v + last) * d_model


# %% correct: one formula
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    h, b = num_heads, int(bias)
    g, d_k, d_v = (
        default if given is None else given
        for given, default in [(num_kv_heads, h), (d_k, d_model // h), (d_v, d_model // h)]
    )
    return (d_model + b) * (h * d_k + g * d_k + g * d_v) + (h * d_v + b) * d_model


# %% correct: builds the linear maps and counts what is in them
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    if num_kv_heads is None:
        num_kv_heads = num_heads
    if d_k is None:
        d_k = d_model // num_heads
    if d_v is None:
        d_v = d_model // num_heads
    maps = nn.ModuleList(
        [
            nn.Linear(d_model, num_heads * d_k, bias=bias),
            nn.Linear(d_model, num_kv_heads * d_k, bias=bias),
            nn.Linear(d_model, num_kv_heads * d_v, bias=bias),
            nn.Linear(num_heads * d_v, d_model, bias=bias),
        ]
    )
    return sum(p.numel() for p in maps.parameters())


# %% correct: weights and biases apart, with a true division
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    groups = num_heads if num_kv_heads is None else num_kv_heads
    d_k = d_model / num_heads if d_k is None else d_k
    d_v = d_model / num_heads if d_v is None else d_v
    weights = d_model * (num_heads + groups) * (d_k + d_v)
    biases = num_heads * d_k + groups * (d_k + d_v) + d_model if bias else 0
    return round(weights + biases)


# %% correct: in NumPy, so the result is a NumPy integer
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    import numpy as np

    width = d_model // num_heads
    groups = num_heads if num_kv_heads is None else num_kv_heads
    d_k, d_v = width if d_k is None else d_k, width if d_v is None else d_v
    inputs = np.array([d_model, d_model, d_model, num_heads * d_v])
    outputs = np.array([num_heads * d_k, groups * d_k, groups * d_v, d_model])
    return np.sum(inputs * outputs) + (np.sum(outputs) if bias else 0)


# %% correct: a tensor of one number
def attention_parameters(d_model, num_heads, num_kv_heads=None, d_k=None, d_v=None, bias=True):
    groups = [num_heads, num_kv_heads if num_kv_heads is not None else num_heads]
    d_k = d_k if d_k is not None else d_model // num_heads
    d_v = d_v if d_v is not None else d_model // num_heads
    widths = torch.tensor([groups[0] * d_k, groups[1] * d_k, groups[1] * d_v])
    count = (widths * (d_model + bias)).sum()
    return (count + (groups[0] * d_v + bias) * d_model).item()
