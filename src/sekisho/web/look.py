"""What a page looks at: the board of the served folder, and who is looking."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest

from sekisho.app.board import Board
from sekisho.app.lookout import Lookout
from sekisho.app.operation import Watch
from sekisho.evidence.log import Log
from sekisho.ground.errors import SekishoError

FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_REAL_IP", "HTTP_VIA")
"""What a proxy adds: a request with one of these comes from elsewhere."""


class Away(Exception):
    """The folder cannot be shown as it is; the cause says why."""


@cache
def _lookout(folder: str) -> Lookout:
    return Lookout(Path(folder))


@cache
def _watch(folder: str) -> Watch:
    return Watch(_lookout(folder))


def watch() -> Watch:
    """Return what looks at the running service of this process."""
    return _watch(_folder())


def lookout() -> Lookout:
    """Return the lookout of the folder that this process serves."""
    return _lookout(_folder())


def _folder() -> str:
    return os.environ.get("SEKISHO_FOLDER", ".")


def board() -> Board:
    """Return the board; raises Away while the folder does not compile."""
    try:
        return lookout().board()
    except SekishoError as error:
        raise Away(str(error)) from error


def log() -> Log:
    """Return the evidence log to read from; raises Away while the folder does not compile."""
    try:
        return lookout().log()
    except SekishoError as error:
        raise Away(str(error)) from error


def is_local(request: HttpRequest) -> bool:
    """Say whether the reader sits at this machine: handles are shown to nobody else, since a constant handle on a
    public page would be a diary."""
    if any(name in request.META for name in FORWARDED):
        return False
    host = request.get_host().rsplit(":", 1)[0] if not request.get_host().endswith("]") else request.get_host()
    return host in settings.LOCAL_HOSTS and request.META.get("REMOTE_ADDR", "") in ("127.0.0.1", "::1")
