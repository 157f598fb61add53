"""The launcher ``slurm``: workers as the tasks of a job array."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from cltk.config import Names, Settings
from cltk.errors import CltkError
from cltk.interfaces import Handle, Launcher
from cltk_studies.launchers.slurm_time import seconds_of

__all__ = ["Slurm"]

_WAIT = 60
"""Seconds that a command of Slurm gets to answer."""

_ALIVE = {
    "PENDING",
    "CONFIGURING",
    "RUNNING",
    "COMPLETING",
    "REQUEUED",
    "SUSPENDED",
    "RESIZING",
    "SIGNALING",
    "STOPPED",
}

_MEANINGS = {
    "OUT_OF_MEMORY": "it needed more memory than it was given; see --launcher.slurm.memory",
    "TIMEOUT": "its time limit was reached; see --launcher.slurm.time",
    "NODE_FAIL": "its node failed",
    "CANCELLED": "it was cancelled",
    "PREEMPTED": "another job took its place",
}


_SIGNALS = {
    "9": "it was killed, perhaps for want of memory",
    "53": "its log could not be opened; is the study's folder shared with its node?",  # Slurm's own, not the system's.
}

_Word = Annotated[str, Field(coerce_numbers_to_str=True)]
"""What Slurm reads as text; '--launcher.slurm.time 30' is as good as '"30"'."""


def _check_time(time: str) -> str:
    seconds_of(time)
    return time


_Time = Annotated[_Word, AfterValidator(_check_time)]


class Slurm(Launcher):
    """Submits one job array, whose tasks are the workers; logs go to the study's folder.

    A task that is preempted is told so with SIGTERM, gives back what it does, and is queued again by Slurm. The folder
    of the study has to be one that all nodes share.
    """

    class Config(Settings):
        """The resources of each worker, as Slurm names them."""

        partition: _Word | None = Field(None, description="The partition; None for the cluster's default.")
        account: _Word | None = Field(None, description="The account that pays; None for the user's default.")
        time: _Time | None = Field(
            None, description="The time limit, as Slurm writes it: '30', '12:00:00', '2-00'; None for the partition's."
        )
        memory: _Word | None = Field(None, description="Memory, such as '4G'; None for the partition's default.")
        cpus: int = Field(1, ge=1, description="CPUs; give '--threads' too where a run is to use more than one.")
        gpus: int = Field(0, ge=0, description="GPUs.")
        array_parallelism: int | None = Field(
            None, ge=1, description="How many run at once at the most; None for as many as fit."
        )
        requeue: bool = Field(
            True, description="Whether Slurm starts them again after preemption or the failure of a node."
        )
        setup: Names = Field((), description="Lines of shell that come first, such as 'module load cuda'.")
        options: Names = Field((), description="Further options of 'sbatch', such as '--qos=long'.")

    config: Config

    def start(self, command: Sequence[str], n: int) -> Handle:
        """Writes the job's script and submits it.

        Raises:
            CltkError: There is no Slurm here, or it refuses the job.
        """
        script = self.folder.absolute() / "slurm.sh"
        script.write_text(self.describe(command, n))
        answer = _call("sbatch", "--parsable", str(script))
        return {"job": answer.strip().partition(";")[0], "workers": n, "logs": str(script.parent)}

    def alive(self, handle: Handle) -> int:
        """The tasks that run or wait to run."""
        states = _call("squeue", "--noheader", "--array", "--format=%T", f"--jobs={handle['job']}", unknown="")
        return sum(state in _ALIVE for state in states.split())

    def waiting(self, handle: Handle) -> str | None:
        """What Slurm says of tasks that wait."""
        lines = _call("squeue", "--noheader", "--format=%T %r", f"--jobs={handle['job']}", unknown="").splitlines()
        reasons = sorted({line.partition(" ")[2] for line in lines if line.startswith("PENDING")} - {"None"})
        if not reasons or any(line.startswith("RUNNING") for line in lines):
            return None
        return f"Slurm has job {handle['job']} wait ({', '.join(reasons)}); see 'squeue --jobs={handle['job']}'"

    def ended(self, handle: Handle) -> Mapping[str, str]:
        """What Slurm says of tasks that failed, or the end of their logs."""
        text = _call("scontrol", "--oneliner", "show", "job", handle["job"], unknown="")
        reasons = {}
        for line in text.splitlines():
            fields = dict(re.findall(r"(\w+)=(\S*)", line))
            state, task = fields.get("JobState", ""), fields.get("ArrayTaskId", "")
            if state not in _ALIVE | {"COMPLETED", ""}:
                log = Path(handle["logs"]) / f"slurm-{handle['job']}_{task}.log"
                meaning = _MEANINGS.get(state) or _explain_exit(fields.get("ExitCode", ""), log)
                reasons[task] = f"Slurm's job {handle['job']} ended as {state}: {meaning}"
        return reasons

    @property
    def time_limit(self) -> float | None:
        """The time limit of a worker."""
        return None if self.config.time is None else seconds_of(self.config.time)

    def stop(self, handle: Handle) -> None:
        """Cancels the array: its workers are told to stop, and killed if they do not within Slurm's patience."""
        _call("scancel", handle["job"], unknown="")

    def describe(self, command: Sequence[str], n: int) -> str:
        """The script that is submitted."""
        config = self.config
        at_once = f"%{config.array_parallelism}" if config.array_parallelism else ""
        options = {
            "job-name": self.folder.name or "cltk",
            "array": f"0-{n - 1}{at_once}",
            "output": str(self.folder.absolute() / "slurm-%A_%a.log"),
            "open-mode": "append",
            "cpus-per-task": str(config.cpus),
            "partition": config.partition,
            "account": config.account,
            "time": config.time,
            "mem": config.memory,
            "gres": f"gpu:{config.gpus}" if config.gpus else None,
        }
        lines = [f"#SBATCH --{name}={shlex.quote(value)}" for name, value in options.items() if value is not None]
        more = ["--requeue" if config.requeue else "--no-requeue", *config.options]
        lines += [f"#SBATCH {option}" for option in more]
        # In place of the shell, so that Slurm's signals reach the worker.
        run = ["export CLTK_WORKER=$SLURM_ARRAY_TASK_ID", f"exec {shlex.join(command)}"]
        return "\n".join(["#!/bin/bash", *lines, "", *config.setup, *run, ""])


def _call(*command: str, unknown: str | None = None) -> str:
    """What a command of Slurm answers; ``unknown`` where it knows no such job any more.

    Raises:
        CltkError: It is not there, or says that something is wrong.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_WAIT, check=False)  # noqa: S603
    except FileNotFoundError:
        raise CltkError(f"There is no '{command[0]}' on this machine.", "Call this where Slurm is.") from None
    except subprocess.TimeoutExpired:
        raise CltkError(f"Slurm has not answered '{command[0]}' for {_WAIT} s.", "See 'scontrol ping'.") from None
    if done.returncode == 0:
        return done.stdout
    if unknown is not None and "Invalid job id" in done.stderr:
        return unknown
    said = " ".join(done.stderr.split()) or f"exit status {done.returncode}"
    raise CltkError(f"Slurm refuses '{command[0]}': {said}", "See 'sinfo' for what there is.")


def _explain_exit(code: str, log: Path) -> str:
    """Why a task ended with an exit status and a signal, as Slurm writes these."""
    status, _, number = code.partition(":")
    if number in _SIGNALS:
        return _SIGNALS[number]
    with suppress(OSError):
        if lines := log.read_text(errors="replace").strip().splitlines():
            return lines[-1]
    return f"exit status {status}" if number in ("", "0") else f"signal {number}"
