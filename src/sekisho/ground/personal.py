"""`Personal[T]`: a value about somebody that does not let itself be printed, logged or serialised.

It is opened only by `reveal(purpose)`. Everything else that Python offers to turn a value into text or bytes
raises TypeError or shows the type alone.
"""

from __future__ import annotations

from typing import Any, Generic, NoReturn, TypeVar

T = TypeVar("T")


class Personal(Generic[T]):
    """A personal value; equal only by identity, so it cannot be compared into a leak."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        object.__setattr__(self, "_value", value)

    def reveal(self, purpose: str) -> T:
        """Return the value for a named purpose; raises ValueError when no purpose is stated."""
        if not purpose:
            raise ValueError("state a purpose to reveal a personal value")
        value: T = self._value  # type: ignore[attr-defined]  # set through object.__setattr__ so that nobody replaces it
        return value

    def __repr__(self) -> str:
        return "Personal(…)"

    def __str__(self) -> NoReturn:
        raise TypeError("a personal value is not text; reveal it for a purpose")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("a personal value is not formatted; reveal it for a purpose")

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise TypeError("a personal value is not changed")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a personal value is not pickled or copied")
