"""The application that a WSGI server loads: the public pages, and beside them the desk where somebody works."""

from __future__ import annotations

import multiprocessing
import os
import threading
from pathlib import Path

from django.core.wsgi import get_wsgi_application

from sekisho.app import desk


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    """End this worker when the process that keeps the stores is gone: pages nobody keeps must not go on."""
    parent.join()
    os._exit(1)


keeping = multiprocessing.parent_process()
if keeping is not None:
    threading.Thread(target=_end_with, args=(keeping,), daemon=True, name="end with the keeper").start()
folder = Path(os.environ.get("SEKISHO_FOLDER", "."))
if desk.exists(folder):
    desk.open_django(folder)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sekisho.web.settings")
application = get_wsgi_application()
