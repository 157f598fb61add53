"""A Slurm of a test's own: both daemons as children, everything in a temporary folder, no service installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

__all__ = ["running_slurm"]

# A job that is queued again waits until its credential has expired, which takes two minutes by default.
CONFIG = """
ClusterName=test
SlurmctldHost=localhost
SlurmctldPort={controller}
SlurmdPort={node}
AuthType=auth/none
AuthInfo=cred_expire=5
CredType=cred/none
SlurmUser=root
SlurmdUser=root
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=1,sched_interval=2
MpiDefault=none
ReturnToService=2
KillWait=20
PluginDir={plugins}
SlurmdSpoolDir={folder}/spool
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
NodeName=localhost CPUs=8 RealMemory=16000
PartitionName=main Nodes=localhost Default=YES State=UP
"""


@contextmanager
def running_slurm(folder: Path) -> Iterator[dict[str, str]]:
    """Runs one, and gives the variables by which its commands find it.

    Debian's packages ``slurmctld``, ``slurmd``, ``slurm-client`` and ``slurm-wlm-basic-plugins`` have all that it
    takes: installed, or unpacked with ``dpkg -x`` into the folder that ``SLURM_ROOT`` names.
    """
    root = Path(os.environ.get("SLURM_ROOT", "/"))
    found = {name: _find(root, name) for name in ("slurmctld", "slurmd", "slurmstepd", "sbatch")}
    plugins = next(root.glob("usr/lib/*/slurm-wlm/auth_none.so"), None)
    missing = [name for name, path in found.items() if path is None]
    if missing or plugins is None or os.geteuid():
        pytest.skip(f"no Slurm that root may start: {', '.join(missing) or 'another user'}; see {__file__}")
    libraries = f"{plugins.parent}:{plugins.parent.parent}"
    for name in ("spool", "state"):
        (folder / name).mkdir()
    config = folder / "slurm.conf"
    config.write_text(CONFIG.format(folder=folder, plugins=plugins.parent, controller=_free_port(), node=_free_port()))
    variables = {
        "SLURM_CONF": str(config), "LD_LIBRARY_PATH": libraries,
        "PATH": f"{root / 'usr/bin'}:{os.environ['PATH']}",
    }  # fmt: skip
    commands = ([found["slurmctld"], "-D"], [found["slurmd"], "-D", "-N", "localhost", "-d", found["slurmstepd"]])
    with ExitStack() as stack:
        for command in commands:
            log = stack.enter_context((folder / f"{Path(str(command[0])).name}.log").open("w"))
            daemon = subprocess.Popen(
                [str(part) for part in command], env=os.environ | variables, stdout=log, stderr=log
            )
            stack.callback(daemon.wait)
            stack.callback(daemon.terminate)
        _wait_until_idle(folder, variables)
        yield variables


def _find(root: Path, name: str) -> Path | None:
    candidates = [root / place / f"{name}{suffix}" for place in ("usr/sbin", "usr/bin") for suffix in ("-wlm", "")]
    return next((path for path in candidates if path.exists()), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_until_idle(folder: Path, variables: dict[str, str]) -> None:
    sinfo = shutil.which("sinfo", path=variables["PATH"])
    assert sinfo is not None
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        done = subprocess.run(
            [sinfo, "-h", "-o", "%T"], env=os.environ | variables, capture_output=True, text=True, check=False
        )
        if done.stdout.strip() == "idle":
            return
        time.sleep(0.5)
    logs = "\n".join(path.read_text()[-1500:] for path in folder.glob("*.log"))
    pytest.fail(f"Slurm did not start: {logs}")
