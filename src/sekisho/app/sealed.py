"""Where the key store and the vault lie by the settings, and how what is done to them enters the log."""

from __future__ import annotations

from datetime import timedelta

from sekisho.adapters.ledgers.keystore import Where
from sekisho.adapters.ledgers.people import People
from sekisho.app.settings import Settings, sqlite_path
from sekisho.evidence.kinds import Entry
from sekisho.evidence.log import Log
from sekisho.ground import stamp
from sekisho.vault.reading import STORE, Deed


def where(settings: Settings) -> Where:
    """Return where the parts of the key store lie."""
    said = settings.keys
    return Where(said.store, said.register, said.master, timedelta(days=said.horizon))


def address(settings: Settings) -> str:
    """Return the address of the vault's database; a file that is named relatively lies beside the settings."""
    url = settings.vault_url
    return f"sqlite:///{sqlite_path(settings.root, url)}" if url.startswith("sqlite:///") else url


class Sealing:
    """Deeds done to the vault and to keys, as entries; people by handle."""

    def __init__(self, log: Log, people: People, clock: stamp.Clock) -> None:
        self._log, self._people, self._clock = log, people, clock

    def deed(self, deed: Deed) -> None:
        """Record what was done to records; who is erased gets no handle for it, all others have or get one."""
        if deed.what != "erase":
            for subject in {subject for subject, _ in deed.people}:
                self._people.register(STORE, subject, [p for s, p in deed.people if s == subject])
        handles = sorted(self._people.handles(STORE, deed.people).values())
        fields = {"deed": deed.what, "actor": deed.actor, "people": handles, "records": deed.records}
        self._log.append([Entry("vault-changed", self._clock(), fields)])

    def keys(self, deed: str, actor: str, keys: int, refused: int = 0) -> None:
        """Record what was done to keys: `rotated`, `backed-up` or `restored`."""
        fields = {"deed": deed, "actor": actor, "keys": keys, "refused": refused}
        self._log.append([Entry("keys-changed", self._clock(), fields)])
