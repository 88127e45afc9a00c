"""The demonstration: a folder with the sample studio's policy, a database full of invented people, the gate applied.

Everything is made in a folder beside the one that was named and gets its name last: what lies under that name is whole.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from sekisho.adapters.stores.postgres_admin import empty_database
from sekisho.app import releases
from sekisho.app.folder import LOCK
from sekisho.app.settings import NAME
from sekisho.app.studio import Made, make_studio
from sekisho.app.wire import Workspace
from sekisho.consent.facts import Decision
from sekisho.ground.errors import BadInput

STORE = "shop"
FILE = "sqlite:///shop.db"


def examples() -> Path:
    """Return the folder of examples: beside the package in a checkout, or inside an installed one."""
    here = Path(__file__).resolve()
    for folder in (here.parents[3] / "examples", here.parents[1] / "examples"):
        if (folder / "studio" / "policy.md").exists():
            return folder
    raise BadInput("the examples are not installed", help="run this in a checkout")


def make_demo(root: Path, engine: str, url: str, say: Callable[[str], None]) -> Workspace:
    """Make the demonstration in an empty or absent folder, or open the one that is there.

    Raises BadInput where the folder holds something else, StoreTrouble where the database is away or not empty.
    """
    root = root.resolve()
    if (root / NAME).exists():
        return _there(root, engine, say)
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise BadInput(f"`{root.name}` is there and not empty", help="name another folder: --into")
    if engine == "postgresql":
        if not url.startswith(("postgresql://", "postgres://")):
            raise BadInput("this is not the address of a database", help="write postgresql://user@host:5432/database")
        empty_database(url)
    say("making the sample studio: 2,000 invented people, seed 7")
    making = root.with_name(f".{root.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    _files(making, engine, url)
    made = make_studio(_alchemy(making, engine, url))
    _govern(Workspace(making), made, say)
    making.rename(root)
    return Workspace(root)


def _there(root: Path, engine: str, say: Callable[[str], None]) -> Workspace:
    workspace = Workspace(root)
    stores = {s.name: s.engine for s in workspace.settings.stores}
    if stores.get(STORE) != engine:
        raise BadInput(f"`{root.name}` is not the sample studio on {engine}", help="name another folder: --into")
    say(f"opening the sample studio in {root.name}/")
    return workspace


def _files(root: Path, engine: str, url: str) -> None:
    studio = examples() / "studio"
    for file in (*studio.glob("policy*.md"), studio / LOCK):
        shutil.copy(file, root / file.name)
    (root / "map").mkdir()
    shutil.copy(studio / "map" / f"shop.{engine}.yaml", root / "map" / "shop.yaml")
    if engine == "sqlite":
        (root / url.removeprefix("sqlite:///")).touch(mode=0o600)
    # the address may hold a password
    (root / NAME).touch(mode=0o600)
    (root / NAME).write_text(
        f'[stores.{STORE}]\nurl = {json.dumps(url)}\nmap = "map/shop.yaml"\n\n[books]\npath = "books"\n\n'
        '[site]\norigin = "hoshizora.example/evidence"\n',
        encoding="utf-8",
    )


def _alchemy(root: Path, engine: str, url: str) -> str:
    if engine == "sqlite":
        return f"sqlite:///{root / url.removeprefix('sqlite:///')}"
    return f"postgresql+psycopg://{url.partition('://')[2]}"


def _govern(workspace: Workspace, made: Made, say: Callable[[str], None]) -> None:
    """Do what a company does on its first day: register people, apply the gate, publish the policy, sign the log."""
    say("registering people and what they agreed to")
    _people(workspace, made)
    say("compiling the policy and applying it to the store")
    workspace.apply(STORE)
    say("publishing the policy's version and signing the log")
    releases.publish(workspace)
    workspace.log.checkpoint(workspace.signer)


def _people(workspace: Workspace, made: Made) -> None:
    people, policy = workspace.people, workspace.policy
    for subject, count in made.people.items():
        bands = made.bands if subject == "customer" else {}
        people.register(STORE, subject, [str(i) for i in range(1, count + 1)], bands)
    ids = people.ids(STORE, "customer")
    known = {p.name for p in policy.purposes}
    workspace.consents.append(
        [
            workspace.fact(ids[d.key], d.purpose, Decision(d.decision), "import", d.by)
            for d in made.decisions
            if d.purpose in known
        ]
    )
    workspace.note()


__all__ = ["FILE", "STORE", "examples", "make_demo"]
