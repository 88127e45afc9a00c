"""Golden files: what is printed is compared with a file beside the case; `SEKISHO_GOLDEN=write` writes it anew."""

from __future__ import annotations

import os
from pathlib import Path

CORPUS = Path(__file__).resolve().parents[1] / "corpus"


def compare(printed: str, golden: Path) -> None:
    """Hold that a text is that of its golden file; look at the difference before you write it anew."""
    if os.environ.get("SEKISHO_GOLDEN") == "write":
        golden.write_text(printed, encoding="utf-8")
    assert golden.exists(), f"{golden.name} is missing: run with SEKISHO_GOLDEN=write and read what it says"
    assert printed == golden.read_text(encoding="utf-8")
