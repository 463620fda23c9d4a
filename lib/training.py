"""Training: teacher forcing, a loss, the schedules, and a loop that trains any model."""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from tqdm import tqdm

SECONDS_BETWEEN_KEEPING = 60


def shift_right(
    target_ids: Int[Tensor, "batch target"], bos_id: int
) -> Int[Tensor, "batch target"]:
    """What the decoder is given in training: the begin token, then all but the last token.

    Position i is given token i - 1 and must predict token i. The decoder reads the true past,
    not its own guesses (teacher forcing), so all positions train in one pass.

    Args:
        target_ids: what the decoder must predict, shape (batch, target).
        bos_id: the begin token.

    Returns:
        A new tensor of the same shape.

    Examples:
        >>> shift_right(torch.tensor([[5, 6, 7, 2]]), bos_id=1)
        tensor([[1, 5, 6, 7]])
    """
    bos = target_ids.new_full((target_ids.shape[0], 1), bos_id)
    return torch.cat((bos, target_ids[:, :-1]), dim=1)


def label_smoothing_loss(
    logits: Float[Tensor, "*batch vocab"],
    target_ids: Int[Tensor, "*batch"],
    *,
    smoothing: float = 0.1,
    pad_id: int,
) -> Float[Tensor, ""]:
    """Cross-entropy against a target that is not quite sure of itself.

    The true token is worth 1 - ε, and ε is spread evenly over the whole vocabulary of V tokens
    (the true one included):  (1 - ε) (-log p_true) + ε · (1/V) Σ_v (-log p_v).

    Args:
        logits: scores before the softmax, shape (*batch, vocab).
        target_ids: the tokens to predict, shape (*batch,).
        smoothing: ε, from 0 (plain cross-entropy) to 1.
        pad_id: positions where the target is this id do not count. It may be a number that is no
            token, such as -100.

    Returns:
        The mean over all positions that count, a scalar; 0 if none does.

    Raises:
        ValueError: if smoothing is not in [0, 1].

    Source: Szegedy et al. 2016, section 7; Vaswani et al. 2017, section 5.4, for ε = 0.1.
    """
    if not 0.0 <= smoothing <= 1.0:
        raise ValueError(f"expected smoothing from 0 to 1, got {smoothing}")
    log_prob = logits.log_softmax(dim=-1)  # (*batch, vocab)
    real = target_ids != pad_id
    looked_up = target_ids.where(real, 0)  # any token will do where none counts
    of_target = log_prob.gather(-1, looked_up[..., None]).squeeze(-1)  # (*batch,)
    loss = -(1 - smoothing) * of_target - smoothing * log_prob.mean(dim=-1)
    return loss.where(real, 0.0).sum() / real.sum().clamp(min=1)


def warmup_learning_rate(step: int, d_model: int, warmup_steps: int = 4000) -> float:
    """The paper's schedule: linear warm-up, then decay with the square root of the step.

    d_model^-0.5 · min(step^-0.5, step · warmup_steps^-1.5); the peak is at step warmup_steps.

    Args:
        step: number of the step, counted from 1.
        d_model: width of the model; a wider one gets smaller steps.
        warmup_steps: length of the warm-up.

    Returns:
        The learning rate.

    Raises:
        ValueError: if step is below 1, where the formula divides by zero.

    Source: Vaswani et al. 2017, equation 3.
    """
    _check_step(step)
    return d_model**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)


def linear_warmup_decay(step: int, *, steps: int, peak: float, warmup: float = 0.1) -> float:
    """Linear warm-up to a peak, then linear decay that reaches 0 just after the last step.

    For short runs, in which the paper's schedule would hardly come down.

    Args:
        step: number of the step, counted from 1.
        steps: number of steps of the whole run.
        peak: the highest learning rate.
        warmup: share of the steps that the warm-up takes.

    Returns:
        The learning rate.

    Raises:
        ValueError: if step is below 1.
    """
    _check_step(step)
    warmup_steps = max(1, round(warmup * steps))
    return peak * min(step / warmup_steps, max(0, steps + 1 - step) / (steps + 1 - warmup_steps))


def train(
    model: nn.Module,
    data: tuple[Tensor, ...],
    *,
    steps: int,
    batch_size: int,
    learning_rate: float | Callable[[int], float],
    generator: torch.Generator,
    loss: Callable[..., Tensor],
    clip: float = 1.0,
    weight_decay: float = 0.01,
    quiet: bool = False,
    keep: Path | None = None,
) -> list[float]:
    """Train a model with AdamW on random batches.

    The data is gone through in random order, again and again. The same generator state gives
    the same run, dropout included; the global random state is left as it was. A loss that draws
    takes `torch.default_generator`, which is seeded here and put back.

    Args:
        model: the model; its parameters are changed. It is left in evaluation mode.
        data: tensors whose first dimension counts the examples, such as (source_ids,
            target_ids).
        steps: number of updates.
        batch_size: examples in an update.
        learning_rate: the rate, or a function from the step, counted from 1, to the rate.
        generator: draws the batches and seeds dropout.
        loss: called with the model and one batch of each tensor in data; returns a scalar, such
            as `lib.translation.translation_loss`.
        clip: longest gradient (the norm over all parameters) that is not shortened.
        weight_decay: AdamW's weight decay. It falls on every parameter, biases and norms too.
        quiet: show no progress bar.
        keep: a file in which to keep, once a minute, how far the run has come. The same call goes
            on from there after it was stopped, and ends as if it had not been. The file is
            removed at the end.

    Returns:
        The loss of each step.

    Raises:
        ValueError: if the tensors in data differ in length or are shorter than a batch, or what
            is kept is another run's.
    """
    count = len(data[0])
    if any(len(tensor) != count for tensor in data) or count < batch_size:
        raise ValueError(
            f"expected tensors of one length, at least batch_size={batch_size}, got lengths "
            f"{[len(tensor) for tensor in data]}"
        )
    rate = learning_rate if callable(learning_rate) else lambda step: learning_rate
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=0.0,
        betas=(0.9, 0.98),
        eps=1e-9,
        weight_decay=weight_decay,
        foreach=True,  # faster than one parameter after the other, with the same result
    )
    history = []
    batches = _random_batches(count, batch_size, generator)
    seed = int(torch.randint(2**62, (), generator=generator))
    model.train()
    with torch.random.fork_rng(), tqdm(total=steps, disable=quiet, unit="step") as progress:
        torch.manual_seed(seed)
        run = {"seed": seed, "steps": steps, "batch_size": batch_size, "examples": count}
        if keep is not None and keep.is_file():
            history = _go_on(keep, run, model, optimizer)
            progress.update(len(history))
            for _ in history:
                next(batches)
        kept_at = monotonic()
        for step in range(len(history) + 1, steps + 1):
            for group in optimizer.param_groups:
                group["lr"] = rate(step)
            chosen = next(batches)
            value = loss(model, *(tensor[chosen] for tensor in data))
            optimizer.zero_grad()
            value.backward()
            nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
            history.append(value.item())
            progress.update()
            progress.set_postfix(loss=f"{history[-1]:.4f}", refresh=False)
            if keep is not None and monotonic() - kept_at > SECONDS_BETWEEN_KEEPING:
                _keep(keep, run, model, optimizer, history)
                kept_at = monotonic()
    model.eval()
    if keep is not None:
        keep.unlink(missing_ok=True)
    return history


def count_parameters(model: nn.Module) -> int:
    """Number of trainable parameters; a matrix that is used twice counts once."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def _random_batches(count: int, batch_size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Indices of one batch after another; each pass leaves out less than a batch at its end."""
    while True:
        order = torch.randperm(count, generator=generator)
        yield from order[: count - count % batch_size].split(batch_size)


def _keep(
    file: Path,
    run: dict[str, int],
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    history: list[float],
) -> None:
    state = {
        "run": run,
        "history": history,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "random": torch.get_rng_state(),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    # The file appears whole or not at all, wherever the run is stopped.
    draft = file.with_suffix(".draft")
    torch.save(state, draft)
    draft.replace(file)


def _go_on(
    file: Path, run: dict[str, int], model: nn.Module, optimizer: torch.optim.Optimizer
) -> list[float]:
    """Put everything as it was kept; return the losses so far."""
    state = torch.load(file, weights_only=True)
    if state["run"] != run:
        raise ValueError(
            f"expected {file} to be kept from this run, {run}, got {state['run']}; "
            "remove it to start anew"
        )
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["random"])
    return state["history"]


def _check_step(step: int) -> None:
    if step < 1:
        raise ValueError(f"expected a step counted from 1, got {step}")
