"""The application that a WSGI server loads: the public pages, and beside them the desk where somebody works."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.wsgi import get_wsgi_application

from sekisho.app import desk

folder = Path(os.environ.get("SEKISHO_FOLDER", "."))
if desk.exists(folder):
    desk.open_django(folder)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sekisho.web.settings")
application = get_wsgi_application()
