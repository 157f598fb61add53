"""What a source of records promises."""

from __future__ import annotations

import tempfile
from pathlib import Path

from cltk.errors import StoreError
from cltk.interfaces import RecordSource
from cltk.testing.components import has_docstring
from cltk.testing.defects import NotRunError, require
from cltk.testing.isolation import offline
from cltk.testing.settings import SETTINGS_CHECKS
from cltk.testing.subject import Body, Subject

__all__ = ["CHECKS"]

NAME = "no-such-study"
RUN = ("0123456789ab", 1)


def builds(subject: Subject) -> None:
    """It is built from its config and the folder of all runs, and keeps the config as ``self.config``."""
    with tempfile.TemporaryDirectory() as store:
        source = subject.build(Path(store))
    came = f"self.config is {getattr(source, 'config', 'not there')!r}"
    require(getattr(source, "config", None) == subject.config, came, "Write self.config = config.")


def says_what_it_does_not_have(subject: Subject) -> None:
    """Of a study that nobody sent, ``study`` gives None and ``records`` none, or both raise a ``StoreError``."""
    with tempfile.TemporaryDirectory() as store, offline() as tried:
        source: RecordSource = subject.build(Path(store))
        try:
            study, records = source.study(NAME), list(source.records(NAME, {RUN}))
        except StoreError as error:
            raise NotRunError(f"it cannot be asked here: {error.problem}") from error
        except Exception as error:
            if tried:
                raise NotRunError(f"it needs a network: {tried[0]}") from error
            raise
    require(study is None, f"study gave {study!r}", "Return None.")
    require(not records, f"records gave {len(records)}", "Return only those of the study that are wanted.")


CHECKS: tuple[Body, ...] = (has_docstring, builds, *SETTINGS_CHECKS, says_what_it_does_not_have)
