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


# %% mistake: gives floating point numbers, such as 1 and 0, instead of Booleans
def window_mask(length, radius, causal=False):
    mask = torch.ones(length, length).triu(-radius).tril(0 if causal else radius)
    return mask


# %% mistake: keeps the distances in 8 bits, which end at 127
def window_mask(length, radius, causal=False):
    ahead = (torch.arange(length) - torch.arange(length)[:, None]).to(torch.int8)
    return (ahead >= -radius) & (ahead <= (0 if causal else radius))


# %% mistake: shifts the window at the ends, so that it always has its full width
def window_mask(length, radius, causal=False):
    i = torch.arange(length)
    start = (i - radius).clamp(min=0).clamp(max=max(length - 2 * radius - 1, 0))[:, None]
    mask = (i >= start) & (i <= start + 2 * radius)
    return mask & (i <= i[:, None]) if causal else mask


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


# %% correct: a square of distances
def window_mask(length, radius, causal=False):
    at = torch.arange(length, dtype=torch.float64)
    distance = torch.cdist(at[:, None], at[:, None], compute_mode="donot_use_mm_for_euclid_dist")
    return (distance <= radius) & ((at[:, None] >= at) if causal else True)


# %% correct: every row is a piece of one long row
def window_mask(length, radius, causal=False):
    long = torch.zeros(2 * length - 1, dtype=torch.bool)
    middle = length - 1
    long[max(middle - radius, 0) : middle + 1 + (0 if causal else radius)] = True
    return torch.stack([long[middle - i : middle - i + length] for i in range(length)])
