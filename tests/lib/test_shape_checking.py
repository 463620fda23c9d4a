"""The shape annotations of lib are checked while tests run."""

import pytest
import torch
from jaxtyping import TypeCheckError

from lib.attention import scaled_dot_product_attention


def test_a_tensor_of_another_shape_than_annotated_is_refused():
    query, key, value = torch.ones(2, 4), torch.ones(3, 4), torch.ones(5, 4)
    with pytest.raises(TypeCheckError, match="value"):
        scaled_dot_product_attention(query, key, value)
