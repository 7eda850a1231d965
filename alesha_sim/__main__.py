"""`python -m alesha_sim` is the command `alesha`."""

import sys

from alesha_sim.cli import main

if __name__ == "__main__":
    sys.exit(main())
