"""The application that an ASGI server loads; `SEKISHO_FOLDER` names the folder."""

from __future__ import annotations

import os
from pathlib import Path

from sekisho.app.door import Door
from sekisho.hot.app import make

application = make(Door(Path(os.environ["SEKISHO_FOLDER"])))
