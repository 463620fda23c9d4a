"""Known answers to post_norm; grader/bank/__init__.py explains the format."""


# %% mistake: the norm stands before the sublayer (pre-norm)
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return alpha * x + sublayer(layer_norm(x, weight, bias))


# %% mistake: the norm stands before the sublayer and after the sum
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm(alpha * x + sublayer(layer_norm(x, weight, bias)), weight, bias)


# %% mistake: x alone is normalised, then the sublayer's output is added
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm(alpha * x, weight, bias) + sublayer(x)


# %% mistake: the sublayer's output alone is normalised, then x is added
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return alpha * x + layer_norm(sublayer(x), weight, bias)


# %% mistake: the residual connection is missing
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm(sublayer(x), weight, bias)


# %% mistake: the residual is added twice
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm(2 * alpha * x + sublayer(x), weight, bias)


# %% mistake: x is added once more after the norm
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return x + layer_norm(alpha * x + sublayer(x), weight, bias)


# %% mistake: the norm is missing
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return alpha * x + sublayer(x)


# %% mistake: the norm's weight and bias are not used
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    total = alpha * x + sublayer(x)
    return layer_norm(total, torch.ones_like(weight), torch.zeros_like(bias))


# %% mistake: weight and bias are exchanged
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm(alpha * x + sublayer(x), bias, weight)


# %% mistake: the sublayer is called twice
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    if sublayer(x).shape != x.shape:
        raise ValueError("the sublayer changes the shape")
    return layer_norm(alpha * x + sublayer(x), weight, bias)


# %% mistake: the sublayer acts twice, on its own output
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm(alpha * x + sublayer(sublayer(x)), weight, bias)


# %% mistake: alpha is ignored
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm(x + sublayer(x), weight, bias)


# %% mistake: alpha multiplies the sublayer's output
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm(x + alpha * sublayer(x), weight, bias)


# %% mistake: alpha multiplies what the sublayer sees, too
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    x = alpha * x
    return layer_norm(x + sublayer(x), weight, bias)


# %% mistake: takes an alpha of 0 for no alpha
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm((alpha or 1.0) * x + sublayer(x), weight, bias)


# %% mistake: multiplies x and the sublayer's output instead of adding them
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm(alpha * x * sublayer(x), weight, bias)


# %% mistake: adds to the caller's x in place
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    output = sublayer(x)
    x *= alpha
    x += output
    return layer_norm(x, weight, bias)


# %% mistake: the residual path is cut off from the gradient
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    return layer_norm(alpha * x.detach() + sublayer(x), weight, bias)


# %% correct: torch.add with alpha, step by step
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    output = sublayer(x)
    total = torch.add(output, x, alpha=alpha)
    return layer_norm(total, weight, bias)


# %% correct: by hand, without layer_norm
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    total = sublayer(x) + x * alpha
    centred = total - total.mean(dim=-1, keepdim=True)
    variance = centred.pow(2).mean(dim=-1, keepdim=True)
    return centred * torch.rsqrt(variance + 1e-5) * weight + bias


# %% correct: the residual kept aside, the norm's arguments by name
def post_norm(x, sublayer, weight, bias, alpha=1.0):
    residual = x if alpha == 1 else alpha * x
    x = sublayer(x) + residual
    return layer_norm(x, weight=weight, bias=bias, eps=1e-5, dim=-1)
