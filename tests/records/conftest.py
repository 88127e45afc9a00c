"""The words of roles are Django's to translate, so its settings must be named before they are imported."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sekisho.web.settings")
