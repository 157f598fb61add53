"""What a study in a folder does without, as it takes long to import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

OPEN = "from cltk_studies.work.database import open_database; open_database(sys.argv[1])"


def test_sqlalchemy_is_not_imported(tmp_path: Path) -> None:
    program = f"import sys; {OPEN}; assert 'sqlalchemy' not in sys.modules"
    subprocess.run([sys.executable, "-c", program, tmp_path], check=True)
