"""The page on operation: its commands do what it says, its tables name what there is."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from sekisho.app.demo import FILE, make_demo
from sekisho.app.operation import REASONS
from sekisho.cli.main import cli

pytestmark = pytest.mark.unit
TOP = Path(__file__).resolve().parents[2]
PAGE = (TOP / "docs" / "operation.md").read_text(encoding="utf-8")
METRICS = (TOP / "src" / "sekisho" / "web" / "metrics.py").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("operation") / "studio"
    make_demo(folder, "sqlite", FILE, lambda text: None)
    return folder


def play(command: str, studio: Path) -> tuple[int, str]:
    top = studio.parent
    (top / "passphrase").write_text("a long and invented sentence\n", encoding="utf-8")
    words = shlex.split(command)[1:]
    places = {
        "/backup/sekisho": top / "out",
        "/safe/sekisho": top / "safe",
        "/etc/sekisho/passphrase": top / "passphrase",
    }
    done = CliRunner().invoke(
        cli, [*(str(places.get(w, w)) for w in words), "-C", str(studio)], standalone_mode=False, catch_exceptions=False
    )
    return int(done.return_value or 0), done.output


def test_its_commands_say_what_it_says(studio: Path) -> None:
    folder = Path(shutil.copytree(studio, studio.parent / "copy" / "studio"))
    played = []
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL):
        for command, said in re.findall(r"^\$ (.*)\n((?:[^$].*\n)*)", block, re.MULTILINE):
            if " BOOKS " in command:
                continue
            _, told = play(command, folder)
            for line in said.splitlines():
                assert line.split("…")[0].strip() in told, (command, told)
            played.append(command.split()[1])
    assert played == ["backup", "drill", "upgrade", "upgrade"]


def test_every_reason_is_on_the_page_and_no_other() -> None:
    (row,) = re.findall(r"^\| `/readyz` \|(.*)\|$", PAGE, re.MULTILINE)
    assert set(re.findall(r"`([a-z-]+)`", row)) - {"ready"} == REASONS.keys()


def test_every_figure_on_the_page_is_one() -> None:
    named = set(re.findall(r"`(sekisho_[a-z_]+)", PAGE))
    assert named
    assert {n for n in named if f'"{n}"' not in METRICS} == set()
