"""Known answers to pre_norm; grader/bank/__init__.py explains the format."""


# %% mistake: the norm stands after the sum (post-norm)
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return layer_norm(x + scale * sublayer(x), weight, bias)


# %% mistake: the norm also stands on the residual path
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    x = layer_norm(x, weight, bias)
    return x + scale * sublayer(x)


# %% mistake: the sublayer's output is normalised instead of its input
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return x + scale * layer_norm(sublayer(x), weight, bias)


# %% mistake: the sublayer's output is normalised as well
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    output = sublayer(layer_norm(x, weight, bias))
    return x + scale * layer_norm(output, weight, bias)


# %% mistake: the sum is normalised as well
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    total = x + scale * sublayer(layer_norm(x, weight, bias))
    return layer_norm(total, weight, bias)


# %% mistake: the residual connection is missing
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return scale * sublayer(layer_norm(x, weight, bias))


# %% mistake: the residual is added twice
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return x + x + scale * sublayer(layer_norm(x, weight, bias))


# %% mistake: the norm is missing
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return x + scale * sublayer(x)


# %% mistake: the norm's weight and bias are not used
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    normalised = layer_norm(x, torch.ones_like(weight), torch.zeros_like(bias))
    return x + scale * sublayer(normalised)


# %% mistake: weight and bias are exchanged
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return x + scale * sublayer(layer_norm(x, bias, weight))


# %% mistake: the sublayer is called twice
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    normalised = layer_norm(x, weight, bias)
    output = scale * sublayer(normalised)
    return x + output if sublayer(normalised).shape == x.shape else x + sublayer(normalised)


# %% mistake: scale is ignored
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return x + sublayer(layer_norm(x, weight, bias))


# %% mistake: scale multiplies x
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return scale * x + sublayer(layer_norm(x, weight, bias))


# %% mistake: scale multiplies the whole sum
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return scale * (x + sublayer(layer_norm(x, weight, bias)))


# %% mistake: scale multiplies the sublayer's input instead of its output
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return x + sublayer(scale * layer_norm(x, weight, bias))


# %% mistake: takes a scale of 0 for no scale
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return x + (scale or 1.0) * sublayer(layer_norm(x, weight, bias))


# %% mistake: adds to the caller's x in place
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    x += scale * sublayer(layer_norm(x, weight, bias))
    return x


# %% mistake: the sublayer's input is cut off from the gradient
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    return x + scale * sublayer(layer_norm(x, weight, bias).detach())


# %% correct: torch.add with alpha, step by step
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    normalised = layer_norm(x, weight, bias)
    output = sublayer(normalised)
    return torch.add(x, output, alpha=scale)


# %% correct: by hand, without layer_norm
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    variance, mean = torch.var_mean(x, dim=-1, unbiased=False, keepdim=True)
    normalised = (x - mean) / (variance + 1e-5).sqrt() * weight + bias
    return sublayer(normalised) * scale + x


# %% correct: the residual kept aside under the same name
def pre_norm(x, sublayer, weight, bias, scale=1.0):
    residual = x
    x = layer_norm(x, weight, bias)
    x = sublayer(x).mul(scale)
    return residual + x
