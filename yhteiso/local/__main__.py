"""`python -m yhteiso.local COMMAND`."""

import sys

from yhteiso.local.main import main

sys.exit(main(sys.argv[1:]))
