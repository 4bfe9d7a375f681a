"""``python -m samescore_runtime``: the samescore script where no script is installed."""

import sys

from samescore_runtime.cli import main

sys.exit(main())
