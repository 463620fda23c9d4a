"""Known answers to shift_matrix; grader/bank/__init__.py explains the format."""


# %% mistake: turns backwards (the transpose)
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = k / base ** (torch.arange(0, d_model, 2).double() / d_model)
    blocks = [torch.tensor([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]]).double() for a in angle]
    return torch.block_diag(*blocks)


# %% mistake: both sines have the same sign
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    m = torch.zeros(d_model, d_model, dtype=torch.float64)
    for i in range(0, d_model, 2):
        a = k / base ** (i / d_model)
        m[i, i] = m[i + 1, i + 1] = math.cos(a)
        m[i, i + 1] = m[i + 1, i] = math.sin(a)
    return m


# %% mistake: sine and cosine are exchanged
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    m = torch.zeros(d_model, d_model, dtype=torch.float64)
    for i in range(0, d_model, 2):
        a = k / base ** (i / d_model)
        m[i, i] = m[i + 1, i + 1] = math.sin(a)
        m[i, i + 1], m[i + 1, i] = math.cos(a), -math.cos(a)
    return m


# %% mistake: for the layout in halves instead of interleaved pairs
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = k / base ** (torch.arange(0, d_model, 2).double() / d_model)
    sin, cos = torch.diag(angle.sin()), torch.diag(angle.cos())
    return torch.cat([torch.cat([cos, sin], 1), torch.cat([-sin, cos], 1)], 0)


# %% mistake: every pair turns by the same angle k
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    c, s = math.cos(k), math.sin(k)
    return torch.block_diag(*[torch.tensor([[c, s], [-s, c]], dtype=torch.float64)] * (d_model // 2))


# %% mistake: the exponent is i/d_model instead of 2i/d_model
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    m = torch.zeros(d_model, d_model, dtype=torch.float64)
    for i in range(d_model // 2):
        a, j = k / base ** (i / d_model), 2 * i
        m[j, j] = m[j + 1, j + 1] = math.cos(a)
        m[j, j + 1], m[j + 1, j] = math.sin(a), -math.sin(a)
    return m


# %% mistake: k multiplies outside of sine and cosine
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    m = torch.zeros(d_model, d_model, dtype=torch.float64)
    for i in range(0, d_model, 2):
        a = 1 / base ** (i / d_model)
        m[i, i] = m[i + 1, i + 1] = k * math.cos(a)
        m[i, i + 1], m[i + 1, i] = k * math.sin(a), -k * math.sin(a)
    return m


# %% mistake: adds the step to the encoding of 0, which is right at position 0 only
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    start = sinusoidal_positions(torch.tensor(0), d_model, base, torch.float64)
    end = sinusoidal_positions(torch.tensor(k), d_model, base, torch.float64)
    return torch.outer(end, start) / (start @ start)


# %% mistake: the base is always 10000
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    m = torch.zeros(d_model, d_model, dtype=torch.float64)
    for i in range(0, d_model, 2):
        a = k / 10000 ** (i / d_model)
        m[i, i] = m[i + 1, i + 1] = math.cos(a)
        m[i, i + 1], m[i + 1, i] = math.sin(a), -math.sin(a)
    return m


# %% mistake: loses the sign of k
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    m = torch.zeros(d_model, d_model, dtype=torch.float64)
    for i in range(0, d_model, 2):
        a = abs(k) / base ** (i / d_model)
        m[i, i] = m[i + 1, i + 1] = math.cos(a)
        m[i, i + 1], m[i + 1, i] = math.sin(a), -math.sin(a)
    return m


# %% mistake: cuts k down to a whole number
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    m = torch.zeros(d_model, d_model, dtype=torch.float64)
    for i in range(0, d_model, 2):
        a = int(k) / base ** (i / d_model)
        m[i, i] = m[i + 1, i + 1] = math.cos(a)
        m[i, i + 1], m[i + 1, i] = math.sin(a), -math.sin(a)
    return m


# %% mistake: computes in float32 and casts at the end
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = k / base ** (torch.arange(0, d_model, 2) / d_model)
    s, c = angle.sin(), angle.cos()
    blocks = torch.stack([torch.stack([c, s], -1), torch.stack([-s, c], -1)], -2)
    return torch.block_diag(*blocks).double()


# %% mistake: returns float32
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    m = torch.zeros(d_model, d_model)
    for i in range(0, d_model, 2):
        a = k / base ** (i / d_model)
        m[i, i] = m[i + 1, i + 1] = math.cos(a)
        m[i, i + 1], m[i + 1, i] = math.sin(a), -math.sin(a)
    return m


# %% mistake: the blocks stand one after another and are not put on a diagonal
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = k / base ** (torch.arange(0, d_model, 2).double() / d_model)
    s, c = angle.sin(), angle.cos()
    return torch.stack([torch.stack([c, s], -1), torch.stack([-s, c], -1)], -2)


# %% mistake: leaves the last feature of an odd d_model alone
def shift_matrix(k, d_model, base=10000.0):
    m = torch.eye(d_model, dtype=torch.float64)
    for i in range(0, d_model - 1, 2):
        a = k / base ** (i / d_model)
        m[i, i] = m[i + 1, i + 1] = math.cos(a)
        m[i, i + 1], m[i + 1, i] = math.sin(a), -math.sin(a)
    return m


# %% mistake: a step of 0 is returned before d_model is checked
def shift_matrix(k, d_model, base=10000.0):
    if k == 0:
        return torch.eye(d_model, dtype=torch.float64)
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = k / base ** (torch.arange(0, d_model, 2).double() / d_model)
    blocks = [torch.tensor([[a.cos(), a.sin()], [-a.sin(), a.cos()]], dtype=torch.float64) for a in angle]
    return torch.block_diag(*blocks)


# %% mistake: the base goes through float32
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = k / torch.tensor(base).double() ** (torch.arange(0, d_model, 2).double() / d_model)
    blocks = [torch.tensor([[a.cos(), a.sin()], [-a.sin(), a.cos()]], dtype=torch.float64) for a in angle]
    return torch.block_diag(*blocks)


# %% mistake: k goes through float32
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    angle = torch.tensor(float(k)) / base ** (torch.arange(0, d_model, 2).double() / d_model)
    blocks = [torch.tensor([[a.cos(), a.sin()], [-a.sin(), a.cos()]], dtype=torch.float64) for a in angle]
    return torch.block_diag(*blocks)


# %% mistake: the angles are rounded to float32
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    m = torch.zeros(d_model, d_model, dtype=torch.float64)
    for i in range(0, d_model, 2):
        a = torch.tensor(k / base ** (i / d_model)).float().double()
        m[i, i] = m[i + 1, i + 1] = a.cos()
        m[i, i + 1], m[i + 1, i] = a.sin(), -a.sin()
    return m


# %% mistake: a step of 0 counts as a step of 1
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    k = k or 1
    m = torch.zeros(d_model, d_model, dtype=torch.float64)
    for i in range(0, d_model, 2):
        a = k / base ** (i / d_model)
        m[i, i] = m[i + 1, i + 1] = math.cos(a)
        m[i, i + 1], m[i + 1, i] = math.sin(a), -math.sin(a)
    return m


# %% mistake: small angles are replaced by their sines' first term
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    m = torch.eye(d_model, dtype=torch.float64)
    for i in range(0, d_model, 2):
        a = k / base ** (i / d_model)
        if abs(a) > 1e-3:
            m[i, i] = m[i + 1, i + 1] = math.cos(a)
        sin = math.sin(a) if abs(a) > 1e-3 else a
        m[i, i + 1], m[i + 1, i] = sin, -sin
    return m


# %% mistake: hands out the same matrix again, which the caller may have changed
matrices = {}


def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    if (k, d_model, base) not in matrices:
        m = torch.zeros(d_model, d_model, dtype=torch.float64)
        for i in range(0, d_model, 2):
            a = k / base ** (i / d_model)
            m[i, i] = m[i + 1, i + 1] = math.cos(a)
            m[i, i + 1], m[i + 1, i] = math.sin(a), -math.sin(a)
        matrices[k, d_model, base] = m
    return matrices[k, d_model, base]


# %% mistake: solves for the matrix from a few positions, which is too coarse for slow pairs
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    p = torch.arange(4 * d_model).double()
    here = sinusoidal_positions(p, d_model, base, torch.float64)
    there = sinusoidal_positions(p + k, d_model, base, torch.float64)
    return torch.linalg.lstsq(here, there).solution.T


# %% correct: fills the entries in a loop
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"odd d_model {d_model}")
    m = torch.zeros(d_model, d_model, dtype=torch.float64)
    for i in range(0, d_model, 2):
        a = k * base ** (-i / d_model)
        m[i, i] = m[i + 1, i + 1] = math.cos(a)
        m[i, i + 1], m[i + 1, i] = math.sin(a), -math.sin(a)
    return m


# %% correct: diagonals
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2 != 0:
        raise ValueError
    angle = k * torch.exp(-math.log(base) / d_model * torch.arange(0, d_model, 2, dtype=torch.float64))
    side = torch.zeros(d_model, dtype=torch.float64)
    side[::2] = angle.sin()
    side = side[:-1]
    return torch.diag(angle.cos().repeat_interleave(2)) + torch.diag(side, 1) - torch.diag(side, -1)


# %% correct: the exponential of a matrix
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(d_model)
    turn = torch.tensor([[0.0, 1.0], [-1.0, 0.0]], dtype=torch.float64)
    blocks = []
    for i in range(d_model // 2):
        a = math.fmod(k / base ** (2 * i / d_model), 2 * math.pi)
        blocks.append(torch.linalg.matrix_exp(a * turn))
    return torch.block_diag(*blocks)


# %% correct: from the encoding of k, by the Kronecker product
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError("d_model")
    code = sinusoidal_positions(torch.tensor(k, dtype=torch.float64), d_model, base, torch.float64)
    sin, cos = code[0::2], code[1::2]
    turn = torch.tensor([[0, 1], [-1, 0]], dtype=torch.float64)
    one = torch.eye(2, dtype=torch.float64)
    return torch.kron(torch.diag(cos), one) + torch.kron(torch.diag(sin), turn)


# %% correct: complex numbers as matrices
def shift_matrix(k, d_model, base=10000.0):
    if d_model % 2:
        raise ValueError(f"{d_model}")
    one = torch.eye(2, dtype=torch.float64)
    turn = torch.tensor([[0.0, 1.0], [-1.0, 0.0]], dtype=torch.float64)
    matrix = torch.zeros(d_model // 2, 2, d_model // 2, 2, dtype=torch.float64)
    for i in range(d_model // 2):
        angle = k * base ** (-2 * i / d_model)
        matrix[i, :, i] = math.cos(angle) * one + math.sin(angle) * turn
    return matrix.reshape(d_model, d_model)
