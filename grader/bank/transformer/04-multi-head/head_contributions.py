"""Known answers to head_contributions; grader/bank/__init__.py explains the format."""


# %% mistake: cuts the rows of the weight instead of its columns
def head_contributions(heads, weight, gate=None):
    blocks = weight.reshape(heads.shape[1], heads.shape[3], -1)
    out = torch.einsum("bhlv,hvm->bhlm", heads, blocks)
    return out if gate is None else out * gate[:, None, None]


# %% mistake: deals the columns of the weight out in turn
def head_contributions(heads, weight, gate=None):
    out = torch.stack([heads[:, h] @ weight[:, h :: heads.shape[1]].T for h in range(heads.shape[1])], 1)
    return out if gate is None else out * gate[:, None, None]


# %% mistake: every head meets the first columns of the weight
def head_contributions(heads, weight, gate=None):
    out = heads @ weight[:, : heads.shape[-1]].T
    return out if gate is None else out * gate[:, None, None]


# %% mistake: returns the sum over the heads
def head_contributions(heads, weight, gate=None):
    blocks = weight.unflatten(1, (heads.shape[1], -1))
    heads = heads if gate is None else heads * gate[:, None, None]
    return torch.einsum("bhlv,mhv->blm", heads, blocks)


# %% mistake: puts the positions before the heads
def head_contributions(heads, weight, gate=None):
    blocks = weight.unflatten(1, (heads.shape[1], -1))
    heads = heads if gate is None else heads * gate[:, None, None]
    return torch.einsum("bhlv,mhv->blhm", heads, blocks)


# %% mistake: the gate is ignored
def head_contributions(heads, weight, gate=None):
    return torch.einsum("bhlv,mhv->bhlm", heads, weight.unflatten(1, (heads.shape[1], -1)))


# %% mistake: the gate multiplies the features instead of the heads
def head_contributions(heads, weight, gate=None):
    out = torch.einsum("bhlv,mhv->bhlm", heads, weight.unflatten(1, (heads.shape[1], -1)))
    return out if gate is None else out * gate


# %% mistake: the gate multiplies the positions where there are as many as heads
def head_contributions(heads, weight, gate=None):
    out = torch.einsum("bhlv,mhv->bhlm", heads, weight.unflatten(1, (heads.shape[1], -1)))
    if gate is None:
        return out
    return out * gate[:, None] if out.shape[2] == len(gate) else out * gate[:, None, None]


# %% mistake: the gate multiplies twice, the heads and what they add
def head_contributions(heads, weight, gate=None):
    gate = torch.ones(heads.shape[1], dtype=heads.dtype) if gate is None else gate
    gate = gate[:, None, None]
    blocks = weight.unflatten(1, (heads.shape[1], -1))
    return torch.einsum("bhlv,mhv->bhlm", heads * gate, blocks) * gate


# %% mistake: the gate is a switch, so every factor other than 0 counts as 1
def head_contributions(heads, weight, gate=None):
    out = torch.einsum("bhlv,mhv->bhlm", heads, weight.unflatten(1, (heads.shape[1], -1)))
    return out if gate is None else out.masked_fill((gate == 0)[:, None, None], 0.0)


# %% mistake: the other heads are scaled up when one is left out, as dropout would do
def head_contributions(heads, weight, gate=None):
    out = torch.einsum("bhlv,mhv->bhlm", heads, weight.unflatten(1, (heads.shape[1], -1)))
    return out if gate is None else out * gate[:, None, None] * len(gate) / (gate != 0).sum()


# %% mistake: the gates go through a softmax
def head_contributions(heads, weight, gate=None):
    out = torch.einsum("bhlv,mhv->bhlm", heads, weight.unflatten(1, (heads.shape[1], -1)))
    return out if gate is None else out * gate.softmax(0)[:, None, None]


# %% mistake: gates become numbers outside the graph, so no gradient reaches them
def head_contributions(heads, weight, gate=None):
    factors = [1.0] * heads.shape[1] if gate is None else gate.tolist()
    blocks = weight.chunk(heads.shape[1], dim=1)
    return torch.stack([f * heads[:, h] @ blocks[h].T for h, f in enumerate(factors)], dim=1)


# %% mistake: changes the caller's heads in place
def head_contributions(heads, weight, gate=None):
    if gate is not None:
        heads *= gate[:, None, None]
    return torch.einsum("bhlv,mhv->bhlm", heads, weight.unflatten(1, (heads.shape[1], -1)))


# %% mistake: takes d_model / heads for the width of a head
def head_contributions(heads, weight, gate=None):
    d = weight.shape[0] // heads.shape[1]
    out = torch.stack(
        [heads[:, h, :, :d] @ weight[:, h * d : (h + 1) * d].T for h in range(heads.shape[1])], 1
    )
    return out if gate is None else out * gate[:, None, None]


# %% mistake: cuts the merged heads wrongly, as a view without exchanging axes
def head_contributions(heads, weight, gate=None):
    b, h, n, d = heads.shape
    merged = heads.reshape(b, n, h, d)
    out = torch.einsum("blhv,mhv->bhlm", merged, weight.unflatten(1, (h, d)))
    return out if gate is None else out * gate[:, None, None]


# %% mistake: a gate of 0 counts as not given
def head_contributions(heads, weight, gate=None):
    blocks = weight.unflatten(1, (heads.shape[1], -1))
    out = torch.einsum("bhlv,mhv->bhlm", heads, blocks)
    return out if gate is None or not gate.any() else out * gate[:, None, None]


# %% mistake: a square weight is turned round
def head_contributions(heads, weight, gate=None):
    weight = weight.T if weight.shape[0] == weight.shape[1] else weight
    blocks = weight.unflatten(1, (heads.shape[1], -1))
    out = torch.einsum("bhlv,mhv->bhlm", heads, blocks)
    return out if gate is None else out * gate[:, None, None]


# %% mistake: the gates are held between 0 and 1
def head_contributions(heads, weight, gate=None):
    blocks = weight.unflatten(1, (heads.shape[1], -1))
    out = torch.einsum("bhlv,mhv->bhlm", heads, blocks)
    return out if gate is None else out * gate.clamp(0, 1)[:, None, None]


# %% mistake: negative gates become 0
def head_contributions(heads, weight, gate=None):
    blocks = weight.unflatten(1, (heads.shape[1], -1))
    out = torch.einsum("bhlv,mhv->bhlm", heads, blocks)
    return out if gate is None else out * gate.relu()[:, None, None]


# %% mistake: the gate multiplies the sequences where there are as many as heads
def head_contributions(heads, weight, gate=None):
    blocks = weight.unflatten(1, (heads.shape[1], -1))
    out = torch.einsum("bhlv,mhv->bhlm", heads, blocks)
    if gate is None:
        return out
    return out * (gate[:, None, None, None] if len(gate) == len(out) else gate[:, None, None])


# %% mistake: views the heads, which fails if they do not lie in a row in memory
def head_contributions(heads, weight, gate=None):
    b, h, n, d = heads.shape
    gated = heads if gate is None else heads * gate[:, None, None]
    blocks = weight.view(-1, h, d).permute(1, 2, 0)
    return torch.bmm(gated.view(b * h, n, d), blocks.repeat(b, 1, 1)).view(b, h, n, -1)


# %% mistake: squeezes dimensions of length 1 away
def head_contributions(heads, weight, gate=None):
    blocks = weight.unflatten(1, (heads.shape[1], -1))
    out = torch.einsum("bhlv,mhv->bhlm", heads, blocks)
    return (out if gate is None else out * gate[:, None, None]).squeeze(-1)


# %% mistake: a gate of 0 also stops the gradient of the gate
def head_contributions(heads, weight, gate=None):
    blocks = weight.unflatten(1, (heads.shape[1], -1))
    out = torch.einsum("bhlv,mhv->bhlm", heads, blocks)
    if gate is None:
        return out
    out = out * gate[:, None, None]
    return torch.where((gate == 0)[:, None, None], torch.zeros_like(out), out)


# %% correct: a loop with slices
def head_contributions(heads, weight, gate=None):
    d_v, rows = heads.shape[-1], []
    for h in range(heads.shape[1]):
        row = heads[:, h] @ weight[:, h * d_v : (h + 1) * d_v].T
        rows.append(row if gate is None else gate[h] * row)
    return torch.stack(rows, dim=1)


# %% correct: all other heads set to zero, then the whole output map
def head_contributions(heads, weight, gate=None):
    n = heads.shape[1]
    keep = torch.eye(n, dtype=heads.dtype)
    keep = keep if gate is None else keep * gate
    alone = heads.unsqueeze(1) * keep[None, :, :, None, None]
    return F.linear(merge_heads(alone), weight)


# %% correct: a batched matrix product, the gate on the weight
def head_contributions(heads, weight, gate=None):
    blocks = torch.stack(weight.split(heads.shape[-1], dim=1)).transpose(1, 2)
    if gate is not None:
        blocks = blocks * gate.view(-1, 1, 1)
    return torch.matmul(heads, blocks)


# %% correct: a block-diagonal layout of the merged heads
def head_contributions(heads, weight, gate=None):
    gate = heads.new_ones(heads.shape[1]) if gate is None else gate
    b, h, n, d = heads.shape
    wide = heads.new_zeros(b, h, n, h * d)
    for i in range(h):
        wide[:, i, :, i * d : (i + 1) * d] = heads[:, i] * gate[i]
    return wide @ weight.t()


# %% correct: one position after another
def head_contributions(heads, weight, gate=None):
    gate = torch.ones_like(heads[0, :, 0, 0]) if gate is None else gate
    blocks = weight.chunk(heads.size(1), dim=-1)
    rows = [
        torch.stack([gate[h] * (heads[:, h, i] @ block.mT) for h, block in enumerate(blocks)], 1)
        for i in range(heads.size(2))
    ]
    return torch.stack(rows, 2)
