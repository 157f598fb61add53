"""Named tensors as bytes."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import save

from cltk.runs.tensors import pack, unpack


def test_they_come_back_in_their_order_with_the_texts() -> None:
    given = {"b": torch.ones(2), "a": torch.zeros(1), "c": torch.arange(3)}
    tensors, texts = unpack(pack(given, {"format": "1"}))
    assert [*tensors] == ["b", "a", "c"]
    assert all(torch.equal(tensors[name], given[name]) for name in given)
    assert texts == {"format": "1"}


@pytest.mark.parametrize("order", [["a"], ["a", "b", "c"], ["a", "a"], {"a": 0, "b": 1}, 7])
def test_an_order_of_other_tensors_is_refused(order: object) -> None:
    content = save({"a": torch.ones(1), "b": torch.ones(1)}, {"order": json.dumps(order)})
    with pytest.raises(ValueError, match="the order that it gives its tensors"):
        unpack(content)
