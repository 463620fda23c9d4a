# ruff: noqa
"""Known answers for the notebook 05-positions; see grader/instructors.py."""


# %% mistake in sinusoidal_positions: sine and cosine are exchanged
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.stack([angle.cos(), angle.sin()], -1).flatten(-2).to(dtype)


# %% mistake in sinusoidal_positions: all sines come before all cosines
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.cat([angle.sin(), angle.cos()], -1).to(dtype)


# %% mistake in sinusoidal_positions: every column has an exponent of its own
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() / base ** (torch.arange(d_model).double() / d_model)
    out = angle.sin()
    out[..., 1::2] = angle[..., 1::2].cos()
    return out.to(dtype)


# %% mistake in sinusoidal_positions: the number of a column counts double, as 2·(2i)/d_model
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    exponent = 2 * torch.arange(0, d_model, 2).double() / d_model
    angle = positions[..., None].double() / base**exponent
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake in sinusoidal_positions: the exponent is i/d_model without the 2
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() / base ** (torch.arange(d_model // 2).double() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake in sinusoidal_positions: divides the exponent by the number of pairs less one
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    half = d_model // 2
    exponent = torch.arange(half).double() / max(half - 1, 1)
    angle = positions[..., None].double() / base**exponent
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake in sinusoidal_positions: counts positions from 1
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    positions = positions[..., None].double() + 1
    angle = positions / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake in sinusoidal_positions: takes 0, 1, 2, … whatever positions are given
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    positions = torch.arange(positions.numel()).double().reshape(positions.shape)[..., None]
    angle = positions / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake in sinusoidal_positions: the base is always 10000
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() / 10000 ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake in sinusoidal_positions: multiplies by the power of the base instead of dividing
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() * base ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake in sinusoidal_positions: computes in float32 and casts at the end
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].float() / base ** (torch.arange(0, d_model, 2).float() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake in sinusoidal_positions: the exponents are float32, since a range of whole numbers is divided
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() / base ** (torch.arange(0, d_model, 2) / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake in sinusoidal_positions: computes the angles in the type of the result
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].to(dtype) / base ** (torch.arange(0, d_model, 2, dtype=dtype) / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2)


# %% mistake in sinusoidal_positions: returns float64 whatever dtype is
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2)


# %% mistake in sinusoidal_positions: works for positions of one dimension only
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    positions = positions.reshape(-1)
    out = torch.zeros(len(positions), d_model, dtype=torch.float64)
    angle = positions[:, None] / base ** (torch.arange(0, d_model, 2).double() / d_model)
    out[:, 0::2], out[:, 1::2] = angle.sin(), angle.cos()
    return out.to(dtype)


# %% mistake in sinusoidal_positions: rounds positions to whole numbers
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    positions = positions.long()[..., None].double()
    angle = positions / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake in sinusoidal_positions: reads the positions as degrees
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    angle = torch.deg2rad(angle)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake in sinusoidal_positions: cuts the last column off when d_model is odd
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    angle = positions[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2)[..., :d_model].to(dtype)


# %% mistake in sinusoidal_positions: does not say which d_model is odd
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError("d_model must be even")
    angle = positions[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% correct sinusoidal_positions: exponential of a logarithm, slices filled
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2 == 1:
        raise ValueError(f"d_model must be even, not {d_model}")
    rate = torch.exp(torch.arange(0, d_model, 2, dtype=torch.float64) * (-math.log(base) / d_model))
    angle = positions.to(torch.float64).unsqueeze(-1) * rate
    table = torch.empty(*positions.shape, d_model, dtype=dtype)
    table[..., 0::2] = torch.sin(angle)
    table[..., 1::2] = torch.cos(angle)
    return table


# %% correct sinusoidal_positions: one number after another
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(d_model)
    values = []
    for p in positions.flatten().tolist():
        for column in range(d_model):
            angle = p / base ** (2 * (column // 2) / d_model)
            values.append(math.cos(angle) if column % 2 else math.sin(angle))
    return torch.tensor(values, dtype=dtype).view(*positions.shape, d_model)


# %% correct sinusoidal_positions: a cosine is a sine a quarter of a turn earlier
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2 != 0:
        raise ValueError(f"{d_model} columns do not make pairs")
    column = torch.arange(d_model, dtype=torch.float64)
    even = torch.div(column, 2, rounding_mode="floor") * 2
    angle = torch.einsum("...,d->...d", positions.double(), torch.pow(base, -even / d_model))
    return torch.sin(angle + column % 2 * math.pi / 2).to(dtype)


# %% correct sinusoidal_positions: real and imaginary part of a complex number
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model & 1:
        raise ValueError("odd d_model: " + str(d_model))
    angle = positions.double()[..., None] / base ** torch.linspace(
        0, 1 - 2 / d_model, d_model // 2, dtype=torch.float64
    )
    z = torch.view_as_real(torch.polar(torch.ones_like(angle), angle)).flip(-1)
    return z.reshape(*positions.shape, d_model).to(dtype)


# %% mistake in add_positions: the embeddings are not multiplied by √d_model
def add_positions(embeddings, positions=None):
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    return embeddings + sinusoidal_positions(positions, embeddings.shape[2], dtype=embeddings.dtype)


# %% mistake in add_positions: multiplies by d_model instead of its square root
def add_positions(embeddings, positions=None):
    d = embeddings.shape[2]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    return d * embeddings + sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake in add_positions: divides by √d_model
def add_positions(embeddings, positions=None):
    d = embeddings.shape[2]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    return embeddings / math.sqrt(d) + sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake in add_positions: multiplies the sum, so the positions are scaled as well
def add_positions(embeddings, positions=None):
    d = embeddings.shape[2]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    return math.sqrt(d) * (embeddings + sinusoidal_positions(positions, d, dtype=embeddings.dtype))


# %% mistake in add_positions: scales by the length of the sequence
def add_positions(embeddings, positions=None):
    _, n, d = embeddings.shape
    positions = torch.arange(n) if positions is None else positions
    return math.sqrt(n) * embeddings + sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake in add_positions: multiplies the embeddings by the encoding
def add_positions(embeddings, positions=None):
    d = embeddings.shape[2]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    return math.sqrt(d) * embeddings * sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake in add_positions: appends the encoding instead of adding it
def add_positions(embeddings, positions=None):
    b, n, d = embeddings.shape
    positions = torch.arange(n).expand(b, n) if positions is None else positions
    encoded = sinusoidal_positions(positions, d, dtype=embeddings.dtype)
    return torch.cat([math.sqrt(d) * embeddings, encoded], dim=-1)


# %% mistake in add_positions: counts positions from 1
def add_positions(embeddings, positions=None):
    d = embeddings.shape[2]
    positions = torch.arange(1, embeddings.shape[1] + 1) if positions is None else positions
    return math.sqrt(d) * embeddings + sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake in add_positions: numbers the sequences of the batch instead of the positions
def add_positions(embeddings, positions=None):
    b, n, d = embeddings.shape
    positions = torch.arange(b)[:, None].expand(b, n) if positions is None else positions
    return math.sqrt(d) * embeddings + sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake in add_positions: counts on from one sequence to the next
def add_positions(embeddings, positions=None):
    b, n, d = embeddings.shape
    positions = torch.arange(b * n).view(b, n) if positions is None else positions
    return math.sqrt(d) * embeddings + sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake in add_positions: the given positions are ignored
def add_positions(embeddings, positions=None):
    _, n, d = embeddings.shape
    encoded = sinusoidal_positions(torch.arange(n), d, dtype=embeddings.dtype)
    return math.sqrt(d) * embeddings + encoded


# %% mistake in add_positions: the positions of the first sequence serve all
def add_positions(embeddings, positions=None):
    _, n, d = embeddings.shape
    positions = torch.arange(n) if positions is None else positions[0]
    return math.sqrt(d) * embeddings + sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% mistake in add_positions: looks positions up in a table that ends at 512
def add_positions(embeddings, positions=None):
    _, n, d = embeddings.shape
    positions = torch.arange(n) if positions is None else positions
    table = sinusoidal_positions(torch.arange(512), d, dtype=embeddings.dtype)
    return math.sqrt(d) * embeddings + table[positions]


# %% mistake in add_positions: the encoding is float32, too coarse for float64 embeddings
def add_positions(embeddings, positions=None):
    d = embeddings.shape[2]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    return math.sqrt(d) * embeddings + sinusoidal_positions(positions, d)


# %% mistake in add_positions: returns float64 for float32 embeddings
def add_positions(embeddings, positions=None):
    d = embeddings.shape[2]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    return math.sqrt(d) * embeddings + sinusoidal_positions(positions, d, dtype=torch.float64)


# %% mistake in add_positions: changes the caller's embeddings in place
def add_positions(embeddings, positions=None):
    d = embeddings.shape[2]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    embeddings *= math.sqrt(d)
    embeddings += sinusoidal_positions(positions, d, dtype=embeddings.dtype)
    return embeddings


# %% mistake in add_positions: builds a new tensor from the numbers, so no gradient flows
def add_positions(embeddings, positions=None):
    d = embeddings.shape[2]
    positions = torch.arange(embeddings.shape[1]) if positions is None else positions
    scaled = torch.tensor(embeddings.tolist(), dtype=embeddings.dtype) * math.sqrt(d)
    return scaled + sinusoidal_positions(positions, d, dtype=embeddings.dtype)


# %% correct add_positions: torch.add with a factor, positions for every sequence
def add_positions(embeddings, positions=None):
    batch, length, d_model = embeddings.shape
    if positions is None:
        positions = torch.arange(length).expand(batch, length)
    encoded = sinusoidal_positions(positions, d_model, 10000.0, embeddings.dtype)
    return torch.add(encoded, embeddings, alpha=d_model**0.5)


# %% correct add_positions: a table up to the largest position, looked up
def add_positions(embeddings, positions=None):
    length, d_model = embeddings.shape[1:]
    if positions is None:
        positions = torch.arange(length)[None]
    table = sinusoidal_positions(torch.arange(int(positions.max()) + 1), d_model, dtype=torch.float64)
    return embeddings * math.sqrt(d_model) + F.embedding(positions, table).to(embeddings.dtype)


# %% correct add_positions: one sequence after another, on a copy
def add_positions(embeddings, positions=None):
    out = embeddings.clone() * embeddings.size(-1) ** 0.5
    for b in range(len(out)):
        row = torch.arange(embeddings.size(1)) if positions is None else positions[b]
        out[b] += sinusoidal_positions(row, embeddings.size(-1), dtype=out.dtype)
    return out


# %% mistake in LearnedPositions: the table is hidden in an nn.Embedding of another name
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.embedding = nn.Embedding(max_length, d_model)

    def forward(self, x, start=0):
        return x + self.embedding(torch.arange(start, start + x.shape[1]))


# %% mistake in LearnedPositions: the table is a buffer, so nothing is learned
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.register_buffer("weight", torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        return x + self.weight[start : start + x.shape[1]]


# %% mistake in LearnedPositions: a plain tensor with requires_grad is no parameter
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = torch.randn(max_length, d_model, requires_grad=True)

    def forward(self, x, start=0):
        return x + self.weight[start : start + x.shape[1]]


# %% mistake in LearnedPositions: rows and columns of the table are exchanged
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(d_model, max_length) * 0.02)

    def forward(self, x, start=0):
        return x + self.weight[:, start : start + x.shape[1]].T


# %% mistake in LearnedPositions: start is ignored
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        if x.shape[1] > len(self.weight):
            raise ValueError(f"{x.shape[1]} > {len(self.weight)}")
        return x + self.weight[: x.shape[1]]


# %% mistake in LearnedPositions: counts positions from 1
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        first = torch.as_tensor(start).view(-1, 1) + 1
        return x + self.weight[(first + torch.arange(x.shape[1])).clamp(0, len(self.weight) - 1)]


# %% mistake in LearnedPositions: adds a row to each sequence instead of each position
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        return x + self.weight[start : start + x.shape[0]][:, None]


# %% mistake in LearnedPositions: returns the rows without x
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        return self.weight[start : start + x.shape[1]].expand(x.shape)


# %% mistake in LearnedPositions: multiplies x by √d_model, which belongs to the embeddings
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        first = torch.as_tensor(start).view(-1, 1)
        return x * x.shape[-1] ** 0.5 + self.weight[first + torch.arange(x.shape[1])]


# %% mistake in LearnedPositions: all sequences start where the first one starts
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        first = int(start[0]) if isinstance(start, torch.Tensor) else start
        if first + x.shape[1] > len(self.weight) or first < 0:
            raise ValueError(f"{first + x.shape[1]} > {len(self.weight)}")
        return x + self.weight[first : first + x.shape[1]]


# %% mistake in LearnedPositions: start may be one number only
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        end = int(start) + x.shape[1]
        if end > len(self.weight) or start < 0:
            raise ValueError(f"{end} > {len(self.weight)}")
        return x + self.weight[int(start) : end]


# %% mistake in LearnedPositions: the table is detached, so it never learns
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        first = torch.as_tensor(start).view(-1, 1)
        return x + self.weight.data[first + torch.arange(x.shape[1])]


# %% mistake in LearnedPositions: adds to x in place
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        first = torch.as_tensor(start).view(-1, 1)
        x += self.weight[first + torch.arange(x.shape[1])]
        return x


# %% mistake in LearnedPositions: drops features out in training
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        first = torch.as_tensor(start).view(-1, 1)
        rows = self.weight[first + torch.arange(x.shape[1])]
        return F.dropout(x + rows, 0.1, self.training)


# %% mistake in LearnedPositions: PyTorch's own exception for a row that does not exist is no ValueError
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        first = torch.as_tensor(start).view(-1, 1)
        if first.min() < 0:
            raise ValueError(f"start {start}")
        return x + self.weight[first + torch.arange(x.shape[1])]


# %% mistake in LearnedPositions: positions beyond the end all get the last row
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        positions = torch.as_tensor(start).view(-1, 1) + torch.arange(x.shape[1])
        return x + self.weight[positions.clamp(max=len(self.weight) - 1)]


# %% mistake in LearnedPositions: positions beyond the end begin again at row 0
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        positions = torch.as_tensor(start).view(-1, 1) + torch.arange(x.shape[1])
        return x + self.weight[positions % len(self.weight)]


# %% mistake in LearnedPositions: refuses a sequence that just fits
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        first = torch.as_tensor(start).view(-1, 1)
        end = int(first.max()) + x.shape[1]
        if end >= len(self.weight) or first.min() < 0:
            raise ValueError(f"{end} positions, max_length {len(self.weight)}")
        return x + self.weight[first + torch.arange(x.shape[1])]


# %% mistake in LearnedPositions: checks the length without the start
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        first = torch.as_tensor(start).view(-1, 1)
        if x.shape[1] > len(self.weight) or first.min() < 0:
            raise ValueError(f"{x.shape[1]} positions, max_length {len(self.weight)}")
        return x + self.weight[first + torch.arange(x.shape[1])]


# %% mistake in LearnedPositions: the message does not say how many positions are needed
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        first = torch.as_tensor(start).view(-1, 1)
        if first.max() + x.shape[1] > len(self.weight) or first.min() < 0:
            raise ValueError(f"the sequence is longer than {len(self.weight)}")
        return x + self.weight[first + torch.arange(x.shape[1])]


# %% mistake in LearnedPositions: a negative start reads the end of the table
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        first = torch.as_tensor(start).view(-1, 1)
        end = int(first.max()) + x.shape[1]
        if end > len(self.weight):
            raise ValueError(f"{end} positions, max_length {len(self.weight)}")
        return x + self.weight[first + torch.arange(x.shape[1])]


# %% correct LearnedPositions: a subclass of nn.Embedding, whose table is called weight
class LearnedPositions(nn.Embedding):
    def __init__(self, max_length, d_model):
        super().__init__(max_length, d_model)

    def forward(self, x, start=0):
        positions = torch.arange(x.shape[1]).expand(x.shape[:2])
        positions = positions + (start[:, None] if torch.is_tensor(start) else start)
        if positions.min() < 0:
            raise ValueError("negative position")
        if positions.max() >= self.num_embeddings:
            raise ValueError(f"{self.num_embeddings} rows, {int(positions.max()) + 1} needed")
        return x + super().forward(positions)


# %% correct LearnedPositions: slices, one sequence after another
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.max_length = max_length
        self.weight = nn.Parameter(torch.zeros(max_length, d_model).uniform_(-0.05, 0.05))

    def forward(self, x, start=0):
        starts = start.tolist() if isinstance(start, torch.Tensor) else [start] * len(x)
        last = max(starts) + x.size(1)
        if last > self.max_length or min(starts) < 0:
            raise ValueError(
                f"positions {min(starts)} to {last - 1} ({last} in all) do not fit into {self.max_length}"
            )
        return torch.stack([x[b] + self.weight[s : s + x.size(1)] for b, s in enumerate(starts)])


# %% correct LearnedPositions: one-hot vectors times the table
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) / 50)

    def forward(self, x, start=0):
        limit = self.weight.shape[0]
        start = torch.as_tensor(start).expand(x.shape[0])
        positions = start.unsqueeze(1) + torch.arange(x.shape[1]).unsqueeze(0)
        if (positions < 0).any():
            raise ValueError(f"negative positions: {start.tolist()}")
        if (positions >= limit).any():
            raise ValueError(f"got {positions.max().item() + 1} positions, at most {limit}")
        return F.one_hot(positions, limit).to(x.dtype) @ self.weight + x


# %% mistake in shift_matrix: turns backwards (the transpose)
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = k / base ** (torch.arange(0, d_model, 2).double() / d_model)
    blocks = [torch.tensor([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]]).double() for a in angle]
    return torch.block_diag(*blocks)


# %% mistake in shift_matrix: both sines have the same sign
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    m = torch.zeros(d_model, d_model, dtype=torch.float64)
    for i in range(0, d_model, 2):
        a = k / base ** (i / d_model)
        m[i, i] = m[i + 1, i + 1] = math.cos(a)
        m[i, i + 1] = m[i + 1, i] = math.sin(a)
    return m


# %% mistake in shift_matrix: sine and cosine are exchanged
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    m = torch.zeros(d_model, d_model, dtype=torch.float64)
    for i in range(0, d_model, 2):
        a = k / base ** (i / d_model)
        m[i, i] = m[i + 1, i + 1] = math.sin(a)
        m[i, i + 1], m[i + 1, i] = math.cos(a), -math.cos(a)
    return m


# %% mistake in shift_matrix: for the layout in halves instead of interleaved pairs
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = k / base ** (torch.arange(0, d_model, 2).double() / d_model)
    sin, cos = torch.diag(angle.sin()), torch.diag(angle.cos())
    return torch.cat([torch.cat([cos, sin], 1), torch.cat([-sin, cos], 1)], 0)


# %% mistake in shift_matrix: every pair turns by the same angle k
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    c, s = math.cos(k), math.sin(k)
    return torch.block_diag(*[torch.tensor([[c, s], [-s, c]], dtype=torch.float64)] * (d_model // 2))


# %% mistake in shift_matrix: the exponent is i/d_model instead of 2i/d_model
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    m = torch.zeros(d_model, d_model, dtype=torch.float64)
    for i in range(d_model // 2):
        a, j = k / base ** (i / d_model), 2 * i
        m[j, j] = m[j + 1, j + 1] = math.cos(a)
        m[j, j + 1], m[j + 1, j] = math.sin(a), -math.sin(a)
    return m


# %% mistake in shift_matrix: k multiplies outside of sine and cosine
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    m = torch.zeros(d_model, d_model, dtype=torch.float64)
    for i in range(0, d_model, 2):
        a = 1 / base ** (i / d_model)
        m[i, i] = m[i + 1, i + 1] = k * math.cos(a)
        m[i, i + 1], m[i + 1, i] = k * math.sin(a), -k * math.sin(a)
    return m


# %% mistake in shift_matrix: adds the step to the encoding of 0, which is right at position 0 only
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    start = sinusoidal_positions(torch.tensor(0), d_model, base, torch.float64)
    end = sinusoidal_positions(torch.tensor(k), d_model, base, torch.float64)
    return torch.outer(end, start) / (start @ start)


# %% mistake in shift_matrix: the base is always 10000
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    m = torch.zeros(d_model, d_model, dtype=torch.float64)
    for i in range(0, d_model, 2):
        a = k / 10000 ** (i / d_model)
        m[i, i] = m[i + 1, i + 1] = math.cos(a)
        m[i, i + 1], m[i + 1, i] = math.sin(a), -math.sin(a)
    return m


# %% mistake in shift_matrix: loses the sign of k
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    m = torch.zeros(d_model, d_model, dtype=torch.float64)
    for i in range(0, d_model, 2):
        a = abs(k) / base ** (i / d_model)
        m[i, i] = m[i + 1, i + 1] = math.cos(a)
        m[i, i + 1], m[i + 1, i] = math.sin(a), -math.sin(a)
    return m


# %% mistake in shift_matrix: cuts k down to a whole number
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    m = torch.zeros(d_model, d_model, dtype=torch.float64)
    for i in range(0, d_model, 2):
        a = int(k) / base ** (i / d_model)
        m[i, i] = m[i + 1, i + 1] = math.cos(a)
        m[i, i + 1], m[i + 1, i] = math.sin(a), -math.sin(a)
    return m


# %% mistake in shift_matrix: computes in float32 and casts at the end
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = k / base ** (torch.arange(0, d_model, 2) / d_model)
    s, c = angle.sin(), angle.cos()
    blocks = torch.stack([torch.stack([c, s], -1), torch.stack([-s, c], -1)], -2)
    return torch.block_diag(*blocks).double()


# %% mistake in shift_matrix: returns float32
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    m = torch.zeros(d_model, d_model)
    for i in range(0, d_model, 2):
        a = k / base ** (i / d_model)
        m[i, i] = m[i + 1, i + 1] = math.cos(a)
        m[i, i + 1], m[i + 1, i] = math.sin(a), -math.sin(a)
    return m


# %% mistake in shift_matrix: the blocks stand one after another and are not put on a diagonal
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = k / base ** (torch.arange(0, d_model, 2).double() / d_model)
    s, c = angle.sin(), angle.cos()
    return torch.stack([torch.stack([c, s], -1), torch.stack([-s, c], -1)], -2)


# %% mistake in shift_matrix: leaves the last feature of an odd d_model alone
def shift_matrix(k, d_model, base=10000.0):
    m = torch.eye(d_model, dtype=torch.float64)
    for i in range(0, d_model - 1, 2):
        a = k / base ** (i / d_model)
        m[i, i] = m[i + 1, i + 1] = math.cos(a)
        m[i, i + 1], m[i + 1, i] = math.sin(a), -math.sin(a)
    return m


# %% correct shift_matrix: fills the entries in a loop
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    m = torch.zeros(d_model, d_model, dtype=torch.float64)
    for i in range(0, d_model, 2):
        a = k * base ** (-i / d_model)
        m[i, i] = m[i + 1, i + 1] = math.cos(a)
        m[i, i + 1], m[i + 1, i] = math.sin(a), -math.sin(a)
    return m


# %% correct shift_matrix: diagonals
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2 != 0:
        raise ValueError
    angle = k * torch.exp(-math.log(base) / d_model * torch.arange(0, d_model, 2, dtype=torch.float64))
    side = torch.zeros(d_model, dtype=torch.float64)
    side[::2] = angle.sin()
    side = side[:-1]
    return torch.diag(angle.cos().repeat_interleave(2)) + torch.diag(side, 1) - torch.diag(side, -1)


# %% correct shift_matrix: the exponential of a matrix
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(d_model)
    turn = torch.tensor([[0.0, 1.0], [-1.0, 0.0]], dtype=torch.float64)
    blocks = []
    for i in range(d_model // 2):
        a = math.fmod(k / base ** (2 * i / d_model), 2 * math.pi)
        blocks.append(torch.linalg.matrix_exp(a * turn))
    return torch.block_diag(*blocks)


# %% correct shift_matrix: from the encoding of k, by the Kronecker product
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError("d_model")
    code = sinusoidal_positions(torch.tensor(k, dtype=torch.float64), d_model, base, torch.float64)
    sin, cos = code[0::2], code[1::2]
    turn = torch.tensor([[0, 1], [-1, 0]], dtype=torch.float64)
    one = torch.eye(2, dtype=torch.float64)
    return torch.kron(torch.diag(cos), one) + torch.kron(torch.diag(sin), turn)


# %% mistake in position_similarity: the plain dot product, not divided by the lengths
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.cos().sum(-1)


# %% mistake in position_similarity: divides by d_model instead of d_model/2
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.cos().sum(-1) / d_model


# %% mistake in position_similarity: divides by one length only
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.cos().sum(-1) / (d_model / 2) ** 0.5


# %% mistake in position_similarity: sines instead of cosines
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.sin().mean(-1)


# %% mistake in position_similarity: sines and cosines of the offset, that is the mean of its encoding
def position_similarity(offsets, d_model, base=10000.0):
    return sinusoidal_positions(offsets, d_model, base, torch.float64).mean(-1)


# %% mistake in position_similarity: the product of the cosines instead of their mean
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.cos().prod(-1)


# %% mistake in position_similarity: the first pair only
def position_similarity(offsets, d_model, base=10000.0):
    return offsets.double().cos()


# %% mistake in position_similarity: the encoding of k with itself, which is always 1
def position_similarity(offsets, d_model, base=10000.0):
    code = sinusoidal_positions(offsets, d_model, base, torch.float64)
    return F.cosine_similarity(code, code, dim=-1)


# %% mistake in position_similarity: every offset with every other
def position_similarity(offsets, d_model, base=10000.0):
    code = sinusoidal_positions(offsets, d_model, base, torch.float64)
    return code @ code.mT / (d_model / 2)


# %% mistake in position_similarity: a distance, 0 for equal positions
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return 1 - angle.cos().mean(-1)


# %% mistake in position_similarity: every column has an exponent of its own
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / base ** (torch.arange(d_model).double() / d_model)
    return angle.cos().mean(-1)


# %% mistake in position_similarity: the base is always 10000
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / 10000 ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.cos().mean(-1)


# %% mistake in position_similarity: computes in float32 and casts at the end
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].float() / base ** (torch.arange(0, d_model, 2) / d_model)
    return angle.cos().mean(-1).double()


# %% mistake in position_similarity: returns float32
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None] / base ** (torch.arange(0, d_model, 2) / d_model)
    return angle.cos().mean(-1)


# %% mistake in position_similarity: a list of offsets only, other shapes are flattened
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets.reshape(-1, 1).double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.cos().mean(-1)


# %% mistake in position_similarity: a sharper similarity, the absolute value
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.cos().mean(-1).abs()


# %% correct position_similarity: from position 0, by cosine_similarity
def position_similarity(offsets, d_model, base=10000.0):
    here = sinusoidal_positions(torch.zeros_like(offsets), d_model, base, torch.float64)
    there = sinusoidal_positions(offsets, d_model, base, torch.float64)
    return F.cosine_similarity(here, there, dim=-1)


# %% correct position_similarity: from some other position, by the definition
def position_similarity(offsets, d_model, base=10000.0):
    here = sinusoidal_positions(torch.tensor(7), d_model, base, dtype=torch.float64)
    there = sinusoidal_positions(offsets.double() + 7, d_model, base, dtype=torch.float64)
    return (there @ here) / here.norm() / there.norm(dim=-1)


# %% correct position_similarity: number by number
def position_similarity(offsets, d_model, base=10000.0):
    pairs = d_model // 2
    values = [
        sum(math.cos(k * base ** (-2 * i / d_model)) for i in range(pairs)) / pairs
        for k in offsets.reshape(-1).tolist()
    ]
    return torch.tensor(values, dtype=torch.float64).view_as(offsets)


# %% correct position_similarity: the trace of the shift matrix
def position_similarity(offsets, d_model, base=10000.0):
    out = torch.empty(offsets.shape, dtype=torch.float64)
    for index, k in zip(out.view(-1).split(1) if out.dim() else [out], offsets.flatten().tolist()):
        index.fill_(shift_matrix(k, d_model, base).trace() / d_model)
    return out


# %% mistake in convert_layout: the two directions are exchanged
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    shape = (-1, 2) if to == "interleaved" else (2, -1)
    return x.unflatten(-1, shape).transpose(-2, -1).flatten(-2)


# %% mistake in convert_layout: always converts to halves
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    return torch.cat([x[..., 0::2], x[..., 1::2]], dim=-1)


# %% mistake in convert_layout: reshapes without exchanging the axes, so nothing changes
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    return x.unflatten(-1, (2, -1) if to == "halves" else (-1, 2)).flatten(-2)


# %% mistake in convert_layout: puts the cosines before the sines
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    if to == "halves":
        return torch.cat([x[..., 1::2], x[..., 0::2]], dim=-1)
    cos, sin = x.chunk(2, -1)
    return torch.stack([sin, cos], -1).flatten(-2)


# %% mistake in convert_layout: stacks the halves the wrong way, so they stay halves
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    if to == "halves":
        return torch.cat([x[..., 0::2], x[..., 1::2]], dim=-1)
    return torch.stack(x.chunk(2, -1), dim=-2).flatten(-2)


# %% mistake in convert_layout: turns the second half round
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    if to == "halves":
        return torch.cat([x[..., 0::2], x[..., 1::2].flip(-1)], dim=-1)
    a, b = x.chunk(2, -1)
    return torch.stack([a, b.flip(-1)], -1).flatten(-2)


# %% mistake in convert_layout: rearranges the positions instead of the features
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    if x.dim() == 1:
        x = x[:, None]
        return convert_layout(x, to)[:, 0] if x.shape[1] % 2 == 0 else x[:, 0]
    n = x.shape[0]
    order = [*range(0, n, 2), *range(1, n, 2)]
    return x[order] if to == "halves" else x[torch.tensor(order).argsort()]


# %% mistake in convert_layout: works for two dimensions only
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    x = x.reshape(-1, x.shape[-1])
    if to == "halves":
        return torch.cat([x[:, 0::2], x[:, 1::2]], dim=1).squeeze(0)
    a, b = x.chunk(2, 1)
    return torch.stack([a, b], 2).flatten(1).squeeze(0)


# %% mistake in convert_layout: leaves the order of an odd number of features to chance
def convert_layout(x, to):
    if to == "halves":
        return torch.cat([x[..., 0::2], x[..., 1::2]], dim=-1)
    if to != "interleaved":
        raise ValueError(to)
    out = torch.zeros_like(x)
    half = (x.shape[-1] + 1) // 2
    out[..., 0::2], out[..., 1::2] = x[..., :half], x[..., half:]
    return out


# %% mistake in convert_layout: takes every word but "halves" for "interleaved"
def convert_layout(x, to):
    if x.shape[-1] % 2:
        raise ValueError(f"odd {x.shape[-1]}")
    shape = (-1, 2) if to == "halves" else (2, -1)
    return x.unflatten(-1, shape).transpose(-2, -1).flatten(-2)


# %% mistake in convert_layout: returns x as it is for an unknown word
def convert_layout(x, to):
    if x.shape[-1] % 2:
        raise ValueError(f"odd {x.shape[-1]}")
    if to == "halves":
        return torch.cat([x[..., 0::2], x[..., 1::2]], dim=-1)
    if to == "interleaved":
        return torch.stack(x.chunk(2, -1), dim=-1).flatten(-2)
    return x


# %% mistake in convert_layout: writes into the caller's tensor
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    n = x.shape[-1]
    order = torch.tensor([*range(0, n, 2), *range(1, n, 2)])
    x[...] = x[..., order if to == "halves" else order.argsort()]
    return x


# %% mistake in convert_layout: goes through NumPy, so no gradient flows
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    n = x.shape[-1]
    order = torch.tensor([*range(0, n, 2), *range(1, n, 2)])
    order = order if to == "halves" else order.argsort()
    return torch.from_numpy(x.detach().numpy()[..., order.numpy()])


# %% mistake in convert_layout: makes a float32 tensor
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    out, half = torch.zeros(x.shape), x.shape[-1] // 2
    if to == "halves":
        out[..., :half], out[..., half:] = x[..., 0::2], x[..., 1::2]
    else:
        out[..., 0::2], out[..., 1::2] = x[..., :half], x[..., half:]
    return out


# %% correct convert_layout: slices into a new tensor
def convert_layout(x, to):
    width = x.shape[-1]
    if width % 2:
        raise ValueError(f"{width} is odd")
    out, half = torch.empty_like(x), width // 2
    if to == "halves":
        out[..., :half], out[..., half:] = x[..., 0::2], x[..., 1::2]
    elif to == "interleaved":
        out[..., 0::2], out[..., 1::2] = x[..., :half], x[..., half:]
    else:
        raise ValueError(f"unknown layout {to}")
    return out


# %% correct convert_layout: an index of the features
def convert_layout(x, to):
    n = x.size(-1)
    if n % 2 == 1 or to not in {"halves", "interleaved"}:
        raise ValueError(f"n={n}, to={to}")
    order = torch.cat([torch.arange(0, n, 2), torch.arange(1, n, 2)])
    return x.index_select(-1, order if to == "halves" else torch.argsort(order))


# %% correct convert_layout: a permutation matrix and its transpose
def convert_layout(x, to):
    n = x.shape[-1]
    if n % 2:
        raise ValueError("odd")
    matrix = torch.eye(n, dtype=x.dtype)[[*range(0, n, 2), *range(1, n, 2)]]
    if to == "halves":
        return x @ matrix.T
    if to == "interleaved":
        return x @ matrix
    raise ValueError("to")


# %% correct convert_layout: stack and cat, errors by a dictionary
def convert_layout(x, to):
    if x.shape[-1] % 2:
        raise ValueError(x.shape)
    ways = {
        "halves": lambda: torch.cat((x[..., ::2], x[..., 1::2]), -1),
        "interleaved": lambda: torch.stack(x.tensor_split(2, -1), -1).reshape(x.shape),
    }
    if to not in ways:
        raise ValueError(f"to must be one of {list(ways)}")
    return ways[to]()
