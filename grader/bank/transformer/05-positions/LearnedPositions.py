"""Known answers to LearnedPositions; grader/bank/__init__.py explains the format."""


# %% mistake: the table has another name, such as that of the weight of an nn.Embedding
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.embedding = nn.Embedding(max_length, d_model)

    def forward(self, x, start=0):
        return x + self.embedding(torch.arange(start, start + x.shape[1]))


# %% mistake: the table is a buffer, so nothing is learned
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.register_buffer("weight", torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        return x + self.weight[start : start + x.shape[1]]


# %% mistake: a plain tensor with requires_grad is no parameter
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = torch.randn(max_length, d_model, requires_grad=True)

    def forward(self, x, start=0):
        return x + self.weight[start : start + x.shape[1]]


# %% mistake: rows and columns of the table are exchanged
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(d_model, max_length) * 0.02)

    def forward(self, x, start=0):
        return x + self.weight[:, start : start + x.shape[1]].T


# %% mistake: start is ignored
def forward(self, x, start=0):
    if x.shape[1] > len(self.weight):
        raise ValueError(f"{x.shape[1]} > {len(self.weight)}")
    return x + self.weight[: x.shape[1]]


# %% mistake: counts positions from 1
def forward(self, x, start=0):
    first = torch.as_tensor(start).view(-1, 1) + 1
    return x + self.weight[(first + torch.arange(x.shape[1])).clamp(0, len(self.weight) - 1)]


# %% mistake: adds a row to each sequence instead of each position
def forward(self, x, start=0):
    return x + self.weight[start : start + x.shape[0]][:, None]


# %% mistake: returns the rows without x
def forward(self, x, start=0):
    return self.weight[start : start + x.shape[1]].expand(x.shape)


# %% mistake: multiplies x by √d_model, which belongs to the embeddings
def forward(self, x, start=0):
    first = torch.as_tensor(start).view(-1, 1)
    return x * x.shape[-1] ** 0.5 + self.weight[first + torch.arange(x.shape[1])]


# %% mistake: all sequences start where the first one starts
def forward(self, x, start=0):
    first = int(start[0]) if isinstance(start, torch.Tensor) else start
    if first + x.shape[1] > len(self.weight) or first < 0:
        raise ValueError(f"{first + x.shape[1]} > {len(self.weight)}")
    return x + self.weight[first : first + x.shape[1]]


# %% mistake: start may be one number only
def forward(self, x, start=0):
    end = int(start) + x.shape[1]
    if end > len(self.weight) or start < 0:
        raise ValueError(f"{end} > {len(self.weight)}")
    return x + self.weight[int(start) : end]


# %% mistake: the table is detached, so it never learns
def forward(self, x, start=0):
    first = torch.as_tensor(start).view(-1, 1)
    return x + self.weight.data[first + torch.arange(x.shape[1])]


# %% mistake: adds to x in place
def forward(self, x, start=0):
    first = torch.as_tensor(start).view(-1, 1)
    x += self.weight[first + torch.arange(x.shape[1])]
    return x


# %% mistake: drops features out in training
def forward(self, x, start=0):
    first = torch.as_tensor(start).view(-1, 1)
    rows = self.weight[first + torch.arange(x.shape[1])]
    return F.dropout(x + rows, 0.1, self.training)


# %% mistake: PyTorch's own exception for a row that does not exist is no ValueError
def forward(self, x, start=0):
    first = torch.as_tensor(start).view(-1, 1)
    if first.min() < 0:
        raise ValueError(f"start {start}")
    return x + self.weight[first + torch.arange(x.shape[1])]


# %% mistake: positions beyond the end get some row of the table instead of a ValueError
def forward(self, x, start=0):
    positions = torch.as_tensor(start).view(-1, 1) + torch.arange(x.shape[1])
    return x + self.weight[positions.clamp(max=len(self.weight) - 1)]


# %% mistake: refuses a sequence that just fits
def forward(self, x, start=0):
    first = torch.as_tensor(start).view(-1, 1)
    end = int(first.max()) + x.shape[1]
    if end >= len(self.weight) or first.min() < 0:
        raise ValueError(f"{end} positions, max_length {len(self.weight)}")
    return x + self.weight[first + torch.arange(x.shape[1])]


# %% mistake: checks the length without the start
def forward(self, x, start=0):
    first = torch.as_tensor(start).view(-1, 1)
    if x.shape[1] > len(self.weight) or first.min() < 0:
        raise ValueError(f"{x.shape[1]} positions, max_length {len(self.weight)}")
    return x + self.weight[first + torch.arange(x.shape[1])]


# %% mistake: the message does not say how many positions are needed
def forward(self, x, start=0):
    first = torch.as_tensor(start).view(-1, 1)
    if first.max() + x.shape[1] > len(self.weight) or first.min() < 0:
        raise ValueError(f"the sequence is longer than {len(self.weight)}")
    return x + self.weight[first + torch.arange(x.shape[1])]


# %% mistake: a negative start reads the end of the table
def forward(self, x, start=0):
    first = torch.as_tensor(start).view(-1, 1)
    end = int(first.max()) + x.shape[1]
    if end > len(self.weight):
        raise ValueError(f"{end} positions, max_length {len(self.weight)}")
    return x + self.weight[first + torch.arange(x.shape[1])]


# %% mistake: the table starts with zeros, or is not initialised at all
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(max_length, d_model))

    def forward(self, x, start=0):
        first = torch.as_tensor(start).reshape(-1, 1)
        needed = int(first.max()) + x.shape[1]
        if needed > len(self.weight):
            raise ValueError(f"{needed} positions, at most {len(self.weight)}")
        if int(first.min()) < 0:
            raise ValueError("negative start")
        return x + self.weight[first + torch.arange(x.shape[1])]


# %% mistake: every row starts with the same numbers
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter((torch.randn(d_model) * 0.02).repeat(max_length, 1))

    def forward(self, x, start=0):
        first = torch.as_tensor(start).reshape(-1, 1)
        needed = int(first.max()) + x.shape[1]
        if needed > len(self.weight):
            raise ValueError(f"{needed} positions, at most {len(self.weight)}")
        if int(first.min()) < 0:
            raise ValueError("negative start")
        return x + self.weight[first + torch.arange(x.shape[1])]


# %% mistake: the check of the end looks at the last sequence's start only
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        starts = start.tolist() if torch.is_tensor(start) else [start] * len(x)
        for s in starts:
            if s < 0:
                raise ValueError(f"negative start {s}")
        needed = s + x.shape[1]
        if needed > len(self.weight):
            raise ValueError(f"{needed} positions, at most {len(self.weight)}")
        return x + self.weight[torch.tensor(starts)[:, None] + torch.arange(x.shape[1])]


# %% mistake: the starts of all sequences are added up before the check
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        first = torch.as_tensor(start).reshape(-1, 1)
        needed = int(first.sum()) + x.shape[1]
        if needed > len(self.weight):
            raise ValueError(f"{needed} positions, at most {len(self.weight)}")
        if int(first.min()) < 0:
            raise ValueError("negative start")
        return x + self.weight[first + torch.arange(x.shape[1])]


# %% mistake: the message names the first sequence that does not fit, not the largest
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        starts = start.tolist() if torch.is_tensor(start) else [start] * len(x)
        rows = []
        for vectors, s in zip(x, starts):
            end = s + x.shape[1]
            if s < 0:
                raise ValueError(f"negative start {s}")
            if end > len(self.weight):
                raise ValueError(f"{end} positions, at most {len(self.weight)}")
            rows.append(vectors + self.weight[s:end])
        return torch.stack(rows)


# %% mistake: every table starts from the same seed
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        torch.manual_seed(0)
        self.weight = nn.Parameter(torch.randn(max_length, d_model) * 0.02)

    def forward(self, x, start=0):
        first = torch.as_tensor(start).reshape(-1, 1)
        needed = int(first.max()) + x.shape[1]
        if needed > len(self.weight):
            raise ValueError(f"{needed} positions, at most {len(self.weight)}")
        if int(first.min()) < 0:
            raise ValueError("negative start")
        return x + self.weight[first + torch.arange(x.shape[1])]


# %% mistake: a start of 0 in a tensor counts as not given
def forward(self, x, start=0):
    first = torch.as_tensor(start).reshape(-1, 1)
    needed = int(first.max()) + x.shape[1]
    if needed > len(self.weight) or int(first.min()) < 0:
        raise ValueError(f"{needed} positions, at most {len(self.weight)}")
    if first.numel() > 1 and not first.all():
        first = torch.zeros(1, 1, dtype=torch.long)
    return x + self.weight[first + torch.arange(x.shape[1])]


# %% mistake: looks at the first sequence only before it refuses a negative start
def forward(self, x, start=0):
    first = torch.as_tensor(start).reshape(-1, 1)
    needed = int(first.max()) + x.shape[1]
    if needed > len(self.weight) or int(first[0]) < 0:
        raise ValueError(f"{needed} positions, at most {len(self.weight)}")
    return x + self.weight[first + torch.arange(x.shape[1])]


# %% mistake: refuses a negative start only if the whole sequence lies before position 0
def forward(self, x, start=0):
    first = torch.as_tensor(start).reshape(-1, 1)
    needed = int(first.max()) + x.shape[1]
    if needed > len(self.weight) or int(first.min()) + x.shape[1] <= 0:
        raise ValueError(f"{needed} positions, at most {len(self.weight)}")
    return x + self.weight[first + torch.arange(x.shape[1])]


# %% mistake: the rows of the first sequence alone get a gradient
def forward(self, x, start=0):
    first = torch.as_tensor(start).reshape(-1, 1).long()
    needed = int(first.max()) + x.shape[1]
    if needed > len(self.weight) or int(first.min()) < 0:
        raise ValueError(f"{needed} positions, at most {len(self.weight)}")
    rows = self.weight[first + torch.arange(x.shape[1])].expand(x.shape)
    return x + torch.cat([rows[:1], rows[1:].detach()])


# %% mistake: remembers the rows of the first call
def forward(self, x, start=0):
    first = torch.as_tensor(start).reshape(-1, 1).long()
    needed = int(first.max()) + x.shape[1]
    if needed > len(self.weight) or int(first.min()) < 0:
        raise ValueError(f"{needed} positions, at most {len(self.weight)}")
    if not hasattr(self, "rows"):
        self.rows = self.weight + 0
    return x + self.rows[first + torch.arange(x.shape[1])]


# %% mistake: the table starts with the sinusoids, which are neither small nor random
def __init__(self, max_length, d_model):
    super().__init__()
    table = sinusoidal_positions(torch.arange(max_length), d_model + d_model % 2)[:, :d_model]
    self.weight = nn.Parameter(table.contiguous())


# %% mistake: the table starts with large numbers, as nn.Embedding does
def __init__(self, max_length, d_model):
    super().__init__()
    self.weight = nn.Parameter(torch.randn(max_length, d_model))


# %% mistake: the check of the end looks at the smallest start only
def forward(self, x, start=0):
    length = x.shape[1]
    first = torch.as_tensor(start).reshape(-1, 1)
    if int(first.min()) < 0:
        raise ValueError("negative start")
    if int(first.min()) + length > len(self.weight):
        raise ValueError(f"{int(first.min()) + length} of {len(self.weight)}")
    rows = (first + torch.arange(length)).clamp(max=len(self.weight) - 1)
    return x + self.weight[rows]


# %% mistake: a negative start is refused only if it is a plain number
def forward(self, x, start=0):
    length = x.shape[1]
    if isinstance(start, int) and start < 0:
        raise ValueError("negative start")
    first = torch.as_tensor(start).reshape(-1, 1)
    if int(first.max()) + length > len(self.weight):
        raise ValueError(f"{int(first.max()) + length} of {len(self.weight)}")
    return x + self.weight[first + torch.arange(length)]


# %% mistake: counts in the type of start, so a start in uint8 begins again at 256
def forward(self, x, start=0):
    length = x.shape[1]
    first = torch.as_tensor(start).reshape(-1, 1)
    needed = int(first.max()) + length
    if needed > len(self.weight):
        raise ValueError(f"{needed} of {len(self.weight)}")
    if int(first.min()) < 0:
        raise ValueError("negative start")
    rows = first + torch.arange(length).to(first.dtype)
    return x + self.weight[rows.long()]


# %% mistake: the table starts with numbers above 0 only
def __init__(self, max_length, d_model):
    super().__init__()
    self.weight = nn.Parameter(0.1 * torch.rand(max_length, d_model))


# %% mistake: the table is float64, so vectors in float32 do not stay so
def __init__(self, max_length, d_model):
    super().__init__()
    self.weight = nn.Parameter(0.02 * torch.randn(max_length, d_model, dtype=torch.float64))


# %% correct: a subclass of nn.Embedding, whose table is called weight
class LearnedPositions(nn.Embedding):
    def __init__(self, max_length, d_model):
        super().__init__(max_length, d_model)
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, x, start=0):
        positions = torch.arange(x.shape[1]).expand(x.shape[:2])
        positions = positions + (start[:, None] if torch.is_tensor(start) else start)
        if positions.min() < 0:
            raise ValueError("negative position")
        if positions.max() >= self.num_embeddings:
            raise ValueError(f"{self.num_embeddings} rows, {int(positions.max()) + 1} needed")
        return x + super().forward(positions)


# %% correct: slices, one sequence after another
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


# %% correct: one-hot vectors times the table
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


# %% correct: with a buffer and a second name for the table
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.nn.init.trunc_normal_(torch.empty(max_length, d_model), std=0.02))
        self.register_buffer("position_ids", torch.arange(max_length))
        self.tables = nn.ParameterList([self.weight])

    def forward(self, x, start=0):
        length, limit = x.shape[1], len(self.position_ids)
        starts = start.long() if torch.is_tensor(start) else torch.tensor([start])
        if (starts + length > limit).any():
            raise ValueError(f"{int(starts.max()) + length} is more than {limit}")
        if (starts < 0).any():
            raise ValueError("before the first position")
        ids = torch.stack([self.position_ids[s : s + length] for s in starts.tolist()])
        return x + F.embedding(ids, self.weight)


# %% correct: a loop over positions and sequences, the rows as views
class LearnedPositions(nn.Module):
    def __init__(self, max_length, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, d_model).mul_(0.1))

    def forward(self, x, start=0):
        sequences = []
        starts = [int(s) for s in start] if isinstance(start, torch.Tensor) else [start] * len(x)
        if min(starts) < 0:
            raise ValueError("a start below 0")
        if max(starts) + x.shape[1] > self.weight.shape[0]:
            raise ValueError("%d > %d" % (max(starts) + x.shape[1], self.weight.shape[0]))
        for vectors, first in zip(x, starts):
            rows = [vector + self.weight[first + i] for i, vector in enumerate(vectors)]
            sequences.append(torch.stack(rows))
        return torch.stack(sequences)
