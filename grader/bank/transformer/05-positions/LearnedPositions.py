"""Known answers to LearnedPositions; grader/bank/__init__.py explains the format."""


# %% mistake: the table is hidden in an nn.Embedding of another name
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


# %% mistake: positions beyond the end all get the last row
def forward(self, x, start=0):
    positions = torch.as_tensor(start).view(-1, 1) + torch.arange(x.shape[1])
    return x + self.weight[positions.clamp(max=len(self.weight) - 1)]


# %% mistake: positions beyond the end begin again at row 0
def forward(self, x, start=0):
    positions = torch.as_tensor(start).view(-1, 1) + torch.arange(x.shape[1])
    return x + self.weight[positions % len(self.weight)]


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


# %% correct: a subclass of nn.Embedding, whose table is called weight
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
