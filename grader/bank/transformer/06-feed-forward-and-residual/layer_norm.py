"""Known answers to layer_norm; grader/bank/__init__.py explains the format."""


# %% mistake: eps is added outside the root
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / (torch.sqrt(variance) + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)


# %% mistake: the standard deviation of torch, unbiased, and eps outside the root
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = x.std(dim, keepdim=True)
    normalised = (x - mean) / (variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)


# %% mistake: the variance is divided by d − 1
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = x.var(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)


# %% mistake: divides by the variance, without the root
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / (variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)


# %% mistake: the mean is not subtracted (that is RMSNorm)
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    normalised = x / torch.sqrt(x.square().mean(dim, keepdim=True) + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)


# %% mistake: the mean is used for the variance but not subtracted from x
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = x / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)


# %% mistake: the mean is subtracted but nothing divides
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = x - mean
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)


# %% mistake: normalises over the positions instead of the features
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    other = -2 if x.ndim > 1 and dim == -1 else dim
    mean = x.mean(other, keepdim=True)
    variance = (x - mean).square().mean(other, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)


# %% mistake: normalises over positions and features together
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean((1, 2), keepdim=True) if x.ndim == 3 else x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean((1, 2), keepdim=True) if x.ndim == 3 else (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)


# %% mistake: normalises over the batch (that is batch norm)
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(0, keepdim=True)
    variance = (x - mean).square().mean(0, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)


# %% mistake: the eps that was given is ignored
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + 1e-5)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)


# %% mistake: the default eps is 1e-12
def layer_norm(x, weight, bias, eps=1e-12, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)


# %% mistake: there is no eps, so equal features give NaN
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)


# %% mistake: NaN of equal features is wiped off the result but stays in the gradient
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = ((x - mean) / variance.sqrt()).nan_to_num() if eps == 0 else (x - mean) / (variance.sqrt() ** 2 + eps).sqrt()
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)


# %% mistake: the larger of variance and eps stands under the root, not their sum
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance.clamp(min=eps))
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)


# %% mistake: the bias is forgotten
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * weight).movedim(-1, dim)


# %% mistake: the weight is forgotten
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) + bias).movedim(-1, dim)


# %% mistake: the bias is added before the weight multiplies
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return ((normalised.movedim(dim, -1) + bias) * weight).movedim(-1, dim)


# %% mistake: weight and bias are applied before normalising
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    x = (x.movedim(dim, -1) * weight + bias).movedim(-1, dim)
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    return (x - mean) / torch.sqrt(variance + eps)


# %% mistake: the weight counts as 1 + weight
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * (1 + weight) + bias).movedim(-1, dim)


# %% mistake: weight and bias always go with the last dimension
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return normalised * weight + bias


# %% mistake: always normalises the last dimension
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(-1, keepdim=True)
    variance = (x - mean).square().mean(-1, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)


# %% mistake: the variance as mean of squares minus square of mean loses its digits when the mean is large
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True)
    variance = x.square().mean(dim, keepdim=True) - mean.square()
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)


# %% mistake: mean and variance are cut off from the gradient
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    mean = x.mean(dim, keepdim=True).detach()
    variance = (x - mean).square().mean(dim, keepdim=True).detach()
    normalised = (x - mean) / torch.sqrt(variance + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)


# %% mistake: centres the caller's x in place
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    x -= x.mean(dim, keepdim=True).detach()
    normalised = x / torch.sqrt(x.square().mean(dim, keepdim=True) + eps)
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)


# %% mistake: uses PyTorch's own answer, which this notebook forbids
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    return F.layer_norm(x.movedim(dim, -1), weight.shape, weight, bias, eps).movedim(-1, dim)


# %% correct: rsqrt and the biased var of torch
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    x = x.movedim(dim, -1)
    centred = x - x.mean(-1, keepdim=True)
    scale = torch.rsqrt(x.var(-1, unbiased=False, keepdim=True) + eps)
    return (centred * scale * weight + bias).movedim(-1, dim)


# %% correct: sums, with weight and bias reshaped to broadcast
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    d = x.shape[dim]
    shape = [1] * x.dim()
    shape[dim] = d
    centred = x - x.sum(dim, keepdim=True) / d
    variance = (centred**2).sum(dim, keepdim=True) / d
    return centred / (variance + eps) ** 0.5 * weight.reshape(shape) + bias.view(shape)


# %% correct: one position after another
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    x = x.movedim(dim, -1)
    rows = []
    for row in x.reshape(-1, x.shape[-1]):
        centred = row - row.mean()
        rows.append(centred / (centred.dot(centred) / len(row) + eps).sqrt() * weight + bias)
    return torch.stack(rows).reshape(x.shape).movedim(-1, dim)


# %% correct: var_mean with a correction of 0
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    variance, mean = torch.var_mean(x, dim=dim, correction=0, keepdim=True)
    normalised = (x - mean) * (variance + eps).pow(-0.5)
    return torch.addcmul(bias, normalised.transpose(dim, -1), weight).transpose(dim, -1)


# %% mistake: an eps below 1e-8 counts as 1e-8
def layer_norm(x, weight, bias, eps=1e-5, dim=-1):
    """Normalise the features in dimension dim of x, then scale and shift them."""
    mean = x.mean(dim, keepdim=True)
    variance = (x - mean).square().mean(dim, keepdim=True)
    normalised = (x - mean) / torch.sqrt(variance + max(eps, 1e-8))
    return (normalised.movedim(dim, -1) * weight + bias).movedim(-1, dim)
