"""The example and the commands of docs/keys.md, as they stand, in a folder of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sekisho.app.wire import Workspace
from terminal import program

pytestmark = pytest.mark.unit

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "keys.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0]
COMMANDS = re.findall(r"^\$ sekisho (.*)$", PAGE, re.MULTILINE)
POLICY = """---
policy: Kite shop
version: 2026-11-01
effective: 2026-11-01
signed-by: {name: A. Kite, title: Owner}
controller: {name: Kite shop}
law: eu-gdpr
timezone: Asia/Tokyo
---

# Customers {#customers of=customer}

```promise
subject: customer
```

- We answer what you ask. {#support}

```promise
purpose: support
uses: [name]
because: contract
```
"""


def test_the_example_and_the_commands_run_as_they_stand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "policy.md").write_text(POLICY, encoding="utf-8")
    names: dict[str, object] = {"folder": folder}
    exec(compile(EXAMPLE, "keys.md", "exec"), names)
    assert capsys.readouterr().out == "Aoi Tanabe ('contact.email',)\n"
    assert Workspace(folder).log.count_by(kind="reading") == 2, "a look-up and a reading"
    for command in COMMANDS:
        words = command.replace("/mnt/keys", str(tmp_path)).split()
        done = program(*words, "-C", folder)
        assert done.code == 0, (command, done.err)
    assert len(COMMANDS) == 4
