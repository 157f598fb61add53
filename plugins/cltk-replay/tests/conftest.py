from collections.abc import Iterator

import pytest
import torch
from hypothesis import settings

# A busy machine is no reason to fail.
settings.register_profile("cltk", deadline=None)
settings.load_profile("cltk")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
    torch.set_flush_denormal(False)
