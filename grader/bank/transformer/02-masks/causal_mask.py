"""Known answers to causal_mask; grader/bank/__init__.py explains the format."""


# %% mistake: the diagonal starts in the upper left corner, as if the queries were the first positions
def causal_mask(num_new, num_cached=0):
    return torch.ones(num_new, num_cached + num_new, dtype=torch.bool).tril()


# %% mistake: a position does not see itself
def causal_mask(num_new, num_cached=0):
    return torch.ones(num_new, num_cached + num_new, dtype=torch.bool).tril(num_cached - 1)


# %% mistake: a position sees one step into the future
def causal_mask(num_new, num_cached=0):
    return torch.ones(num_new, num_cached + num_new, dtype=torch.bool).tril(num_cached + 1)


# %% mistake: sees the future instead of the past
def causal_mask(num_new, num_cached=0):
    return torch.ones(num_new, num_cached + num_new, dtype=torch.bool).triu(num_cached)


# %% mistake: True marks what is hidden, which is the other convention
def causal_mask(num_new, num_cached=0):
    return torch.ones(num_new, num_cached + num_new, dtype=torch.bool).triu(num_cached + 1)


# %% mistake: keys stand in the rows and queries in the columns
def causal_mask(num_new, num_cached=0):
    return torch.ones(num_new, num_cached + num_new, dtype=torch.bool).tril(num_cached).T


# %% mistake: the cached positions have no columns
def causal_mask(num_new, num_cached=0):
    return torch.ones(num_new, num_new, dtype=torch.bool).tril()


# %% mistake: the cached positions have rows too
def causal_mask(num_new, num_cached=0):
    length = num_new + num_cached
    return torch.ones(length, length, dtype=torch.bool).tril()


# %% mistake: the cached positions are hidden
def causal_mask(num_new, num_cached=0):
    new = torch.ones(num_new, num_new, dtype=torch.bool).tril()
    return torch.cat([torch.zeros(num_new, num_cached, dtype=torch.bool), new], dim=1)


# %% mistake: the cached positions stand behind the new ones
def causal_mask(num_new, num_cached=0):
    new = torch.ones(num_new, num_new, dtype=torch.bool).tril()
    return torch.cat([new, torch.ones(num_new, num_cached, dtype=torch.bool)], dim=1)


# %% mistake: a new position sees the cache and itself, not the new ones before it
def causal_mask(num_new, num_cached=0):
    new = torch.eye(num_new, dtype=torch.bool)
    return torch.cat([torch.ones(num_new, num_cached, dtype=torch.bool), new], dim=1)


# %% mistake: hides nothing
def causal_mask(num_new, num_cached=0):
    return torch.ones(num_new, num_cached + num_new, dtype=torch.bool)


# %% mistake: gives floating point numbers, such as 1 and 0, instead of Booleans
def causal_mask(num_new, num_cached=0):
    return torch.ones(num_new, num_cached + num_new).tril(num_cached)


# %% mistake: takes num_cached for the number of all keys
def causal_mask(num_new, num_cached=0):
    num_keys = num_cached or num_new
    return torch.ones(num_new, num_keys, dtype=torch.bool).tril(num_keys - num_new)


# %% mistake: num_cached has no default
def causal_mask(num_new, num_cached):
    return torch.ones(num_new, num_cached + num_new, dtype=torch.bool).tril(num_cached)


# %% mistake: calls lib.masks, which this notebook forbids
def causal_mask(num_new, num_cached=0):
    import lib.masks

    return lib.masks.causal_mask(num_new, num_cached + num_new)


# %% mistake: cut out of a table that ends at 512 positions
_TABLE = torch.ones(512, 512, dtype=torch.bool).tril()


def causal_mask(num_new, num_cached=0):
    length = num_new + num_cached
    return _TABLE[num_cached:length, :length]


# %% mistake: keeps its result for the next call, although the caller may write into it
_KEPT = {}


def causal_mask(num_new, num_cached=0):
    if (num_new, num_cached) not in _KEPT:
        allowed = torch.ones(num_new, num_cached + num_new, dtype=torch.bool)
        _KEPT[num_new, num_cached] = allowed.tril(num_cached)
    return _KEPT[num_new, num_cached]


# %% correct: positions compared
def causal_mask(num_new, num_cached=0):
    key = torch.arange(num_cached + num_new)
    return key[None, :] <= key[num_cached:, None]


# %% correct: the last rows of the square mask
def causal_mask(num_new, num_cached=0):
    length = num_cached + num_new
    return ~torch.ones(length, length).triu(diagonal=1).bool()[num_cached:]


# %% correct: the cache in front of a square mask
def causal_mask(num_new, num_cached=0):
    new = torch.tril(torch.ones(num_new, num_new)) == 1
    return torch.hstack([torch.full((num_new, num_cached), True), new])


# %% correct: row by row
def causal_mask(num_new, num_cached=0):
    mask = torch.zeros(num_new, num_cached + num_new, dtype=torch.bool)
    for i in range(num_new):
        mask[i, : num_cached + i + 1] = True
    return mask


# %% correct: from lists
def causal_mask(num_new, num_cached=0):
    rows = [
        [True] * (num_cached + i + 1) + [False] * (num_new - i - 1) for i in range(num_new)
    ]
    return torch.tensor(rows)


# %% correct: the numbers of NumPy
def causal_mask(num_new, num_cached=0):
    import numpy

    return torch.from_numpy(numpy.tri(num_new, num_cached + num_new, num_cached, dtype=bool))


# %% correct: a count along the keys
def causal_mask(num_new, num_cached=0):
    self_ = torch.zeros(num_new, num_cached + num_new)
    self_.diagonal(num_cached).fill_(1)
    return self_.flip(1).cumsum(1).flip(1) > 0.5
