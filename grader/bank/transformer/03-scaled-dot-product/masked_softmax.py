"""Known answers to masked_softmax; grader/bank/__init__.py explains the format."""


# %% mistake: the mask is turned round
def masked_softmax(scores, allowed):
    lowest = torch.finfo(scores.dtype).min
    return scores.masked_fill(allowed, lowest).softmax(-1).masked_fill(allowed, 0.0)


# %% mistake: masks after the softmax, so the rows no longer sum to 1
def masked_softmax(scores, allowed):
    return scores.softmax(-1) * allowed


# %% mistake: multiplies the scores by the mask, so a hidden score becomes 0 and keeps its weight
def masked_softmax(scores, allowed):
    return (scores * allowed).softmax(-1)


# %% mistake: fills with 0 instead of a very low number
def masked_softmax(scores, allowed):
    return scores.masked_fill(~allowed, 0.0).softmax(-1) * allowed


# %% mistake: fills with −10, which is not low enough
def masked_softmax(scores, allowed):
    return scores.masked_fill(~allowed, -10.0).softmax(-1) * allowed


# %% mistake: a row in which nothing is allowed gives NaN
def masked_softmax(scores, allowed):
    return scores.masked_fill(~allowed, -torch.inf).softmax(-1)


# %% mistake: a row in which nothing is allowed gives equal weights
def masked_softmax(scores, allowed):
    return scores.masked_fill(~allowed, torch.finfo(scores.dtype).min).softmax(-1)


# %% mistake: NaN is wiped off the weights but stays in the gradient
def masked_softmax(scores, allowed):
    penalty = torch.zeros(allowed.shape, dtype=scores.dtype).masked_fill(~allowed, -torch.inf)
    return (scores + penalty).softmax(-1).nan_to_num()


# %% mistake: the softmax runs over the queries
def masked_softmax(scores, allowed):
    lowest = torch.finfo(scores.dtype).min
    return scores.masked_fill(~allowed, lowest).softmax(-2).masked_fill(~allowed, 0.0)


# %% mistake: changes the caller's scores in place
def masked_softmax(scores, allowed):
    scores.masked_fill_(~allowed, torch.finfo(scores.dtype).min)
    return scores.softmax(-1) * allowed


# %% mistake: exponentials without subtracting the maximum overflow
def masked_softmax(scores, allowed):
    exponential = torch.exp(scores) * allowed
    return exponential / exponential.sum(-1, keepdim=True).clamp(min=1e-30)


# %% mistake: divides in place what torch.exp keeps for the gradient
def masked_softmax(scores, allowed):
    scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    exponential = torch.exp(scores - scores.amax(-1, keepdim=True))
    exponential /= exponential.sum(-1, keepdim=True)
    return exponential * allowed


# %% mistake: one sequence's mask is used for all
def masked_softmax(scores, allowed):
    allowed = allowed[:1]
    lowest = torch.finfo(scores.dtype).min
    return scores.masked_fill(~allowed, lowest).softmax(-1).masked_fill(~allowed, 0.0)


# %% mistake: adds a small number below the fraction, so the rows sum to less than 1
def masked_softmax(scores, allowed):
    scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    exponential = torch.exp(scores - scores.amax(-1, keepdim=True)) * allowed
    return exponential / (exponential.sum(-1, keepdim=True) + 1e-6)


# %% correct: with −1e9 and zeros afterwards
def masked_softmax(scores, allowed):
    return torch.where(allowed, scores, -1e9).softmax(-1) * allowed


# %% correct: NaN wiped off, and masked_fill passes no gradient to a hidden score
def masked_softmax(scores, allowed):
    return scores.masked_fill(~allowed, -torch.inf).softmax(-1).nan_to_num()


# %% correct: by hand, with the maximum of the allowed scores
def masked_softmax(scores, allowed):
    highest = torch.where(allowed, scores, -torch.inf).amax(-1, keepdim=True).detach()
    highest = torch.where(highest.isinf(), 0.0, highest)
    exponential = torch.where(allowed, torch.exp(torch.where(allowed, scores - highest, 0.0)), 0.0)
    total = exponential.sum(-1, keepdim=True)
    return exponential / torch.where(total == 0, 1.0, total)


# %% correct: an additive mask
def masked_softmax(scores, allowed):
    penalty = torch.zeros_like(allowed, dtype=scores.dtype).masked_fill(~allowed, -1e30)
    weights = F.softmax(scores + penalty, dim=-1)
    return weights.masked_fill(~allowed.any(-1, keepdim=True), 0.0)


# %% correct: empty rows are opened before the softmax and emptied after it
def masked_softmax(scores, allowed):
    empty = ~allowed.any(dim=-1, keepdim=True)
    weights = scores.masked_fill(~(allowed | empty), float("-inf")).softmax(dim=-1)
    return weights.masked_fill(empty, 0.0)
