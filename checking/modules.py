"""A student's module: its parameters, and parameters to give to it."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from checking.calling import call
from checking.failure import CheckFailed
from checking.inputs import example


def check_parameters(module: Any, shapes: Mapping[str, tuple[int, ...]], must_hold: str) -> None:
    """Check that a module has the parameters that the task prescribes, and no others.

    It may have buffers, and several names for one parameter.

    Args:
        module: the student's module.
        shapes: the shapes of the prescribed parameters by name.
        must_hold: what the parameters are, as a sentence in the present tense.

    Raises:
        CheckFailed: at step "type" if names are missing or not asked for, or a
            parameter is not trained; at step "shape" if a shape is another one.
    """
    found = {name: tuple(tensor.shape) for name, tensor in call(module.state_dict).items()}
    own = [name for name, _ in module.named_parameters()]
    missing = sorted(shapes.keys() - found.keys())
    # Of several names for one parameter, named_parameters gives the first.
    others = sorted(set(own) - shapes.keys()) if len(own) > len(shapes) else []
    untrained = sorted(shapes.keys() - set(own)) if len(own) < len(shapes) else []
    for words, names in [
        ("missing", missing),
        ("not asked for", others),
        ("no parameter of its own, such as a buffer", untrained),
    ]:
        if names:
            rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
            detail = [f"{words}: {', '.join(names[:3])}{rest}"]
            if names is missing:
                detail.append(_instead_of_missing(set(own) - shapes.keys()))
            raise CheckFailed(must_hold, "type", detail)
    fixed = [n for n, p in module.named_parameters() if n in shapes and not p.requires_grad]
    if fixed:
        detail = [f"not trained, since requires_grad is False: {', '.join(fixed[:3])}"]
        raise CheckFailed(must_hold, "type", detail)
    wrong = [name for name in shapes if found[name] != tuple(shapes[name])]
    if wrong:
        detail = [f"{n}: expected {tuple(shapes[n])}, got {found[n]}" for n in wrong[:3]]
        raise CheckFailed(must_hold, "shape", detail)


def _instead_of_missing(others: set[str]) -> str:
    if others:
        return "There are parameters of other names."
    return (
        "There are no parameters of other names: only an nn.Parameter or a module that is itself "
        "an attribute is registered, not a tensor or a plain list of modules."
    )


def make_state(
    shapes: Mapping[str, tuple[int, ...]], *, seed: int = 3, zero: tuple[str, ...] = ()
) -> dict[str, Tensor]:
    """Fixed parameters for a module, in float64.

    Args:
        shapes: the shapes by name.
        seed: another seed gives other numbers.
        zero: parts of names; parameters whose names contain one of them are zeros.
    """
    return {
        name: example(*shape, seed=seed + i) * (0.0 if any(word in name for word in zero) else 0.5)
        for i, (name, shape) in enumerate(sorted(shapes.items()))
    }


def load(module: Any, state: Mapping[str, Tensor]) -> Any:
    """Give a module parameters and return it; what else it holds, such as buffers, stays.

    Args:
        module: the student's module.
        state: parameters by name, as `make_state` makes them.
    """
    module = module.to(next(iter(state.values())).dtype)
    call(module.load_state_dict, dict(state), strict=False)
    return module
