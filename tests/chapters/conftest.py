"""What the tests of the chapters share stands in a module beside this one."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
