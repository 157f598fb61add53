"""``python -m cltk`` is ``cltk``."""

from cltk.cli import main

if __name__ == "__main__":
    main()
