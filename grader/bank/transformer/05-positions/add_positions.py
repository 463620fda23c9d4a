"""Known answers to add_positions; grader/bank/__init__.py explains the format."""


# %% mistake: the embeddings are not multiplied by √d_model
def add_positions(embeddings, positions=None):
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    return embeddings + sinusoidal_positions(positions, embeddings.shape[2], dtype=embeddings.dtype)


# %% mistake: multiplies by d_model instead of its square root
def add_positions(embeddings, positions=None):
    d = embeddings.shape[2]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    return d * embeddings + sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake: divides by √d_model
def add_positions(embeddings, positions=None):
    d = embeddings.shape[2]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    return embeddings / math.sqrt(d) + sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake: multiplies the sum, so the positions are scaled as well
def add_positions(embeddings, positions=None):
    d = embeddings.shape[2]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    return math.sqrt(d) * (embeddings + sinusoidal_positions(positions, d, dtype=embeddings.dtype))


# %% mistake: scales by the length of the sequence
def add_positions(embeddings, positions=None):
    _, n, d = embeddings.shape
    positions = torch.arange(n) if positions is None else positions
    return math.sqrt(n) * embeddings + sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake: multiplies the embeddings by the encoding
def add_positions(embeddings, positions=None):
    d = embeddings.shape[2]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    return math.sqrt(d) * embeddings * sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake: appends the encoding instead of adding it
def add_positions(embeddings, positions=None):
    b, n, d = embeddings.shape
    positions = torch.arange(n).expand(b, n) if positions is None else positions
    encoded = sinusoidal_positions(positions, d, dtype=embeddings.dtype)
    return torch.cat([math.sqrt(d) * embeddings, encoded], dim=-1)


# %% mistake: counts positions from 1
def add_positions(embeddings, positions=None):
    d = embeddings.shape[2]
    positions = torch.arange(1, embeddings.shape[1] + 1) if positions is None else positions
    return math.sqrt(d) * embeddings + sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake: numbers the sequences of the batch instead of the positions
def add_positions(embeddings, positions=None):
    b, n, d = embeddings.shape
    positions = torch.arange(b)[:, None].expand(b, n) if positions is None else positions
    return math.sqrt(d) * embeddings + sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake: counts on from one sequence to the next
def add_positions(embeddings, positions=None):
    b, n, d = embeddings.shape
    positions = torch.arange(b * n).view(b, n) if positions is None else positions
    return math.sqrt(d) * embeddings + sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake: the given positions are ignored
def add_positions(embeddings, positions=None):
    _, n, d = embeddings.shape
    encoded = sinusoidal_positions(torch.arange(n), d, dtype=embeddings.dtype)
    return math.sqrt(d) * embeddings + encoded


# %% mistake: the positions of the first sequence serve all
def add_positions(embeddings, positions=None):
    _, n, d = embeddings.shape
    positions = torch.arange(n) if positions is None else positions[0]
    return math.sqrt(d) * embeddings + sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake: looks positions up in a table that ends at 512
def add_positions(embeddings, positions=None):
    _, n, d = embeddings.shape
    positions = torch.arange(n) if positions is None else positions
    table = sinusoidal_positions(torch.arange(512), d, dtype=embeddings.dtype)
    return math.sqrt(d) * embeddings + table[positions]


# %% mistake: the encoding is float32, too coarse for float64 embeddings
def add_positions(embeddings, positions=None):
    d = embeddings.shape[2]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    return math.sqrt(d) * embeddings + sinusoidal_positions(positions, d)


# %% mistake: returns float64 for float32 embeddings
def add_positions(embeddings, positions=None):
    d = embeddings.shape[2]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    return math.sqrt(d) * embeddings + sinusoidal_positions(positions, d, dtype=torch.float64)


# %% mistake: changes the caller's embeddings in place
def add_positions(embeddings, positions=None):
    d = embeddings.shape[2]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    embeddings *= math.sqrt(d)
    embeddings += sinusoidal_positions(positions, d, dtype=embeddings.dtype)
    return embeddings


# %% mistake: no gradient reaches the embeddings, as through detach() or a new tensor of their numbers
def add_positions(embeddings, positions=None):
    d = embeddings.shape[2]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    scaled = torch.tensor(embeddings.tolist(), dtype=embeddings.dtype) * math.sqrt(d)
    return scaled + sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake: positions of nothing but 0 count as not given
def add_positions(embeddings, positions=None):
    if positions is None or not positions.any():
        positions = torch.arange(embeddings.shape[1])
    d = embeddings.shape[-1]
    return math.sqrt(d) * embeddings + sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake: half precision comes out as float32
def add_positions(embeddings, positions=None):
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    d = embeddings.shape[-1]
    dtype = torch.float64 if embeddings.dtype == torch.float64 else torch.float32
    return math.sqrt(d) * embeddings + sinusoidal_positions(positions, d, dtype=dtype)


# %% mistake: positions are cast to the type of the embeddings, which rounds them
def add_positions(embeddings, positions=None):
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    d = embeddings.shape[-1]
    encoded = sinusoidal_positions(positions.to(embeddings.dtype), d, dtype=embeddings.dtype)
    return math.sqrt(d) * embeddings + encoded


# %% mistake: an integer square root, which is right for square d_model only
def add_positions(embeddings, positions=None):
    d = embeddings.shape[-1]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    return math.isqrt(d) * embeddings + sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake: sorts the positions
def add_positions(embeddings, positions=None):
    d = embeddings.shape[-1]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions.sort(-1)[0]
    return math.sqrt(d) * embeddings + sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake: positions become bytes, so they start again at 256
def add_positions(embeddings, positions=None):
    d = embeddings.shape[-1]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    return math.sqrt(d) * embeddings + sinusoidal_positions(
        positions.to(torch.uint8), d, dtype=embeddings.dtype
    )


# %% mistake: the gradient does not go through the factor
def add_positions(embeddings, positions=None):
    d = embeddings.shape[-1]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    encoded = sinusoidal_positions(positions, d, dtype=embeddings.dtype)
    return embeddings + (embeddings * (math.sqrt(d) - 1)).detach() + encoded


# %% mistake: finds the axis of the positions by its size
def add_positions(embeddings, positions=None):
    b, n, d = embeddings.shape
    if positions is None:
        positions = torch.arange(n)
        if b == n:
            positions = positions[:, None].expand(b, n)
    return math.sqrt(d) * embeddings + sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake: squeezes a batch of one away
def add_positions(embeddings, positions=None):
    d = embeddings.shape[-1]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    encoded = sinusoidal_positions(positions, d, dtype=embeddings.dtype)
    return (math.sqrt(d) * embeddings + encoded).squeeze(0)


# %% correct: torch.add with a factor, positions for every sequence
def add_positions(embeddings, positions=None):
    batch, length, d_model = embeddings.shape
    if positions is None:
        positions = torch.arange(length).expand(batch, length)
    encoded = sinusoidal_positions(positions, d_model, 10000.0, embeddings.dtype)
    return torch.add(encoded, embeddings, alpha=d_model**0.5)


# %% correct: a table up to the largest position, looked up
def add_positions(embeddings, positions=None):
    length, d_model = embeddings.shape[1:]
    if positions is None:
        positions = torch.arange(length)[None]
    table = sinusoidal_positions(torch.arange(int(positions.max()) + 1), d_model, dtype=torch.float64)
    return embeddings * math.sqrt(d_model) + F.embedding(positions, table).to(embeddings.dtype)


# %% correct: one sequence after another, on a copy
def add_positions(embeddings, positions=None):
    out = embeddings.clone() * embeddings.size(-1) ** 0.5
    for b in range(len(out)):
        row = torch.arange(embeddings.size(1)) if positions is None else positions[b]
        out[b] += sinusoidal_positions(row, embeddings.size(-1), dtype=out.dtype)
    return out


# %% correct: an affine function of the embeddings, written as addcmul
def add_positions(embeddings, positions=None):
    batch, length, d_model = embeddings.size()
    if positions is None:
        positions = torch.arange(length).unsqueeze(0).expand(batch, -1)
    encoded = sinusoidal_positions(positions.reshape(-1), d_model, 10000, torch.float64)
    encoded = encoded.view(batch, length, d_model).to(embeddings)
    return torch.addcmul(encoded, embeddings, torch.full_like(embeddings, d_model**0.5))
