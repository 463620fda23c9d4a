"""Known answers to average_checkpoints; grader/bank/__init__.py explains the format."""


# %% mistake: the sum is not divided
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name] for s in state_dicts]).sum(dim=0) if last.is_floating_point() else last.clone()
    return average


# %% mistake: the sum is divided by one too few
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name] for s in state_dicts]).sum(dim=0) / max(len(state_dicts) - 1, 1) if last.is_floating_point() else last.clone()
    return average


# %% mistake: only the last checkpoint is returned
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    return {name: value.clone() for name, value in state_dicts[-1].items()}


# %% mistake: only the first and the last checkpoint are averaged
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = (state_dicts[0][name] + last) / 2 if last.is_floating_point() else last.clone()
    return average


# %% mistake: a running average that halves the weight of all earlier checkpoints
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = dict(state_dicts[0])
    for state in state_dicts[1:]:
        for name, value in state.items():
            if value.is_floating_point():
                average[name] = (average[name] + value) / 2
            else:
                average[name] = value
    return average


# %% mistake: always the last five, and always divided by five
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = sum(s[name] for s in state_dicts[-5:]) / 5 if last.is_floating_point() else last.clone()
    return average


# %% mistake: the last five only, although more were given
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name] for s in state_dicts[-5:]]).mean(dim=0) if last.is_floating_point() else last.clone()
    return average


# %% mistake: adds into the tensors of the first checkpoint
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = dict(state_dicts[0])
    for state in state_dicts[1:]:
        for name, value in state.items():
            if value.is_floating_point():
                average[name] += value
            else:
                average[name] = value
    for name, value in average.items():
        if value.is_floating_point():
            average[name] = value / len(state_dicts)
    return average


# %% mistake: writes the average into the last dict
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = state_dicts[-1]
    for name, value in list(average.items()):
        if value.is_floating_point():
            average[name] = torch.stack([s[name] for s in state_dicts]).mean(dim=0)
    return average


# %% mistake: integers are averaged and become floats
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name].double() for s in state_dicts]).mean(dim=0).to(last.dtype if last.is_floating_point() else torch.float32) if True else last.clone()
    return average


# %% mistake: integers are averaged and rounded down
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = (sum(s[name].double() for s in state_dicts) / len(state_dicts)).to(last.dtype) if True else last.clone()
    return average


# %% mistake: integers are taken from the first checkpoint
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name] for s in state_dicts]).mean(dim=0) if last.is_floating_point() else state_dicts[0][name].clone()
    return average


# %% mistake: integers are left out
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    return {
        name: torch.stack([s[name] for s in state_dicts]).mean(dim=0)
        for name, value in state_dicts[0].items()
        if value.is_floating_point()
    }


# %% mistake: Booleans are combined with “and” instead of taken from the last
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name] for s in state_dicts]).mean(dim=0) if last.is_floating_point() else last.clone() if last.dtype != torch.bool else torch.stack([s[name] for s in state_dicts]).all(dim=0)
    return average


# %% mistake: only the weights are averaged, the biases are those of the last
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name] for s in state_dicts]).mean(dim=0) if name.endswith('weight') else last.clone()
    return average


# %% mistake: everything becomes float32
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name].float() for s in state_dicts]).mean(dim=0) if last.is_floating_point() else last.clone()
    return average


# %% mistake: the mean runs over all numbers of a parameter, not over the checkpoints
def average_checkpoints(state_dicts):
    names = state_dicts[0].keys() if state_dicts else []
    if not state_dicts or any(state.keys() != names for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name] for s in state_dicts]).mean().expand(last.shape) if last.is_floating_point() else last.clone()
    return average


# %% mistake: an empty list gives an empty dict
def average_checkpoints(state_dicts):
    if not state_dicts:
        return {}
    if any(state.keys() != state_dicts[0].keys() for state in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        same = torch.stack([s[name] for s in state_dicts])
        average[name] = same.mean(dim=0) if last.is_floating_point() else last.clone()
    return average


# %% mistake: an empty list ends in an IndexError
def average_checkpoints(state_dicts):
    if any(state.keys() != state_dicts[0].keys() for state in state_dicts):
        raise ValueError("different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name] for s in state_dicts]).mean(dim=0) if last.is_floating_point() else last.clone()
    return average


# %% mistake: a name that the last dict lacks is dropped in silence
def average_checkpoints(state_dicts):
    if not state_dicts or any(state_dicts[-1].keys() - s.keys() for s in state_dicts):
        raise ValueError("nothing to average, or different names")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name] for s in state_dicts]).mean(dim=0) if last.is_floating_point() else last.clone()
    return average


# %% mistake: a name that some dict lacks ends in a KeyError
def average_checkpoints(state_dicts):
    if not state_dicts:
        raise ValueError("nothing to average")
    average = {}
    for name, last in state_dicts[-1].items():
        average[name] = torch.stack([s[name] for s in state_dicts]).mean(dim=0) if last.is_floating_point() else last.clone()
    return average


# %% correct: a running sum that starts from zeros
def average_checkpoints(state_dicts):
    if len(state_dicts) == 0:
        raise ValueError("no checkpoints")
    for state in state_dicts:
        if set(state) != set(state_dicts[0]):
            raise ValueError("the checkpoints have different names")
    average = {}
    for name in state_dicts[0]:
        last = state_dicts[-1][name]
        if torch.is_floating_point(last):
            total = torch.zeros_like(last)
            for state in state_dicts:
                total += state[name]
            average[name] = total / len(state_dicts)
        else:
            average[name] = last
    return average


# %% correct: a running mean
def average_checkpoints(state_dicts):
    if not state_dicts:
        raise ValueError("no checkpoints")
    average = {name: value.clone() for name, value in state_dicts[0].items()}
    for n, state in enumerate(state_dicts[1:], start=2):
        if sorted(state) != sorted(average):
            raise ValueError(f"checkpoint {n} has other names")
        for name, value in state.items():
            if value.dtype.is_floating_point:
                average[name] = average[name] + (value - average[name]) / n
            else:
                average[name] = value.clone()
    return average


# %% correct: a comprehension over the names
def average_checkpoints(state_dicts):
    names = {frozenset(state) for state in state_dicts}
    if len(names) != 1:
        raise ValueError(f"expected one set of names, got {len(names)}")
    share = 1 / len(state_dicts)
    return {
        name: sum(state[name] * share for state in state_dicts) if value.is_floating_point() else value
        for name, value in state_dicts[-1].items()
    }


# %% mistake: half precision is taken from the last instead of averaged
def average_checkpoints(state_dicts):
    if not state_dicts or any(s.keys() != state_dicts[0].keys() for s in state_dicts):
        raise ValueError("names")
    average = {}
    for name, last in state_dicts[-1].items():
        if last.dtype in (torch.float32, torch.float64):
            average[name] = torch.stack([s[name] for s in state_dicts]).mean(0)
        else:
            average[name] = last.clone()
    return average


# %% mistake: half precision becomes float32
def average_checkpoints(state_dicts):
    if not state_dicts or any(s.keys() != state_dicts[0].keys() for s in state_dicts):
        raise ValueError("names")
    average = {}
    for name, last in state_dicts[-1].items():
        if last.is_floating_point():
            mean = torch.stack([s[name] for s in state_dicts]).double().mean(0)
            average[name] = mean if last.dtype == torch.float64 else mean.float()
        else:
            average[name] = last.clone()
    return average


# %% mistake: compares the names of the first and the last dict only
def average_checkpoints(state_dicts):
    if not state_dicts or state_dicts[0].keys() != state_dicts[-1].keys():
        raise ValueError("names")
    average = {}
    for name, last in state_dicts[-1].items():
        if last.is_floating_point():
            average[name] = torch.stack([s[name] for s in state_dicts]).mean(0)
        else:
            average[name] = last.clone()
    return average


# %% mistake: compares the number of names only
def average_checkpoints(state_dicts):
    if not state_dicts or len({len(s) for s in state_dicts}) > 1:
        raise ValueError("names")
    average = {}
    for name, last in state_dicts[-1].items():
        if last.is_floating_point():
            average[name] = torch.stack([s[name] for s in state_dicts]).mean(0)
        else:
            average[name] = last.clone()
    return average


# %% mistake: the same names in another order are refused
def average_checkpoints(state_dicts):
    if not state_dicts or any(list(s) != list(state_dicts[0]) for s in state_dicts):
        raise ValueError("names")
    average = {}
    for name, last in state_dicts[-1].items():
        if last.is_floating_point():
            average[name] = torch.stack([s[name] for s in state_dicts]).mean(0)
        else:
            average[name] = last.clone()
    return average


# %% mistake: goes by the order of the entries instead of their names
def average_checkpoints(state_dicts):
    if not state_dicts or any(s.keys() != state_dicts[0].keys() for s in state_dicts):
        raise ValueError("names")
    columns = zip(*(s.values() for s in state_dicts))
    return {
        name: torch.stack(values).mean(0) if values[-1].is_floating_point() else values[-1].clone()
        for name, values in zip(state_dicts[-1], columns)
    }


# %% mistake: a single checkpoint is returned as it is, so that training goes on in the average
def average_checkpoints(state_dicts):
    if not state_dicts or any(s.keys() != state_dicts[0].keys() for s in state_dicts):
        raise ValueError("names")
    if len(state_dicts) == 1:
        return state_dicts[0]
    return {
        name: torch.stack([s[name] for s in state_dicts]).mean(0) if last.is_floating_point() else last.clone()
        for name, last in state_dicts[-1].items()
    }
