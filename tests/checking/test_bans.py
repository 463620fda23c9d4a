"""A ban reaches a function under all its names, whether modules were looked through or not."""

import subprocess
import sys

import pytest

from tests.book.tiny_book import ROOT

SCRIPT = """
import sys
from types import ModuleType
import torch
import torch.nn.functional as F
from checking import bans
import lib.attention

early = ModuleType("torch.early_name")
early.relu_here = torch.relu
sys.modules["torch.early_name"] = early
if {looks_first}:
    bans.look_through_modules()
late = ModuleType("lib.late_name")
late.mask_here, late.relu_here = lib.attention.scaled_dot_product_attention, torch.relu
sys.modules["lib.late_name"] = late
own_name = torch.relu
bans.forbid("torch.relu", "lib.attention.scaled_dot_product_attention", "torch.nn.GELU")
for call in (
    lambda: torch.relu(torch.ones(1)),
    lambda: early.relu_here(torch.ones(1)),
    lambda: late.relu_here(torch.ones(1)),
    lambda: late.mask_here(*torch.ones(3, 2, 2)),
    lambda: lib.attention.scaled_dot_product_attention(*torch.ones(3, 2, 2)),
    lambda: own_name(torch.ones(1)),
    lambda: torch.nn.GELU(),
):
    try:
        call()
    except bans.Forbidden:
        continue
    raise SystemExit("a forbidden function was called")
with bans.allowed():
    assert early.relu_here(torch.ones(1)) == 1
assert F.softplus(torch.ones(1)) > 1  # not forbidden
"""


@pytest.mark.parametrize("looks_first", [True, False])
def test_a_ban_reaches_every_name(looks_first):
    # In a process of its own, which keeps its bans.
    script = SCRIPT.replace("{looks_first}", str(looks_first))
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
