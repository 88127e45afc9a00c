"""People as values: a random id, a random handle for evidence, a class, an age band; and where their rows are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """A data subject. The handle is what evidence holds; forgetting it makes old entries nobody's."""

    id: str
    handle: str
    subject: str
    age_band: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person's rows are: a store, a class there, and the key as the map writes it."""

    store: str
    subject: str
    key: str
