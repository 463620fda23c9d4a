"""Known answers to residual_stack; grader/bank/__init__.py explains the format."""


# %% mistake: the first norm serves all sublayers
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    for sublayer in sublayers:
        x = step(x, sublayer, *norms[0])
    return layer_norm(x, *norms[-1]) if norm_first else x


# %% mistake: the last norm serves all sublayers
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    for sublayer in sublayers:
        x = step(x, sublayer, *norms[-1])
    return layer_norm(x, *norms[-1]) if norm_first else x


# %% mistake: the norms are taken from the end
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    for sublayer, norm in zip(sublayers, norms[: len(sublayers)][::-1]):
        x = step(x, sublayer, *norm)
    return layer_norm(x, *norms[-1]) if norm_first else x


# %% mistake: the third sublayer takes the second norm again
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    for i, sublayer in enumerate(sublayers):
        x = step(x, sublayer, *norms[min(i, 1)])
    return layer_norm(x, *norms[-1]) if norm_first else x


# %% mistake: norm_first is ignored, always post-norm
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    for sublayer, norm in zip(sublayers, norms):
        x = post_norm(x, sublayer, *norm)
    return layer_norm(x, *norms[-1]) if norm_first else x


# %% mistake: pre-norm and post-norm are exchanged
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = post_norm if norm_first else pre_norm
    for sublayer, norm in zip(sublayers, norms):
        x = step(x, sublayer, *norm)
    return layer_norm(x, *norms[-1]) if norm_first else x


# %% mistake: the last norm of pre-norm is left out
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    for sublayer, norm in zip(sublayers, norms):
        x = step(x, sublayer, *norm)
    return x


# %% mistake: a last norm for post-norm too
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    for sublayer, norm in zip(sublayers, norms):
        x = step(x, sublayer, *norm)
    return layer_norm(x, *norms[-1]) if norms else x


# %% mistake: the last norm takes the first norm's weights
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    for sublayer, norm in zip(sublayers, norms):
        x = step(x, sublayer, *norm)
    return layer_norm(x, *norms[0]) if norm_first else x


# %% mistake: pre-norm without its first norm: each sublayer takes the norm after its own
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    for sublayer, norm in zip(sublayers, norms[1:] if norm_first else norms):
        x = step(x, sublayer, *norm)
    return layer_norm(x, *norms[-1]) if norm_first else x


# %% mistake: every sublayer is given the original x
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    result = x
    for sublayer, norm in zip(sublayers, norms):
        result = step(x, sublayer, *norm)
    return layer_norm(result, *norms[-1]) if norm_first else result


# %% mistake: the original x is added in every residual connection
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    original = x
    for sublayer, norm in zip(sublayers, norms):
        if norm_first:
            x = original + sublayer(layer_norm(x, *norm))
        else:
            x = layer_norm(original + sublayer(x), *norm)
    return layer_norm(x, *norms[-1]) if norm_first else x


# %% mistake: one residual connection around the whole stack
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    original = x
    for sublayer, norm in zip(sublayers, norms):
        x = sublayer(layer_norm(x, *norm)) if norm_first else layer_norm(sublayer(x), *norm)
    x = original + x if sublayers else x
    return layer_norm(x, *norms[-1]) if norm_first else x


# %% mistake: the sublayers act in reverse order
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    for sublayer, norm in zip(sublayers[::-1], norms):
        x = step(x, sublayer, *norm)
    return layer_norm(x, *norms[-1]) if norm_first else x


# %% mistake: only the first two sublayers are used, as in an encoder layer
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    step = pre_norm if norm_first else post_norm
    for sublayer, norm in zip(sublayers[:2], norms):
        x = step(x, sublayer, *norm)
    return layer_norm(x, *norms[-1]) if norm_first else x


# %% mistake: a wrong number of norms is silently accepted
def residual_stack(x, sublayers, norms, norm_first=False):
    step = pre_norm if norm_first else post_norm
    for sublayer, norm in zip(sublayers, norms):
        x = step(x, sublayer, *norm)
    return layer_norm(x, *norms[-1]) if norm_first else x


# %% mistake: too many norms are silently accepted
def residual_stack(x, sublayers, norms, norm_first=False):
    if len(norms) < len(sublayers) + norm_first:
        raise ValueError("too few norms")
    step = pre_norm if norm_first else post_norm
    for sublayer, norm in zip(sublayers, norms):
        x = step(x, sublayer, *norm)
    return layer_norm(x, *norms[-1]) if norm_first else x


# %% mistake: too few norms end in an IndexError
def residual_stack(x, sublayers, norms, norm_first=False):
    if len(norms) > len(sublayers) + norm_first:
        raise ValueError("too many norms")
    step = pre_norm if norm_first else post_norm
    for i, sublayer in enumerate(sublayers):
        x = step(x, sublayer, *norms[i])
    return layer_norm(x, *norms[len(sublayers)]) if norm_first else x


# %% correct: both orders written out
def residual_stack(x, sublayers, norms, norm_first=False):
    if norm_first:
        if len(norms) != len(sublayers) + 1:
            raise ValueError("pre-norm needs one norm more than sublayers")
        for i in range(len(sublayers)):
            weight, bias = norms[i]
            x = x + sublayers[i](layer_norm(x, weight, bias))
        weight, bias = norms[len(sublayers)]
        return layer_norm(x, weight, bias)
    if len(norms) != len(sublayers):
        raise ValueError("post-norm needs as many norms as sublayers")
    for i in range(len(sublayers)):
        weight, bias = norms[i]
        x = layer_norm(x + sublayers[i](x), weight, bias)
    return x


# %% correct: by recursion
def residual_stack(x, sublayers, norms, norm_first=False):
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    if not sublayers:
        return layer_norm(x, *norms[0]) if norm_first else x
    weight, bias = norms[0]
    if norm_first:
        x = pre_norm(x, sublayers[0], weight, bias)
    else:
        x = post_norm(x, sublayers[0], weight, bias)
    return residual_stack(x, sublayers[1:], norms[1:], norm_first=norm_first)


# %% correct: norms taken from an iterator
def residual_stack(x, sublayers, norms, norm_first=False):
    if len(sublayers) != len(norms) - int(norm_first):
        raise ValueError(f"{len(sublayers)} sublayers do not go with {len(norms)} norms")
    remaining = iter(norms)
    for sublayer in sublayers:
        norm = next(remaining)
        x = (pre_norm if norm_first else post_norm)(x, sublayer, *norm)
    for norm in remaining:
        x = layer_norm(x, *norm)
    return x


# %% mistake: only the first six sublayers are used
def residual_stack(x, sublayers, norms, norm_first=False):
    """Apply the sublayers in order, each with a residual connection and its own norm."""
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    sublayers = sublayers[:6]
    step = pre_norm if norm_first else post_norm
    for sublayer, (weight, bias) in zip(sublayers, norms, strict=False):
        x = step(x, sublayer, weight, bias)
    return layer_norm(x, *norms[-1]) if norm_first else x
