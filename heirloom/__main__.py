"""``python -m heirloom``: the ``heirloom`` command."""

import sys

from edge.commands.main import main

if __name__ == "__main__":
    sys.exit(main())
