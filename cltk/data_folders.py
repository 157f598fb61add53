"""Where files of data are looked for."""

from __future__ import annotations

import os
from pathlib import Path

from cltk.errors import ConfigError

__all__ = ["data_folders"]


def data_folders(data_dir: Path | None) -> tuple[Path, ...]:
    """Where data files are looked for: ``--data-dir`` or ``CLTK_DATA_DIR``, and the user's cache if there is a home.

    Raises:
        ConfigError: The folder that is named is in the home of a user who does not exist.
    """
    named = data_dir or os.environ.get("CLTK_DATA_DIR")
    return (*((_named_folder(named),) if named else ()), *_cache())


def _named_folder(name: str | Path) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError as error:
        raise ConfigError(
            f"The data folder '{name}' names a user who does not exist.", "Name it by its whole path."
        ) from error


def _cache() -> tuple[Path, ...]:
    """The folder of data in the user's cache; none for a user without a home, as in a container."""
    import platformdirs

    try:
        cache = Path(platformdirs.user_cache_dir("cltk", appauthor=False)) / "data"
    except RuntimeError:
        return ()
    return (cache,) if cache.is_absolute() else ()  # Older platformdirs leave a '~' in front.
