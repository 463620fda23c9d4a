"""Known answers to window_mask; grader/bank/__init__.py explains the format."""


# %% mistake: takes the radius for the width of the whole window
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    return (ahead >= -(radius // 2)) & (ahead <= (0 if causal else radius // 2))


# %% mistake: the distance radius itself is left out
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    return (ahead > -radius) & (ahead < (1 if causal else radius))


# %% mistake: always looks backwards only
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    return (ahead >= -radius) & (ahead <= 0)


# %% mistake: ignores causal
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    return ahead.abs() <= radius


# %% mistake: with causal=True it looks ahead instead of back
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    return (ahead <= radius) & (ahead >= (0 if causal else -radius))


# %% mistake: with causal=True the whole past is visible
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    return ahead <= 0 if causal else ahead.abs() <= radius


# %% mistake: with causal=True a position does not see itself
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    return (ahead >= -radius) & (ahead <= (-1 if causal else radius))


# %% mistake: a position does not see itself
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    mask = (ahead >= -radius) & (ahead <= (0 if causal else radius))
    return mask & (ahead != 0)


# %% mistake: the absolute value is missing, so the whole future is visible
def window_mask(length, radius, causal=False):
    behind = torch.arange(length)[:, None] - torch.arange(length)
    return (behind <= radius) & ((behind >= 0) | (not causal))


# %% mistake: only the future is limited, so the whole past is visible
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    return ahead <= (0 if causal else radius)


# %% mistake: True marks what is hidden, which is the other convention
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    return ~((ahead >= -radius) & (ahead <= (0 if causal else radius)))


# %% mistake: cuts the sequence into blocks instead of centring the window on each position
def window_mask(length, radius, causal=False):
    block = torch.arange(length) // (2 * radius + 1)
    mask = block == block[:, None]
    return mask.tril() if causal else mask


# %% mistake: the window wraps round the ends of the sequence
def window_mask(length, radius, causal=False):
    behind = (torch.arange(length)[:, None] - torch.arange(length)) % length
    mask = behind <= radius
    return mask if causal else mask | mask.T


# %% mistake: takes a radius of 0 for no limit
def window_mask(length, radius, causal=False):
    ahead = torch.arange(length) - torch.arange(length)[:, None]
    mask = ahead.abs() <= (radius or length)
    return mask & (ahead <= 0) if causal else mask


# %% mistake: fails when the radius reaches beyond the sequence
def window_mask(length, radius, causal=False):
    mask = torch.zeros(length, length)
    for offset in range(-radius, 1 if causal else radius + 1):
        mask += torch.diag(torch.ones(length - abs(offset)), offset)
    return mask.bool()


# %% mistake: gives numbers 1 and 0 instead of Booleans
def window_mask(length, radius, causal=False):
    mask = torch.ones(length, length).triu(-radius).tril(0 if causal else radius)
    return mask


# %% correct: two triangles
def window_mask(length, radius, causal=False):
    everything = torch.ones(length, length, dtype=torch.bool)
    return everything.tril(0 if causal else radius) & everything.triu(-radius)


# %% correct: the absolute distance, and the causal mask on top
def window_mask(length, radius, causal=False):
    i = torch.arange(length)
    mask = (i.unsqueeze(0) - i.unsqueeze(1)).abs().le(radius)
    return mask & causal_mask(length) if causal else mask


# %% correct: slices, row by row
def window_mask(length, radius, causal=False):
    mask = torch.zeros(length, length, dtype=torch.bool)
    for i in range(length):
        mask[i, max(0, i - radius) : i + 1 + (0 if causal else radius)] = True
    return mask


# %% correct: diagonals added up
def window_mask(length, radius, causal=False):
    mask = torch.zeros(length, length)
    for offset in range(-radius, 1 if causal else radius + 1):
        if abs(offset) < length:
            mask.diagonal(offset).fill_(1.0)
    return mask > 0
