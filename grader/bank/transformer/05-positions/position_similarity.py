"""Known answers to position_similarity; grader/bank/__init__.py explains the format."""


# %% mistake: the plain dot product, not divided by the lengths
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.cos().sum(-1)


# %% mistake: divides by d_model instead of d_model/2
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.cos().sum(-1) / d_model


# %% mistake: divides by one length only
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.cos().sum(-1) / (d_model / 2) ** 0.5


# %% mistake: sines instead of cosines
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.sin().mean(-1)


# %% mistake: sines and cosines of the offset, that is the mean of its encoding
def position_similarity(offsets, d_model, base=10000.0):
    return sinusoidal_positions(offsets, d_model, base, torch.float64).mean(-1)


# %% mistake: the product of the cosines instead of their mean
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.cos().prod(-1)


# %% mistake: the first pair only
def position_similarity(offsets, d_model, base=10000.0):
    return offsets.double().cos()


# %% mistake: the encoding of k with itself, which is always 1
def position_similarity(offsets, d_model, base=10000.0):
    code = sinusoidal_positions(offsets, d_model, base, torch.float64)
    return F.cosine_similarity(code, code, dim=-1)


# %% mistake: every offset with every other
def position_similarity(offsets, d_model, base=10000.0):
    code = sinusoidal_positions(offsets, d_model, base, torch.float64)
    return code @ code.mT / (d_model / 2)


# %% mistake: a distance, 0 for equal positions
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return 1 - angle.cos().mean(-1)


# %% mistake: every column has an exponent of its own
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / base ** (torch.arange(d_model).double() / d_model)
    return angle.cos().mean(-1)


# %% mistake: the base is always 10000
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / 10000 ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.cos().mean(-1)


# %% mistake: computes in float32 and casts at the end
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].float() / base ** (torch.arange(0, d_model, 2) / d_model)
    return angle.cos().mean(-1).double()


# %% mistake: returns float32
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None] / base ** (torch.arange(0, d_model, 2) / d_model)
    return angle.cos().mean(-1)


# %% mistake: a list of offsets only, other shapes are flattened
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets.reshape(-1, 1).double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.cos().mean(-1)


# %% mistake: takes the absolute value, so encodings that are opposite count as alike
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.cos().mean(-1).abs()


# %% mistake: offsets of three dimensions are refused
def position_similarity(offsets, d_model, base=10000.0):
    rate = base ** -(torch.arange(0, d_model, 2).double() / d_model)
    if offsets.dim() == 0:
        return (offsets.double() * rate).cos().mean()
    if offsets.dim() == 1:
        return torch.outer(offsets.double(), rate).cos().mean(1)
    return torch.einsum("rk,d->rkd", offsets.double(), rate).cos().mean(2)


# %% mistake: offsets that do not lie in a row in memory fail
def position_similarity(offsets, d_model, base=10000.0):
    rate = base ** -(torch.arange(0, d_model, 2).double() / d_model)
    return (offsets.view(-1, 1).double() * rate).cos().mean(1).view(offsets.shape)


# %% mistake: offsets go through float32
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets.float()[..., None] / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.cos().mean(-1)


# %% mistake: the base goes through float32
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / torch.tensor(base).double() ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.cos().mean(-1)


# %% mistake: squeezes dimensions of length 1 away
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.cos().mean(-1).squeeze()


# %% mistake: the result has the type of the offsets where these are fractional
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    dtype = offsets.dtype if offsets.is_floating_point() else torch.float64
    return angle.cos().mean(-1).to(dtype)


# %% mistake: cuts the offsets down to whole numbers
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].long() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.cos().mean(-1)


# %% mistake: similarities below 0 become 0
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.cos().mean(-1).clamp(min=0)


# %% mistake: adds a small number to the length, so equal positions are not quite alike
def position_similarity(offsets, d_model, base=10000.0):
    angle = offsets[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return angle.cos().sum(-1) / (d_model / 2 + 1e-8)


# %% mistake: the base must be a whole number
def position_similarity(offsets, d_model, base=10000.0):
    rate = int(base) ** -(torch.arange(0, d_model, 2).double() / d_model)
    return (offsets[..., None].double() * rate).cos().mean(-1)


# %% correct: from position 0, by cosine_similarity
def position_similarity(offsets, d_model, base=10000.0):
    here = sinusoidal_positions(torch.zeros_like(offsets), d_model, base, torch.float64)
    there = sinusoidal_positions(offsets, d_model, base, torch.float64)
    return F.cosine_similarity(here, there, dim=-1)


# %% correct: from some other position, by the definition
def position_similarity(offsets, d_model, base=10000.0):
    here = sinusoidal_positions(torch.tensor(7), d_model, base, dtype=torch.float64)
    there = sinusoidal_positions(offsets.double() + 7, d_model, base, dtype=torch.float64)
    return (there @ here) / here.norm() / there.norm(dim=-1)


# %% correct: number by number
def position_similarity(offsets, d_model, base=10000.0):
    pairs = d_model // 2
    values = [
        sum(math.cos(k * base ** (-2 * i / d_model)) for i in range(pairs)) / pairs
        for k in offsets.reshape(-1).tolist()
    ]
    return torch.tensor(values, dtype=torch.float64).view_as(offsets)


# %% correct: the trace of the shift matrix
def position_similarity(offsets, d_model, base=10000.0):
    out = torch.empty(offsets.shape, dtype=torch.float64)
    for index, k in zip(out.view(-1).split(1) if out.dim() else [out], offsets.flatten().tolist()):
        index.fill_(shift_matrix(k, d_model, base).trace() / d_model)
    return out


# %% correct: in NumPy
def position_similarity(offsets, d_model, base=10000.0):
    import numpy as np

    rates = np.float64(base) ** (-2 * np.arange(d_model // 2) / d_model)
    cosines = np.cos(np.multiply.outer(offsets.double().numpy(), rates))
    return torch.as_tensor(cosines.mean(axis=-1), dtype=torch.float64)
