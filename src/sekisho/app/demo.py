"""The demonstration: a folder with the sample studio's policy, a database full of invented people, the gate applied."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from sekisho.app.studio import Made, make_studio
from sekisho.app.wire import Workspace
from sekisho.consent.facts import Decision
from sekisho.ground.errors import BadInput

STORE = "shop"


def examples() -> Path:
    """Return the folder of examples: beside the package in a checkout, or inside an installed one."""
    here = Path(__file__).resolve()
    for folder in (here.parents[3] / "examples", here.parents[1] / "examples"):
        if (folder / "studio" / "policy.md").exists():
            return folder
    raise BadInput("the examples are not installed", help="run this in a checkout")


def make_demo(root: Path, engine: str, url: str, say: Callable[[str], None]) -> Workspace:
    """Make the demonstration in an empty or absent folder, or open the one that is there."""
    if (root / "sekisho.toml").exists():
        say(f"opening the sample studio in {root.name}/")
        return Workspace(root)
    say("making the sample studio: 2,000 invented people, seed 7")
    root.mkdir(parents=True, exist_ok=True)
    studio = examples() / "studio"
    for file in (*studio.glob("policy*.md"),):
        shutil.copy(file, root / file.name)
    (root / "map").mkdir(exist_ok=True)
    shutil.copy(studio / "map" / f"shop.{engine}.yaml", root / "map" / "shop.yaml")
    if engine == "sqlite":
        (root / url.removeprefix("sqlite:///")).touch(mode=0o600)
    made = make_studio(_alchemy(root, engine, url))
    (root / "sekisho.toml").write_text(
        f'[stores.{STORE}]\nurl = "{url}"\nmap = "map/shop.yaml"\n\n[books]\npath = "books"\n\n'
        '[site]\norigin = "hoshizora.example/evidence"\n',
        encoding="utf-8",
    )
    workspace = Workspace(root)
    say("registering people and what they agreed to")
    _people(workspace, made)
    say("compiling the policy and applying it to the store")
    workspace.apply(STORE)
    workspace.log.checkpoint(workspace.signer)
    return workspace


def _alchemy(root: Path, engine: str, url: str) -> str:
    if engine == "sqlite":
        return f"sqlite:///{root / url.removeprefix('sqlite:///')}"
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _people(workspace: Workspace, made: Made) -> None:
    people = workspace.people
    for subject, count in made.people.items():
        bands = made.bands if subject == "customer" else {}
        people.register(STORE, subject, [str(i) for i in range(1, count + 1)], bands)
    ids = people.ids(STORE, "customer")
    workspace.consents.append(
        [workspace.fact(ids[key], purpose, Decision(decision), "import") for key, purpose, decision in made.decisions]
    )
    workspace.note()


__all__ = ["STORE", "make_demo"]
