from __future__ import annotations

import pytest

from cltk_mlflow.server import TrackingServer, open_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> TrackingServer:
    """A database without a server, beside a folder of runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        return open_server(tmp_path_factory.mktemp("runs"))
