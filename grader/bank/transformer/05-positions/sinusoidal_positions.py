"""Known answers to sinusoidal_positions; grader/bank/__init__.py explains the format."""


# %% mistake: sine and cosine are exchanged
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.stack([angle.cos(), angle.sin()], -1).flatten(-2).to(dtype)


# %% mistake: all sines come before all cosines
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.cat([angle.sin(), angle.cos()], -1).to(dtype)


# %% mistake: every column has an exponent of its own
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() / base ** (torch.arange(d_model).double() / d_model)
    out = angle.sin()
    out[..., 1::2] = angle[..., 1::2].cos()
    return out.to(dtype)


# %% mistake: the number of a column counts double, as 2·(2i)/d_model
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    exponent = 2 * torch.arange(0, d_model, 2).double() / d_model
    angle = positions[..., None].double() / base**exponent
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake: the exponent is i/d_model without the 2
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() / base ** (torch.arange(d_model // 2).double() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake: divides the exponent by the number of pairs less one
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    half = d_model // 2
    exponent = torch.arange(half).double() / max(half - 1, 1)
    angle = positions[..., None].double() / base**exponent
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake: counts positions from 1
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    positions = positions[..., None].double() + 1
    angle = positions / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake: takes 0, 1, 2, … whatever positions are given
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    positions = torch.arange(positions.numel()).double().reshape(positions.shape)[..., None]
    angle = positions / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake: the base is always 10000
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() / 10000 ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake: multiplies by the power of the base instead of dividing
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() * base ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake: computes in float32 and casts at the end
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].float() / base ** (torch.arange(0, d_model, 2).float() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake: the exponents are float32, since a range of whole numbers is divided
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() / base ** (torch.arange(0, d_model, 2) / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake: computes the angles in the type of the result
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].to(dtype) / base ** (torch.arange(0, d_model, 2, dtype=dtype) / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2)


# %% mistake: returns float64 whatever dtype is
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2)


# %% mistake: works for positions of one dimension only
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    positions = positions.reshape(-1)
    out = torch.zeros(len(positions), d_model, dtype=torch.float64)
    angle = positions[:, None] / base ** (torch.arange(0, d_model, 2).double() / d_model)
    out[:, 0::2], out[:, 1::2] = angle.sin(), angle.cos()
    return out.to(dtype)


# %% mistake: rounds positions to whole numbers
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    positions = positions.long()[..., None].double()
    angle = positions / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake: reads the positions as degrees
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    angle = torch.deg2rad(angle)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake: cuts the last column off when d_model is odd
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    angle = positions[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2)[..., :d_model].to(dtype)


# %% mistake: does not say which d_model is odd
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError("d_model must be even")
    angle = positions[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake: positions go through float32 before the angles are computed
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    exponent = torch.arange(0, d_model, 2, dtype=torch.float64) / d_model
    angle = positions.float()[..., None] / base**exponent
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake: knows float64 and float32 only, whatever dtype is asked for
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    table = torch.stack([angle.sin(), angle.cos()], -1).flatten(-2)
    return table if dtype == torch.float64 else table.float()


# %% mistake: positions of three dimensions are refused
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    rate = base ** -(torch.arange(0, d_model, 2).double() / d_model)
    if positions.dim() == 0:
        angle = positions.double() * rate
    elif positions.dim() == 1:
        angle = torch.einsum("n,d->nd", positions.double(), rate)
    else:
        angle = torch.einsum("bn,d->bnd", positions.double(), rate)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake: positions that do not lie in a row in memory fail
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    flat = positions.view(-1, 1).double()
    angle = flat / base ** (torch.arange(0, d_model, 2).double() / d_model)
    table = torch.stack([angle.sin(), angle.cos()], -1).flatten(-2)
    return table.view(*positions.shape, d_model).to(dtype)


# %% mistake: the base goes through float32
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    exponent = torch.arange(0, d_model, 2).double() / d_model
    angle = positions[..., None].double() / torch.tensor(base).double() ** exponent
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


# %% mistake: an empty tensor of positions fails
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    rate = base ** -(torch.arange(0, d_model, 2).double() / d_model)
    rows = [torch.stack([(p * rate).sin(), (p * rate).cos()], -1).flatten() for p in positions.flatten().double()]
    return torch.stack(rows).reshape(*positions.shape, d_model).to(dtype)


# %% mistake: remembers the table of the first call, which the caller may have changed since
import functools


@functools.lru_cache
def rates(d_model, base):
    return base ** -(torch.arange(0, d_model, 2).double() / d_model)


@functools.lru_cache
def encode(numbers, d_model, base, dtype):
    angle = torch.tensor(numbers, dtype=torch.float64)[:, None] * rates(d_model, base)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)


def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    table = encode(tuple(positions.flatten().tolist()), d_model, base, dtype)
    return table.view(*positions.shape, d_model)


# %% mistake: looks positions up in a table, so negative ones count from its end
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    rate = base ** -(torch.arange(0, d_model, 2).double() / d_model)
    angle = torch.arange(5000).double()[:, None] * rate
    table = torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).to(dtype)
    return table[positions.long()]


# %% mistake: the result has the type of the positions where these are fractional
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    table = torch.stack([angle.sin(), angle.cos()], -1).flatten(-2)
    return table.to(positions.dtype if positions.is_floating_point() else dtype)


# %% mistake: squeezes dimensions of length 1 away
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = positions[..., None].double() / base ** (torch.arange(0, d_model, 2).double() / d_model)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2).squeeze(0).to(dtype)


# %% mistake: rounds the angles to the type of the result
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    table = torch.zeros(*positions.shape, d_model, dtype=dtype)
    for i in range(d_model // 2):
        table[..., 2 * i] = positions.double() / base ** (2 * i / d_model)
        table[..., 2 * i + 1] = table[..., 2 * i].cos()
        table[..., 2 * i] = table[..., 2 * i].sin()
    return table


# %% correct: exponential of a logarithm, slices filled
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2 == 1:
        raise ValueError(f"d_model must be even, not {d_model}")
    rate = torch.exp(torch.arange(0, d_model, 2, dtype=torch.float64) * (-math.log(base) / d_model))
    angle = positions.to(torch.float64).unsqueeze(-1) * rate
    table = torch.empty(*positions.shape, d_model, dtype=dtype)
    table[..., 0::2] = torch.sin(angle)
    table[..., 1::2] = torch.cos(angle)
    return table


# %% correct: one number after another
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2:
        raise ValueError(d_model)
    values = []
    for p in positions.flatten().tolist():
        for column in range(d_model):
            angle = p / base ** (2 * (column // 2) / d_model)
            values.append(math.cos(angle) if column % 2 else math.sin(angle))
    return torch.tensor(values, dtype=dtype).view(*positions.shape, d_model)


# %% correct: a cosine is a sine a quarter of a turn earlier
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model % 2 != 0:
        raise ValueError(f"{d_model} columns do not make pairs")
    column = torch.arange(d_model, dtype=torch.float64)
    even = torch.div(column, 2, rounding_mode="floor") * 2
    angle = torch.einsum("...,d->...d", positions.double(), torch.pow(base, -even / d_model))
    return torch.sin(angle + column % 2 * math.pi / 2).to(dtype)


# %% correct: real and imaginary part of a complex number
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    if d_model & 1:
        raise ValueError("odd d_model: " + str(d_model))
    angle = positions.double()[..., None] / base ** torch.linspace(
        0, 1 - 2 / d_model, d_model // 2, dtype=torch.float64
    )
    z = torch.view_as_real(torch.polar(torch.ones_like(angle), angle)).flip(-1)
    return z.reshape(*positions.shape, d_model).to(dtype)


# %% correct: in NumPy, with an outer product over flattened positions
def sinusoidal_positions(positions, d_model, base=10000.0, dtype=torch.float32):
    import numpy as np

    if d_model % 2:
        raise ValueError(f"d_model={d_model}")
    rates = np.power(float(base), -np.arange(0, d_model, 2) / d_model)
    angles = np.outer(positions.double().numpy().ravel(), rates)
    table = np.stack([np.sin(angles), np.cos(angles)], axis=-1)
    return torch.from_numpy(table).to(dtype).reshape(*positions.shape, d_model)
