"""Known answers to convert_layout; grader/bank/__init__.py explains the format."""


# %% mistake: the two directions are exchanged
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    shape = (-1, 2) if to == "interleaved" else (2, -1)
    return x.unflatten(-1, shape).transpose(-2, -1).flatten(-2)


# %% mistake: always converts to halves
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    return torch.cat([x[..., 0::2], x[..., 1::2]], dim=-1)


# %% mistake: reshapes without exchanging the axes, so nothing changes
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    return x.unflatten(-1, (2, -1) if to == "halves" else (-1, 2)).flatten(-2)


# %% mistake: puts the cosines before the sines
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    if to == "halves":
        return torch.cat([x[..., 1::2], x[..., 0::2]], dim=-1)
    cos, sin = x.chunk(2, -1)
    return torch.stack([sin, cos], -1).flatten(-2)


# %% mistake: stacks the halves the wrong way, so they stay halves
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    if to == "halves":
        return torch.cat([x[..., 0::2], x[..., 1::2]], dim=-1)
    return torch.stack(x.chunk(2, -1), dim=-2).flatten(-2)


# %% mistake: turns the second half round
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    if to == "halves":
        return torch.cat([x[..., 0::2], x[..., 1::2].flip(-1)], dim=-1)
    a, b = x.chunk(2, -1)
    return torch.stack([a, b.flip(-1)], -1).flatten(-2)


# %% mistake: rearranges the positions instead of the features
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    if x.dim() == 1:
        x = x[:, None]
        return convert_layout(x, to)[:, 0] if x.shape[1] % 2 == 0 else x[:, 0]
    n = x.shape[0]
    order = [*range(0, n, 2), *range(1, n, 2)]
    return x[order] if to == "halves" else x[torch.tensor(order).argsort()]


# %% mistake: works for two dimensions only
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    x = x.reshape(-1, x.shape[-1])
    if to == "halves":
        return torch.cat([x[:, 0::2], x[:, 1::2]], dim=1).squeeze(0)
    a, b = x.chunk(2, 1)
    return torch.stack([a, b], 2).flatten(1).squeeze(0)


# %% mistake: leaves the order of an odd number of features to chance
def convert_layout(x, to):
    if to == "halves":
        return torch.cat([x[..., 0::2], x[..., 1::2]], dim=-1)
    if to != "interleaved":
        raise ValueError(to)
    out = torch.zeros_like(x)
    half = (x.shape[-1] + 1) // 2
    out[..., 0::2], out[..., 1::2] = x[..., :half], x[..., half:]
    return out


# %% mistake: an unknown word is not refused
def convert_layout(x, to):
    if x.shape[-1] % 2:
        raise ValueError(f"odd {x.shape[-1]}")
    shape = (-1, 2) if to == "halves" else (2, -1)
    return x.unflatten(-1, shape).transpose(-2, -1).flatten(-2)


# %% mistake: writes into the caller's tensor
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    n = x.shape[-1]
    order = torch.tensor([*range(0, n, 2), *range(1, n, 2)])
    x[...] = x[..., order if to == "halves" else order.argsort()]
    return x


# %% mistake: no gradient flows, as through detach() or NumPy
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    n = x.shape[-1]
    order = torch.tensor([*range(0, n, 2), *range(1, n, 2)])
    order = order if to == "halves" else order.argsort()
    return torch.from_numpy(x.detach().numpy()[..., order.numpy()])


# %% mistake: makes a float32 tensor
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(f"{x.shape[-1]}, {to}")
    out, half = torch.zeros(x.shape), x.shape[-1] // 2
    if to == "halves":
        out[..., :half], out[..., half:] = x[..., 0::2], x[..., 1::2]
    else:
        out[..., 0::2], out[..., 1::2] = x[..., :half], x[..., half:]
    return out


# %% mistake: every word that begins like "interleaved" is accepted
def convert_layout(x, to):
    if x.shape[-1] % 2:
        raise ValueError("odd")
    if to == "halves":
        return torch.cat([x[..., 0::2], x[..., 1::2]], -1)
    if to.startswith("inter"):
        a, b = x.chunk(2, -1)
        return torch.stack([a, b], -1).flatten(-2)
    raise ValueError(to)


# %% mistake: squeezes dimensions of length 1 away
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(to)
    shape = (-1, 2) if to == "halves" else (2, -1)
    return x.unflatten(-1, shape).transpose(-2, -1).flatten(-2).squeeze(0)


# %% mistake: a square is rearranged along its rows
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(to)
    if x.dim() == 2 and len(x) == x.shape[1]:
        return convert_layout(x.T[:, None], to)[:, 0].T
    shape = (-1, 2) if to == "halves" else (2, -1)
    return x.unflatten(-1, shape).transpose(-2, -1).flatten(-2)


# %% mistake: capital letters and spaces in the word are forgiven
def convert_layout(x, to):
    to = str(to).strip().lower()
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(to)
    shape = (-1, 2) if to == "halves" else (2, -1)
    return x.unflatten(-1, shape).transpose(-2, -1).flatten(-2)


# %% mistake: joins all dimensions but the first
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(to)
    shape = (-1, 2) if to == "halves" else (2, -1)
    return x.reshape(-1, x.shape[-1]).view(-1, *shape).mT.reshape(-1).view(x.shape).view(x.shape[0], -1)


# %% mistake: refuses an odd number of features in one direction only
def convert_layout(x, to):
    if to == "halves":
        return torch.cat([x[..., 0::2], x[..., 1::2]], -1)
    if to == "interleaved" and x.shape[-1] % 2 == 0:
        return torch.stack(x.chunk(2, -1), -1).flatten(-2)
    raise ValueError(to)


# %% mistake: goes through float32 on the way
def convert_layout(x, to):
    if x.shape[-1] % 2 or to not in ("halves", "interleaved"):
        raise ValueError(to)
    shape = (-1, 2) if to == "halves" else (2, -1)
    return x.float().unflatten(-1, shape).mT.flatten(-2).to(x.dtype)


# %% correct: slices into a new tensor
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


# %% correct: an index of the features
def convert_layout(x, to):
    n = x.size(-1)
    if n % 2 == 1 or to not in {"halves", "interleaved"}:
        raise ValueError(f"n={n}, to={to}")
    order = torch.cat([torch.arange(0, n, 2), torch.arange(1, n, 2)])
    return x.index_select(-1, order if to == "halves" else torch.argsort(order))


# %% correct: a permutation matrix and its transpose
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


# %% correct: stack and cat, errors by a dictionary
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


# %% correct: gathers along the last axis
def convert_layout(x, to):
    width = x.size(-1)
    half, rest = divmod(width, 2)
    if rest or not (to == "halves" or to == "interleaved"):
        raise ValueError(f"{width} features to {to}")
    column = torch.arange(width)
    index = 2 * (column % half) + column // half if to == "halves" else column // 2 + column % 2 * half
    return torch.gather(x, -1, index.expand(x.shape))


# %% correct: slices and einsum, chosen by match
def convert_layout(x, to):
    if x.shape[-1] % 2 == 1:
        raise ValueError("odd")
    match to:
        case "halves":
            return torch.hstack([x.T[0::2].T, x.T[1::2].T]) if x.dim() == 2 else torch.cat(
                [x.unflatten(-1, (-1, 2)).select(-1, i) for i in range(2)], dim=-1
            )
        case "interleaved":
            return torch.einsum("...tp->...pt", x.unflatten(-1, (2, -1))).reshape(x.shape)
        case _:
            raise ValueError("unknown layout")
