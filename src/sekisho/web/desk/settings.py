"""Django's settings for the site with its desk: the public pages as they are, and beside them who signs in.

Only a folder with staff is served with these; without, `sekisho.web.settings` stands alone.
"""

from __future__ import annotations

import os
from pathlib import Path

from sekisho.web import settings as public
from sekisho.web.desk.pieces import beside

BASE = {name: value for name, value in vars(public).items() if name.isupper()}
globals().update(BASE | beside(BASE, Path(os.environ.get("SEKISHO_FOLDER", "."))))
