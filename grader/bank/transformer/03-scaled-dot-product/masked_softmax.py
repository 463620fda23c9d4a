"""Known answers to masked_softmax; grader/bank/__init__.py explains the format."""


# %% mistake: the mask is turned round
def masked_softmax(scores, allowed, dim=-1):
    lowest = torch.finfo(scores.dtype).min
    return scores.masked_fill(allowed, lowest).softmax(dim).masked_fill(allowed, 0.0)


# %% mistake: masks after the softmax, so the rows no longer sum to 1
def masked_softmax(scores, allowed, dim=-1):
    return scores.softmax(dim) * allowed


# %% mistake: a hidden score becomes 0, as if multiplied by the mask, and keeps its weight
def masked_softmax(scores, allowed, dim=-1):
    return (scores * allowed).softmax(dim)


# %% mistake: fills with 0 and sets the weights to 0 afterwards, so the rows no longer sum to 1
def masked_softmax(scores, allowed, dim=-1):
    return scores.masked_fill(~allowed, 0.0).softmax(dim) * allowed


# %% mistake: fills with −10, which is not low enough
def masked_softmax(scores, allowed, dim=-1):
    return scores.masked_fill(~allowed, -10.0).softmax(dim) * allowed


# %% mistake: a row in which nothing is allowed gives NaN
def masked_softmax(scores, allowed, dim=-1):
    return scores.masked_fill(~allowed, -torch.inf).softmax(dim)


# %% mistake: a row in which nothing is allowed gives equal weights
def masked_softmax(scores, allowed, dim=-1):
    return scores.masked_fill(~allowed, torch.finfo(scores.dtype).min).softmax(dim)


# %% mistake: NaN is wiped off the weights but stays in the gradient
def masked_softmax(scores, allowed, dim=-1):
    penalty = torch.zeros(allowed.shape, dtype=scores.dtype).masked_fill(~allowed, -torch.inf)
    return (scores + penalty).softmax(dim).nan_to_num()


# %% mistake: the softmax runs over the queries
def masked_softmax(scores, allowed, dim=-1):
    lowest = torch.finfo(scores.dtype).min
    return scores.masked_fill(~allowed, lowest).softmax(dim - 1).masked_fill(~allowed, 0.0)


# %% mistake: changes the caller's scores in place
def masked_softmax(scores, allowed, dim=-1):
    scores.masked_fill_(~allowed, torch.finfo(scores.dtype).min)
    return scores.softmax(dim) * allowed


# %% mistake: exponentials without subtracting the maximum overflow
def masked_softmax(scores, allowed, dim=-1):
    exponential = torch.exp(scores) * allowed
    return exponential / exponential.sum(dim, keepdim=True).clamp(min=1e-30)


# %% mistake: divides in place what torch.exp keeps for the gradient
def masked_softmax(scores, allowed, dim=-1):
    scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    exponential = torch.exp(scores - scores.amax(dim, keepdim=True))
    exponential /= exponential.sum(dim, keepdim=True)
    return exponential * allowed


# %% mistake: one sequence's mask is used for all
def masked_softmax(scores, allowed, dim=-1):
    allowed = allowed[:1]
    lowest = torch.finfo(scores.dtype).min
    return scores.masked_fill(~allowed, lowest).softmax(dim).masked_fill(~allowed, 0.0)


# %% mistake: adds a small number below the fraction, so the rows sum to less than 1
def masked_softmax(scores, allowed, dim=-1):
    scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    exponential = torch.exp(scores - scores.amax(dim, keepdim=True)) * allowed
    return exponential / (exponential.sum(dim, keepdim=True) + 1e-6)


# %% mistake: takes 10000 off the scores that are hidden, and larger ones come through
def masked_softmax(scores, allowed, dim=-1):
    return (scores - 10000.0 * ~allowed).softmax(dim) * allowed


# %% mistake: lifts every weight to 1e-10, so a hidden position has a little weight
def masked_softmax(scores, allowed, dim=-1):
    lowest = torch.finfo(scores.dtype).min
    return (scores.masked_fill(~allowed, lowest).softmax(dim) * allowed).clamp(min=1e-10)


# %% mistake: hides by a number 30 below the lowest score, which leaves a little weight
def masked_softmax(scores, allowed, dim=-1):
    low = scores.detach().amin(dim, keepdim=True) - 30.0
    some = allowed.expand(scores.shape).any(dim, keepdim=True)
    return torch.where(allowed, scores, low).softmax(dim) * some


# %% mistake: the softmax runs over the last axis, whatever dim is
def masked_softmax(scores, allowed, dim=-1):
    lowest = torch.finfo(scores.dtype).min
    return scores.masked_fill(~allowed, lowest).softmax(-1).masked_fill(~allowed, 0.0)


# %% mistake: looks for empty rows along the last axis, whatever dim is
def masked_softmax(scores, allowed, dim=-1):
    weights = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min).softmax(dim)
    return weights.masked_fill(~allowed.any(-1, keepdim=True), 0.0)


# %% mistake: looks for empty rows in the mask before it is broadcast, where dim is another axis
def masked_softmax(scores, allowed, dim=-1):
    axis = dim if -allowed.dim() <= dim < allowed.dim() else -1
    weights = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min).softmax(dim)
    return weights.masked_fill(~allowed.any(axis, keepdim=True), 0.0)


# %% mistake: one sequence after another, each with its own mask, so one mask for all fails
def masked_softmax(scores, allowed, dim=-1):
    if scores.dim() == 1 or dim % scores.dim() == 0:
        lowest = torch.finfo(scores.dtype).min
        return scores.masked_fill(~allowed, lowest).softmax(dim).masked_fill(~allowed, 0.0)
    inner = dim if dim < 0 else dim - 1
    return torch.stack([masked_softmax(s, a, inner) for s, a in zip(scores, allowed, strict=True)])


# %% mistake: masks after the softmax and divides by what is left, which may have become 0
def masked_softmax(scores, allowed, dim=-1):
    weights = scores.softmax(dim) * allowed
    total = weights.sum(dim, keepdim=True)
    return weights / total.masked_fill(total == 0, 1.0)


# %% mistake: fills with the lowest number of float16, and scores below it lose to it
def masked_softmax(scores, allowed, dim=-1):
    lowest = torch.finfo(torch.float16).min
    return scores.masked_fill(~allowed, lowest).softmax(dim).masked_fill(~allowed, 0.0)


# %% correct: with −1e9 and zeros afterwards
def masked_softmax(scores, allowed, dim=-1):
    return torch.where(allowed, scores, -1e9).softmax(dim) * allowed


# %% correct: NaN wiped off, and masked_fill passes no gradient to a hidden score
def masked_softmax(scores, allowed, dim=-1):
    return scores.masked_fill(~allowed, -torch.inf).softmax(dim).nan_to_num()


# %% correct: by hand, with the maximum of the allowed scores
def masked_softmax(scores, allowed, dim=-1):
    highest = torch.where(allowed, scores, -torch.inf).amax(dim, keepdim=True).detach()
    highest = torch.where(highest.isinf(), 0.0, highest)
    exponential = torch.where(allowed, torch.exp(torch.where(allowed, scores - highest, 0.0)), 0.0)
    total = exponential.sum(dim, keepdim=True)
    return exponential / torch.where(total == 0, 1.0, total)


# %% correct: an additive mask
def masked_softmax(scores, allowed, dim=-1):
    penalty = torch.zeros_like(allowed, dtype=scores.dtype).masked_fill(~allowed, -1e30)
    weights = F.softmax(scores + penalty, dim=dim)
    some = allowed.expand(scores.shape).any(dim, keepdim=True)
    return weights.masked_fill(~some, 0.0)


# %% correct: empty rows are opened before the softmax and emptied after it
def masked_softmax(scores, allowed, dim=-1):
    allowed = torch.broadcast_to(allowed, scores.shape)
    empty = ~allowed.any(dim=dim, keepdim=True)
    weights = scores.masked_fill(~(allowed | empty), float("-inf")).softmax(dim=dim)
    return weights.masked_fill(empty, 0.0)


# %% correct: one row after another, each with its allowed scores only
def masked_softmax(scores, allowed, dim=-1):
    moved = scores.movedim(dim, -1)
    seen = allowed.expand(scores.shape).movedim(dim, -1).reshape(-1, moved.shape[-1])
    rows = []
    for row, mask in zip(moved.reshape(-1, moved.shape[-1]), seen):
        rows.append(torch.zeros_like(row).masked_scatter(mask, row[mask].softmax(0)))
    return torch.stack(rows).reshape(moved.shape).movedim(-1, dim)


# %% correct: logarithms
def masked_softmax(scores, allowed, dim=-1):
    hidden = ~allowed.expand(scores.shape)
    empty = hidden.all(dim=dim, keepdim=True)
    total = scores.masked_fill(hidden & ~empty, -math.inf).logsumexp(dim, keepdim=True)
    return torch.exp((scores - total).masked_fill(hidden, -math.inf))
