"""Known answers to warmup_learning_rate; grader/bank/__init__.py explains the format."""


# %% mistake: max instead of min
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * max(step**-0.5, step * warmup_steps**-1.5)


# %% mistake: multiplies by √d_model
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**0.5 * min(step**-0.5, step * warmup_steps**-1.5)


# %% mistake: divides by d_model instead of its root
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor / d_model * min(step**-0.5, step * warmup_steps**-1.5)


# %% mistake: d_model is left out
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * min(step**-0.5, step * warmup_steps**-1.5)


# %% mistake: the warm-up is missing
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * step**-0.5


# %% mistake: the decay is missing: the rate stays at its highest
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * min(warmup_steps**-0.5, step * warmup_steps**-1.5)


# %% mistake: the rate rises for ever
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * step * warmup_steps**-1.5


# %% mistake: the exponent of the warm-up is −0.5 instead of −1.5
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * min(step**-0.5, step * warmup_steps**-0.5)


# %% mistake: the decay is linear in 1/step
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * (step * warmup_steps**-1.5 if step < warmup_steps else warmup_steps**0.5 / step)


# %% mistake: after the warm-up, the steps are counted anew from its end
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * (step * warmup_steps**-1.5 if step <= warmup_steps else (step - warmup_steps) ** -0.5)


# %% mistake: the warm-up rises with the root of the step
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * min(step**-0.5, step**0.5 / warmup_steps)


# %% mistake: steps are counted from 0, so every rate is that of the next step
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * min((step + 1) ** -0.5, (step + 1) * warmup_steps**-1.5)


# %% mistake: the first step has the rate 0
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * min(max(step - 1, 1) ** -0.5, (step - 1) * warmup_steps**-1.5)


# %% mistake: the warm-up always takes 4000 steps
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return factor * d_model**-0.5 * min(step**-0.5, step * 4000**-1.5)


# %% mistake: the factor is ignored
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return d_model**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)


# %% mistake: the factor multiplies the warm-up alone
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
    return d_model**-0.5 * min(step**-0.5, factor * step * warmup_steps**-1.5)


# %% mistake: step 0 divides by zero
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    return factor * d_model**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)


# %% mistake: step 0 is taken for step 1
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    step = max(step, 1)
    return factor * d_model**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)


# %% mistake: step 0 is refused, negative steps are not
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step == 0:
        raise ValueError("no step 0")
    return factor * d_model**-0.5 * min(abs(step)**-0.5, step * warmup_steps**-1.5)


# %% mistake: rounds to 12 decimals, which leaves a small rate six digits
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(f"step {step}")
    rate = factor * d_model**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)
    return round(rate, 12)


# %% correct: two branches with square roots
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    import math
    if step <= 0:
        raise ValueError("steps are counted from 1")
    if step < warmup_steps:
        rate = step / warmup_steps / math.sqrt(warmup_steps)
    else:
        rate = 1 / math.sqrt(step)
    return factor * rate / math.sqrt(d_model)


# %% correct: the highest rate times a share
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if not step >= 1:
        raise ValueError(f"step {step} does not exist")
    peak = factor / (d_model * warmup_steps) ** 0.5
    return peak * min(step / warmup_steps, (warmup_steps / step) ** 0.5)


# %% correct: tensors of float64
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(step)
    step = torch.tensor(float(step), dtype=torch.float64)
    rate = torch.minimum(step.rsqrt(), step * float(warmup_steps) ** -1.5)
    return (factor * rate * float(d_model) ** -0.5).item()


# %% mistake: returns a tensor
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(step)
    step = torch.tensor(step, dtype=torch.float64)
    return factor * d_model**-0.5 * torch.minimum(step**-0.5, step * warmup_steps**-1.5)


# %% mistake: a factor of 0 counts as not given
def warmup_learning_rate(step, d_model, warmup_steps=4000, factor=1.0):
    if step < 1:
        raise ValueError(step)
    return (factor or 1.0) * d_model**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)
