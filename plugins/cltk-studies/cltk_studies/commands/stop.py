"""``cltk stop``: ending a study cleanly, from any machine that sees where it is kept."""

from __future__ import annotations

from typing import Annotated

import typer

from cltk.cli.groups import with_groups
from cltk_studies.commands.complete import study_names
from cltk_studies.commands.options import PlaceOptions

__all__ = ["stop"]


@with_groups
def stop(
    *, name: Annotated[str, typer.Argument(help="The study.", autocompletion=study_names)], place: PlaceOptions
) -> None:
    """Stop a study: its workers give back what they do and end, wherever they are. What is finished is kept.

    The command that began it goes on from there when it is called again.
    """
    from cltk.cli.console import show_notice
    from cltk_studies.work.queue import Queue
    from cltk_studies.work.stopping import stop_study

    queue = Queue(place.open(), name)
    if not queue.under_way() and not queue.signals.launches:
        show_notice(f"Nothing of the study '{name}' is left to do, and nobody works on it.")
        return
    notices = stop_study(queue)
    for notice in (f"The study '{name}' was stopped; call the command that began it again to go on.", *notices):
        show_notice(notice)
