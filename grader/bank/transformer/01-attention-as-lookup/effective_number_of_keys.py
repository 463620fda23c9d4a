"""Known answers to effective_number_of_keys; grader/bank/__init__.py explains the format."""


# %% mistake: returns the entropy, not its exponential
def effective_number_of_keys(weights):
    return -(weights * torch.where(weights > 0, weights, 1.0).log()).sum(-1)


# %% mistake: the minus sign is missing
def effective_number_of_keys(weights):
    return (weights * torch.where(weights > 0, weights, 1.0).log()).sum(-1).exp()


# %% mistake: takes logarithms to base 2 but the exponential to base e
def effective_number_of_keys(weights):
    return torch.exp(-(weights * torch.where(weights > 0, weights, 1.0).log2()).sum(-1))


# %% mistake: averages over the keys instead of adding
def effective_number_of_keys(weights):
    return torch.exp(-(weights * torch.where(weights > 0, weights, 1.0).log()).mean(-1))


# %% mistake: takes the plain mean of the logarithms instead of weighting them
def effective_number_of_keys(weights):
    return torch.exp(-torch.where(weights > 0, weights, 1.0).log().mean(-1))


# %% mistake: counts the weights above 0
def effective_number_of_keys(weights):
    return (weights > 0).sum(-1).to(weights.dtype)


# %% mistake: 1 / Σw², another measure with the same value for equal weights
def effective_number_of_keys(weights):
    return 1 / weights.square().sum(-1)


# %% mistake: adds exponentials instead of taking the exponential of the sum
def effective_number_of_keys(weights):
    return torch.exp(-(weights * torch.where(weights > 0, weights, 1.0).log())).sum(-1)


# %% mistake: one number for all rows together
def effective_number_of_keys(weights):
    used = weights[weights > 0]
    return torch.exp(-(used * used.log()).sum())


# %% mistake: adds up over the first axis instead of the last
def effective_number_of_keys(weights):
    return torch.exp(-(weights * torch.where(weights > 0, weights, 1.0).log()).sum(0))


# %% mistake: takes a softmax of the weights, which are normalised already
def effective_number_of_keys(weights):
    logarithm = weights.log_softmax(-1)
    return torch.exp(-(logarithm.exp() * logarithm).sum(-1))


# %% mistake: a weight of 0 gives NaN
def effective_number_of_keys(weights):
    return torch.exp(-(weights * weights.log()).sum(-1))


# %% mistake: NaN is wiped off the value but stays in the gradient
def effective_number_of_keys(weights):
    product = weights * weights.log()
    return torch.exp(-torch.where(weights > 0, product, 0.0).sum(-1))


# %% mistake: torch.special.entr has an infinite gradient at 0
def effective_number_of_keys(weights):
    return torch.special.entr(weights).sum(-1).exp()


# %% mistake: adds 1e-6 inside the logarithm, which changes the number
def effective_number_of_keys(weights):
    return torch.exp(-(weights * (weights + 1e-6).log()).sum(-1))


# %% mistake: cuts the weights off at 0.01, which changes the number
def effective_number_of_keys(weights):
    return torch.exp(-(weights * weights.clamp(min=0.01).log()).sum(-1))


# %% mistake: a floor of 1e-300 is 0 in float32
def effective_number_of_keys(weights):
    return torch.exp(-(weights * weights.clamp(min=1e-300).log()).sum(-1))


# %% mistake: detaches, so no gradient flows
def effective_number_of_keys(weights):
    rows = weights.reshape(-1, weights.shape[-1]).tolist()
    numbers = [math.exp(-sum(p * math.log(p) for p in row if p > 0)) for row in rows]
    return torch.tensor(numbers, dtype=weights.dtype).reshape(weights.shape[:-1])


# %% correct: a floor that fits the dtype
def effective_number_of_keys(weights):
    floor = torch.finfo(weights.dtype).tiny
    entropy = -(weights * weights.clamp(min=floor).log()).sum(dim=-1)
    return entropy.exp()


# %% correct: masked_fill before the logarithm, base 2 throughout
def effective_number_of_keys(weights):
    bits = -torch.einsum("...k,...k->...", weights, weights.masked_fill(weights == 0, 1.0).log2())
    return 2.0**bits


# %% correct: a loop over the rows
def effective_number_of_keys(weights):
    rows = weights.reshape(-1, weights.shape[-1])
    numbers = []
    for row in rows:
        used = row[row > 0]
        numbers.append(torch.exp(-torch.dot(used, used.log())))
    return torch.stack(numbers).reshape(weights.shape[:-1])


# %% correct: adds 1 where the weight is 0
def effective_number_of_keys(weights):
    empty = (weights == 0).to(weights.dtype)
    return (1 / torch.exp((weights * torch.log(weights + empty)).sum(-1)))


# %% mistake: weights below a millionth count as nothing
def effective_number_of_keys(weights):
    logarithm = torch.where(weights > 1e-6, weights, 1.0).log()
    return torch.exp(-(weights * logarithm).sum(-1))


# %% mistake: squeezes all axes of length 1 away
def effective_number_of_keys(weights):
    logarithm = torch.where(weights > 0, weights, 1.0).log()
    return torch.exp(-(weights * logarithm).sum(-1, keepdim=True)).squeeze()


# %% correct: torch.distributions.Categorical
def effective_number_of_keys(weights):
    """Exponential of the entropy of the weights over the last axis, shape (*batch)."""
    safe = torch.where(weights > 0, weights, torch.finfo(weights.dtype).tiny)
    return torch.distributions.Categorical(probs=safe).entropy().exp()
