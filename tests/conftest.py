"""What every test may ask for, and the count of what was skipped for want of a server."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
