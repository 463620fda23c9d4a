"""Known answers to attend; grader/bank/__init__.py explains the format."""


# %% mistake: causal=True is ignored
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = None
    if lengths is not None:
        mask = (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake: the causal mask shows the future and hides the past
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.triu() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake: with causal=True a position does not see itself
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril(-1) if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake: the lengths are forgotten when causal is True
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = None
    if causal:
        mask = torch.ones(target.shape[1], target.shape[1], dtype=torch.bool).tril()
    elif lengths is not None:
        mask = (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake: joins the two masks with or instead of and
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = None
    if lengths is not None:
        mask = (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    if causal:
        past = torch.ones(target.shape[1], target.shape[1], dtype=torch.bool).tril()
        mask = past if mask is None else mask | past
    return attention(target, source, source, mask)


# %% mistake: the padding mask lacks the axes of heads and queries
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = torch.arange(source.shape[1]) < lengths[:, None]
    return attention(target, source, source, mask)


# %% mistake: the padding mask is (batch, 1, key), so the batch stands where the heads belong
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) < lengths[:, None])[:, None]
    return attention(target, source, source, mask)


# %% mistake: the padding mask is turned round
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) >= lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake: lets one position of padding through
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) <= lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake: masks the padded queries instead of the padded keys
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(target.shape[1]) < lengths[:, None])[:, None, :, None]
    return attention(target, source, source, mask)


# %% mistake: in self-attention, masks the padded queries as well as the padded keys
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        real = torch.arange(source.shape[1]) < lengths[:, None]
        mask = mask & real[:, None, None]
        if memory is None:
            mask = mask & real[:, None, :, None]
    return attention(target, source, source, mask)


# %% mistake: the longest length is used for all sequences
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) < lengths.max())
    return attention(target, source, source, mask)


# %% mistake: the memory is ignored
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    mask = torch.ones(1, 1, target.shape[1], target.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(target.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, target, target, mask)


# %% mistake: the memory asks and the target answers
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = None
    if causal:
        mask = torch.ones(1, 1, target.shape[1], target.shape[1], dtype=torch.bool).tril()
    return attention(source, target, target, mask)


# %% mistake: the keys come from the memory but the values from the target
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, source, target, mask)


# %% mistake: always causal in self-attention
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if memory is None else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake: accepts a causal mask together with a memory
def attend(attention, target, memory=None, lengths=None, causal=False):
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake: hands over a mask of numbers, which an attention would add to the scores
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1])
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask * (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake: returns the output without the weights
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)[0]


# %% mistake: zeroes the padding, which still gets weight, instead of masking it
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    if lengths is not None:
        source = source * (torch.arange(source.shape[1]) < lengths[:, None])[:, :, None]
    mask = None
    if causal:
        mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool).tril()
    return attention(target, source, source, mask)


# %% mistake: a length of 0 counts as full
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    n, m = target.shape[1], source.shape[1]
    mask = torch.ones(1, 1, n, m, dtype=torch.bool)
    if lengths is not None:
        lengths = torch.where(lengths == 0, m, lengths)
    if causal:
        mask = mask.tril()
    if lengths is not None:
        mask = mask & (torch.arange(m) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake: lengths become bytes, so 257 counts as 1
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    n, m = target.shape[1], source.shape[1]
    mask = torch.ones(1, 1, n, m, dtype=torch.bool)
    if lengths is not None:
        lengths = lengths.byte()
    if causal:
        mask = mask.tril()
    if lengths is not None:
        mask = mask & (torch.arange(m) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake: a table of 512 positions
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    n, m = target.shape[1], source.shape[1]
    mask = torch.ones(1, 1, 512, 512, dtype=torch.bool)[..., :n, :m]
    if causal:
        mask = mask.tril()
    if lengths is not None:
        mask = mask & (torch.arange(m) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake: a target of one position never sees anything but the first position
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    n, m = target.shape[1], source.shape[1]
    mask = torch.ones(1, 1, n, m, dtype=torch.bool)
    if n == 1:
        mask = mask.tril()
    if causal:
        mask = mask.tril()
    if lengths is not None:
        mask = mask & (torch.arange(m) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake: the lengths are those of the target where it is as long as the memory
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    n, m = target.shape[1], source.shape[1]
    mask = torch.ones(1, 1, n, m, dtype=torch.bool)
    if lengths is not None and n == m and memory is not None:
        mask = mask & (torch.arange(n) < lengths[:, None])[:, None, :, None]
        lengths = None
    if causal:
        mask = mask.tril()
    if lengths is not None:
        mask = mask & (torch.arange(m) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake: lengths of as many sequences as positions are read as those of the queries
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    n, m = target.shape[1], source.shape[1]
    mask = torch.ones(1, 1, n, m, dtype=torch.bool)
    if lengths is not None and len(lengths) == n:
        mask = mask & (torch.arange(m) < lengths[:, None])
        lengths = None
    if causal:
        mask = mask.tril()
    if lengths is not None:
        mask = mask & (torch.arange(m) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake: cuts the sequences to the longest length, so the weights lose keys
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    n, m = target.shape[1], source.shape[1]
    if lengths is not None:
        m = int(lengths.max())
        source = source[:, :m]
    mask = torch.ones(1, 1, n, m, dtype=torch.bool)
    if causal:
        mask = mask.tril()
    if lengths is not None:
        mask = mask & (torch.arange(m) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake: a query that may see nothing sees position 0
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal with memory")
    source = target if memory is None else memory
    n, m = target.shape[1], source.shape[1]
    mask = torch.ones(1, 1, n, m, dtype=torch.bool)
    if lengths is not None:
        lengths = lengths.clamp(min=1)
    if causal:
        mask = mask.tril()
    if lengths is not None:
        mask = mask & (torch.arange(m) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake: calls the attention before it refuses
def attend(attention, target, memory=None, lengths=None, causal=False):
    source = target if memory is None else memory
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    result = attention(target, source, source, mask)
    if causal and memory is not None:
        raise ValueError("causal with memory")
    return result


# %% mistake: a memory that is the target is let through with causal=True
def attend(attention, target, memory=None, lengths=None, causal=False):
    source = target if memory is None else memory
    if causal and source is not target and not torch.equal(source, target):
        raise ValueError("causal with memory")
    mask = torch.ones(1, 1, target.shape[1], source.shape[1], dtype=torch.bool)
    mask = mask.tril() if causal else mask
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% mistake: a memory of zeros counts as no memory
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("the memory is known in full")
    source = target if memory is None or not memory.any() else memory
    mask = torch.ones(len(target), 1, target.shape[1], source.shape[1], dtype=torch.bool)
    if causal:
        mask = mask.tril()
    if lengths is not None:
        mask = mask & (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
    return attention(target, source, source, mask)


# %% correct: two cases, no mask where none is needed
def attend(attention, target, memory=None, lengths=None, causal=False):
    if memory is None:
        memory = target
    elif causal:
        raise ValueError("no causal mask for a memory")
    allowed = None
    if causal:
        n = target.size(1)
        allowed = ~torch.triu(torch.ones(n, n, dtype=torch.bool), diagonal=1)
    if lengths is not None:
        real = torch.arange(memory.size(1)).lt(lengths.unsqueeze(1)).unsqueeze(1).unsqueeze(1)
        allowed = real if allowed is None else torch.logical_and(allowed, real)
    return attention(target, memory, memory, allowed)


# %% correct: fills a full mask row by row
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal")
    memory = target if memory is None else memory
    batch, n, m = target.shape[0], target.shape[1], memory.shape[1]
    mask = torch.zeros(batch, 1, n, m, dtype=torch.bool)
    for b in range(batch):
        length = m if lengths is None else lengths[b].item()
        for i in range(n):
            mask[b, :, i, : min(length, i + 1) if causal else length] = True
    return attention(query=target, key=memory, value=memory, allowed=mask)


# %% correct: compares positions, with keyword arguments
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError(f"causal={causal} with a memory of shape {tuple(memory.shape)}")
    source = memory if memory is not None else target
    key = torch.arange(source.shape[1]).view(1, 1, 1, -1)
    query = torch.arange(target.shape[1]).view(1, 1, -1, 1)
    last = torch.full((1, 1, 1, 1), source.shape[1]) if lengths is None else lengths.view(-1, 1, 1, 1)
    mask = (key < last) & ((key <= query) | torch.tensor(not causal))
    return attention(target, source, source, allowed=mask)


# %% correct: one sequence after another
def attend(attention, target, memory=None, lengths=None, causal=False):
    if causal and memory is not None:
        raise ValueError("causal")
    source = target if memory is None else memory
    outputs, weights = [], []
    for b in range(len(target)):
        row = torch.ones(source.shape[1], dtype=torch.bool)
        if lengths is not None:
            row[lengths[b] :] = False
        mask = row.repeat(target.shape[1], 1)
        if causal:
            mask = mask.tril()
        out, weight = attention(target[b : b + 1], source[b : b + 1], source[b : b + 1], mask)
        outputs.append(out)
        weights.append(weight)
    return torch.cat(outputs), torch.cat(weights)


# %% correct: a mask in every form that can be broadcast, written with NumPy
def attend(attention, target, memory=None, lengths=None, causal=False):
    import numpy as np

    if memory is not None and causal:
        raise ValueError("the memory is known in full")
    source = memory if memory is not None else target
    seen = np.ones((1, target.shape[1], source.shape[1]), dtype=bool)
    if causal:
        seen = np.tril(seen)
    mask = torch.from_numpy(seen)
    if lengths is not None:
        last = lengths.long().numpy()[:, None, None, None]
        mask = mask & torch.from_numpy(np.arange(source.shape[1]) < last)
    output, weights = attention(target, source, source, mask)
    return output, weights
