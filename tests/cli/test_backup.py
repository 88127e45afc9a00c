"""Backup, restore, drill and upgrade by command: what they say, what they refuse, and how they end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from sekisho.app.demo import FILE, make_demo
from sekisho.app.wire import Workspace
from sekisho.cli.main import cli
from sekisho.ground.errors import BadInput, SekishoError

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("backup") / "studio"
    make_demo(folder, "sqlite", FILE, lambda text: None)
    return folder


@pytest.fixture
def studio(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEKISHO_BACKUP_PASSPHRASE", "a long and invented sentence")
    return Path(shutil.copytree(made, tmp_path / "studio"))


def run(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(cli, [str(w) for w in words], standalone_mode=False, catch_exceptions=True)
    if isinstance(done.exception, SekishoError):
        raise done.exception
    assert done.exception is None, done.output
    return int(done.return_value or 0), done.output


def test_what_was_lost_comes_back_by_two_commands(studio: Path) -> None:
    top, size = studio.parent, Workspace(studio).log.size
    code, said = run("backup", top / "out", "-C", studio, "--keys", top / "safe", "--json")
    assert code == 0
    made = json.loads(said)
    assert made.keys() == {"evidence", "books", "keys"}
    shutil.rmtree(studio / "books")
    code, said = run("restore", *(m["folder"] for m in made.values()), "-C", studio, "--json")
    done = json.loads(said)
    assert (code, done["trouble"], done["closed"]) == (0, "", ["shop"])
    assert Workspace(studio).log.size > size
    with pytest.raises(BadInput, match="already"):
        run("restore", made["books"]["folder"], "-C", studio)


def test_a_store_that_knows_more_ends_in_six(studio: Path) -> None:
    top = studio.parent
    _, said = run("backup", top / "out", "-C", studio, "--json")
    made = json.loads(said)
    assert made.keys() == {"evidence", "books"}
    run("consent", "withdraw", "-C", studio, "--person", "shop:customer:1", "--purpose", "support")
    code, _ = run("restore", *(m["folder"] for m in made.values()), "-C", studio, "--force")
    assert code == 6
    assert run("restore", "-C", studio, "--accept-loss")[0] == 0


def test_a_passphrase_is_read_from_a_file(studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEKISHO_BACKUP_PASSPHRASE")
    top = studio.parent
    with pytest.raises(BadInput, match="not written open"):
        run("backup", top / "out", "-C", studio, "--keys", top / "safe")
    file = top / "passphrase"
    file.write_text("a sentence from a file\n", encoding="utf-8")
    assert run("backup", top / "out", "-C", studio, "--keys", top / "safe", "--passphrase-file", file)[0] == 0
    with pytest.raises(BadInput, match="passphrase cannot be read"):
        run("backup", top / "out", "-C", studio, "--keys", top / "safe", "--passphrase-file", top / "none")


def test_a_drill_tells_its_measures(studio: Path) -> None:
    code, said = run("drill", "restore", "-C", studio, "--json")
    found = json.loads(said)
    assert code == 0
    assert found["trouble"] == ""
    assert found["decisions"] > 0
    assert run("drill", "restore", "-C", studio)[0] == 0


def test_an_upgrade_is_looked_at_first(studio: Path) -> None:
    code, said = run("upgrade", "--check", "-C", studio, "--json")
    files = {f["file"]: f["is"] for f in json.loads(said)["files"]}
    assert (code, files["evidence.db"]) == (2, "current")
    assert files["books.db"] == "older"
    assert run("upgrade", "-C", studio)[0] == 0
    code, said = run("upgrade", "--check", "-C", studio, "--json")
    assert code == 0
    assert json.loads(said)["stores"] == []
    text = (studio / "policy.md").read_text(encoding="utf-8")
    (studio / "policy.md").write_text(
        text.replace(
            "uses: [name, contact.postal, contact.phone, commerce.order]", "uses: [name, contact, commerce.order]", 1
        ),
        encoding="utf-8",
    )
    code, said = run("upgrade", "--check", "-C", studio, "--json")
    assert (code, json.loads(said)["stores"]) == (2, ["shop"])
