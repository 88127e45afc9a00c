"""The build hook: message catalogues are compiled with babel, so that no system tool is needed.

Run as a program it compiles them in place, for a checkout whose catalogues changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a program where only babel is installed
    BuildHookInterface = object  # type: ignore[assignment, misc]  # nothing is hooked then

LOCALES = Path(__file__).parent / "src/sekisho/web/locale"


def compile_catalogues(folder: Path = LOCALES) -> list[Path]:
    """Compile every `.po` under a folder to the `.mo` beside it; returns what was written."""
    made = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        with source.open("rb") as file:
            catalogue = read_po(file, abort_invalid=True)
        target = source.with_suffix(".mo")
        with target.open("wb") as file:
            write_mo(file, catalogue)
        made.append(target)
    return made


class CataloguesHook(BuildHookInterface):  # type: ignore[misc, type-arg]  # its base may be absent
    """Compiles the catalogues before a wheel, also an editable one, is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile."""
        compile_catalogues(Path(self.root) / "src/sekisho/web/locale")


if __name__ == "__main__":
    for written in compile_catalogues():
        print(written)  # noqa: T201 - a program that says what it made
