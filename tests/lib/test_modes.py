"""Evaluation mode for a while."""

import pytest
from torch import nn

from lib.modes import evaluating


def test_each_part_is_put_back_in_its_own_mode():
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Dropout()), nn.Linear(2, 2)).train()
    model[1].eval()
    before = [module.training for module in model.modules()]
    assert set(before) == {True, False}
    with evaluating(model):
        assert not any(module.training for module in model.modules())
    assert [module.training for module in model.modules()] == before


def test_it_is_put_back_after_an_error_too():
    model = nn.Dropout().train()
    with pytest.raises(RuntimeError), evaluating(model):
        raise RuntimeError
    assert model.training
