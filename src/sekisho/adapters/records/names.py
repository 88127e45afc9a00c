"""Names by which staff sign in, compared as people read them."""

from __future__ import annotations

import re
import unicodedata

from sekisho.ground.errors import BadInput

NAME = re.compile(r"[\w.@+-]{1,64}\Z")


def folded(text: str) -> str:
    """Return a text without width and case."""
    return unicodedata.normalize("NFKC", text).casefold()


def known(text: str) -> str:
    """Return a name as it is kept, without width and case; raises BadInput for what is no name."""
    name = folded(text)
    if not NAME.match(name):
        raise BadInput(
            "this is not a name to sign in with", help="use letters, digits and `.@+-_`, 64 at most, no spaces"
        )
    return name
