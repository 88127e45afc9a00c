"""`Secret`: key bytes that do not let themselves be printed, logged, compared into a leak or serialised."""

from __future__ import annotations

from typing import Any, NoReturn

from sekisho.ground.errors import BadInput

SIZE = 32
"""Bytes of every key: 256 bits."""


class Secret:
    """A key of 256 bits; its bytes are taken out only by `raw`, for cryptography."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        """Hold 32 bytes; raises BadInput for any other number, and does not say which bytes they were."""
        if len(raw) != SIZE:
            raise BadInput("a key has 32 bytes", help="restore it from its backup")
        object.__setattr__(self, "_raw", bytes(raw))

    @property
    def raw(self) -> bytes:
        """The bytes, for a cipher."""
        held: bytes = self._raw  # type: ignore[attr-defined]  # set through object.__setattr__ so that nobody replaces it
        return held

    def __repr__(self) -> str:
        return "Secret(…)"

    def __str__(self) -> NoReturn:
        raise TypeError("a key is not text")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("a key is not formatted")

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise TypeError("a key is not changed")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not pickled or copied")
