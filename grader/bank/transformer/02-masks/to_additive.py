"""Known answers to to_additive; grader/bank/__init__.py explains the format."""


# %% mistake: the allowed positions get minus infinity and the hidden ones 0
def to_additive(mask, dtype=torch.float32):
    return torch.zeros(mask.shape, dtype=dtype).masked_fill(mask, -torch.inf)


# %% mistake: multiplies by infinity, and 0 · ∞ is NaN
def to_additive(mask, dtype=torch.float32):
    mask = mask | ~mask.any(dim=-1, keepdim=True)
    return (~mask).to(dtype) * -torch.inf


# %% mistake: changes the type only, so allowed is 1 and hidden is 0
def to_additive(mask, dtype=torch.float32):
    return mask.to(dtype)


# %% mistake: hidden is −1, which is far from minus infinity
def to_additive(mask, dtype=torch.float32):
    mask = mask | ~mask.any(dim=-1, keepdim=True)
    return mask.to(dtype) - 1


# %% mistake: allowed is 1 instead of 0
def to_additive(mask, dtype=torch.float32):
    mask = mask | ~mask.any(dim=-1, keepdim=True)
    return mask.to(dtype).masked_fill(~mask, -torch.inf)


# %% mistake: hidden is −10000, a finite number
def to_additive(mask, dtype=torch.float32):
    mask = mask | ~mask.any(dim=-1, keepdim=True)
    return (1 - mask.to(dtype)) * -10000.0


# %% mistake: hidden is −1e9, a finite number
def to_additive(mask, dtype=torch.float32):
    mask = mask | ~mask.any(dim=-1, keepdim=True)
    return torch.where(mask, 0.0, -1e9).to(dtype)


# %% mistake: hidden is the lowest finite number, not minus infinity
def to_additive(mask, dtype=torch.float32):
    mask = mask | ~mask.any(dim=-1, keepdim=True)
    return torch.zeros(mask.shape, dtype=dtype).masked_fill(~mask, torch.finfo(dtype).min)


# %% mistake: hidden is plus infinity
def to_additive(mask, dtype=torch.float32):
    mask = mask | ~mask.any(dim=-1, keepdim=True)
    return torch.zeros(mask.shape, dtype=dtype).masked_fill(~mask, torch.inf)


# %% mistake: takes the logarithm of the mask plus a small number, so hidden is finite
def to_additive(mask, dtype=torch.float32):
    mask = mask | ~mask.any(dim=-1, keepdim=True)
    return (mask.to(dtype) + 1e-9).log()


# %% mistake: the result is float32 whatever dtype says
def to_additive(mask, dtype=torch.float32):
    mask = mask | ~mask.any(dim=-1, keepdim=True)
    return torch.zeros(mask.shape).masked_fill(~mask, -torch.inf)


# %% mistake: the default type is float64
def to_additive(mask, dtype=torch.float64):
    mask = mask | ~mask.any(dim=-1, keepdim=True)
    return torch.zeros(mask.shape, dtype=dtype).masked_fill(~mask, -torch.inf)


# %% mistake: fills the Boolean mask itself, which stays Boolean
def to_additive(mask, dtype=torch.float32):
    mask = mask | ~mask.any(dim=-1, keepdim=True)
    return mask.masked_fill(~mask, -torch.inf)


# %% mistake: a row in which everything is hidden stays minus infinity, which a softmax turns into NaN
def to_additive(mask, dtype=torch.float32):
    return torch.zeros(mask.shape, dtype=dtype).masked_fill(~mask, -torch.inf)


# %% mistake: opens a row only if the whole mask is empty
def to_additive(mask, dtype=torch.float32):
    mask = mask | ~mask.any()
    return torch.zeros(mask.shape, dtype=dtype).masked_fill(~mask, -torch.inf)


# %% mistake: opens keys that nobody sees (columns) instead of queries that see nothing (rows)
def to_additive(mask, dtype=torch.float32):
    if mask.dim() > 1:
        mask = mask | ~mask.any(dim=-2, keepdim=True)
    return torch.zeros(mask.shape, dtype=dtype).masked_fill(~mask, -torch.inf)


# %% mistake: opens the first position alone of a row in which everything is hidden
def to_additive(mask, dtype=torch.float32):
    mask = mask.clone()
    mask[..., 0] |= ~mask.any(dim=-1)
    return torch.zeros(mask.shape, dtype=dtype).masked_fill(~mask, -torch.inf)


# %% mistake: opens empty rows in the caller's mask
def to_additive(mask, dtype=torch.float32):
    mask |= ~mask.any(dim=-1, keepdim=True)
    return torch.zeros(mask.shape, dtype=dtype).masked_fill(~mask, -torch.inf)


# %% correct: torch.where with two numbers
def to_additive(mask, dtype=torch.float32):
    some = mask.any(dim=-1, keepdim=True)
    return torch.where(mask | ~some, 0.0, float("-inf")).to(dtype)


# %% correct: the logarithm of 1 and 0
def to_additive(mask, dtype=torch.float32):
    seen = mask.sum(dim=-1, keepdim=True)
    return torch.where(seen > 0, mask, True).to(dtype).log()


# %% correct: written into the hidden places
def to_additive(mask, dtype=torch.float32):
    result = torch.zeros_like(mask, dtype=dtype)
    result[mask.logical_not()] = -torch.inf
    result[result.amax(-1) == -torch.inf] = 0
    return result


# %% correct: picked from two values
def to_additive(mask, dtype=torch.float32):
    empty = mask.count_nonzero(dim=-1).eq(0).unsqueeze(-1)
    return torch.tensor([-torch.inf, 0.0], dtype=dtype)[(mask + empty).int()]


# %% correct: row by row, through lists
def to_additive(mask, dtype=torch.float32):
    rows = [
        [0.0 if seen or not any(row) else -float("inf") for seen in row]
        for row in mask.reshape(-1, mask.shape[-1]).tolist()
    ]
    return torch.tensor(rows, dtype=dtype).reshape(mask.shape)


# %% correct: NaN, which a softmax gives for empty rows, tells where they are
def to_additive(mask, dtype=torch.float32):
    result = torch.zeros(mask.shape).masked_fill(~mask, -torch.inf)
    empty = result.softmax(dim=-1).isnan()
    return result.masked_fill(empty, 0.0).to(dtype)
