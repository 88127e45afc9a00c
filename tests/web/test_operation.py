"""What is said to those who operate: `/readyz`, `/metrics`, a line an event; and that nothing of it is about people."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sekisho.app import heartbeat
from sekisho.app.demo import STORE
from sekisho.app.keeper import Keeper
from sekisho.app.wire import Workspace
from sekisho.consent.facts import Decision
from sekisho.gate.decide import Ask
from sekisho.ground import stamp
from sekisho.ground.errors import Refused
from sekisho.people.model import Place
from served import PROGRAM, Browse, fetch, wait

AWAY = {"X-Forwarded-For": "203.0.113.9"}
"""What makes a request one that does not come from this machine."""


def quiet(text: str) -> None:
    """Say nothing."""


@pytest.fixture
def kept(copy: Path) -> Path:
    Keeper(copy, quiet).round()
    return copy


def figures(text: str) -> dict[str, dict[tuple[str, ...], float]]:
    """Return name → values of the labels, in the order of their names → figure."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            values = tuple(sample.labels[n] for n in sorted(sample.labels))
            found.setdefault(sample.name, {})[values] = sample.value
    return found


def test_it_is_ready_while_it_is_kept(browse: Browse, kept: Path) -> None:
    answer = browse(kept).get("/readyz")
    assert (answer.status_code, answer.content) == (200, b"ready\n")
    assert answer.headers["Cache-Control"] == "no-store"


def test_it_says_why_it_is_not_ready_and_names_stores_only_here(browse: Browse, kept: Path) -> None:
    (kept / "shop.db").rename(kept / "away.db")
    heartbeat.withdraw(kept / "books")
    client = browse(kept)
    here, elsewhere = client.get("/readyz"), client.get("/readyz", headers=AWAY)
    assert (here.status_code, here.content) == (503, b"store-away shop\nkeeper\n")
    assert (elsewhere.status_code, elsewhere.content) == (503, b"store-away\nkeeper\n")


def test_a_policy_that_does_not_compile_is_not_ready(browse: Browse, kept: Path) -> None:
    text = (kept / "policy.md").read_text(encoding="utf-8")
    (kept / "policy.md").write_text(text.replace("because: contract", "because: whim", 1), encoding="utf-8")
    answer = browse(kept).get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"policy\n")
    assert browse(kept).get("/metrics").status_code == 200


def test_figures_are_those_of_the_folder(browse: Browse, kept: Path) -> None:
    client = browse(kept)
    client.get("/en/promises")
    said = figures(client.get("/metrics").content.decode())
    log = Workspace(kept).log
    assert said["sekisho_entries"][("permit-issued",)] == log.count_by(kind="permit-issued") == 1
    assert sum(said["sekisho_entries"].values()) == log.size
    assert said["sekisho_ready"][()] == 1
    assert said["sekisho_clauses"][("broken",)] == 0
    assert said["sekisho_clauses"][("enforced",)] > 0
    assert said["sekisho_store_green"][(STORE,)] == said["sekisho_store_answers"][(STORE,)] == 1
    assert said["sekisho_store_holes"][(STORE,)] > 0
    assert said["sekisho_store_behind"][(STORE,)] == 0
    assert 0 < said["sekisho_lease_seconds"][(STORE,)] <= 180
    assert said["sekisho_waiting"] == {("outbox",): 0, ("messages",): 0, ("decisions",): 0}
    assert said["sekisho_requests_total"][("GET", "promises", "200")] >= 1
    assert said["sekisho_request_seconds_count"][("promises",)] >= 1


def test_figures_tell_what_waits_and_who_is_behind(browse: Browse, kept: Path) -> None:
    workspace = Workspace(kept)
    person = workspace.people.ids(STORE, "customer")["1"]
    workspace.consents.append([workspace.fact(person, "support", Decision.WITHDRAW, "staff")])
    (kept / "shop.db").rename(kept / "away.db")
    said = figures(browse(kept).get("/metrics").content.decode())
    assert said["sekisho_waiting"][("decisions",)] == 1
    assert said["sekisho_store_answers"][(STORE,)] == 0
    assert said["sekisho_reason"][("store-away",)] == 1
    (kept / "away.db").rename(kept / "shop.db")


def test_figures_are_not_for_everybody_unless_the_settings_say_so(browse: Browse, kept: Path) -> None:
    client = browse(kept)
    assert client.get("/metrics", headers=AWAY).status_code == 404
    settings = kept / "sekisho.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + 'metrics = "open"\n', encoding="utf-8")
    assert client.get("/metrics", headers=AWAY).status_code == 200


def test_what_a_request_brings_is_no_label(browse: Browse, kept: Path) -> None:
    client, marker = browse(kept), f"m{secrets.token_hex(8)}"
    client.get(f"/{marker}")
    client.get(f"/en/promises?name={marker}")
    client.get(f"/versions/2020-01-01/{marker}")
    client.generic(marker.upper(), f"/evidence/{marker}", headers={"X-Name": marker, "User-Agent": marker})
    text = client.get("/metrics").content.decode()
    assert marker not in text.lower()
    assert figures(text)["sekisho_requests_total"][("GET", "none", "404")] >= 1


def test_figures_hold_no_handle(browse: Browse, kept: Path) -> None:
    text = browse(kept).get("/metrics").content.decode()
    assert re.findall(r"[0-9a-f]{32}", text) == []


# -- a whole story, and then the search for those who were in it --------------------------------------------------


def mark(folder: Path) -> dict[str, str]:
    """Give customer 1 a name and an address that nobody else has."""
    marks = {c: f"{c}{secrets.token_hex(6)}" for c in ("name", "mail", "reason", "query", "agent")}
    db = sqlite3.connect(folder / "shop.db")
    db.execute("update customers set name = ?, email = ? where id = 1", (marks["name"], f"{marks['mail']}@example.jp"))
    db.commit()
    db.close()
    return marks


def story(folder: Path, address: str, marks: dict[str, str]) -> None:
    """Read, be refused, decide, and ask for pages that are there, that are not, and that are asked for badly."""
    workspace = Workspace(folder)
    passage = workspace.store(STORE).open(Ask("studio_support", "support", workspace.actor(), marks["reason"], ""))
    _, name, email = passage.run("select id, name, email from customers where id = ?", (1,)).rows[0]
    assert (name, email) == (marks["name"], f"{marks['mail']}@example.jp")
    with pytest.raises(Refused):
        passage.run("select id, birth_date from customers where name = ?", (marks["name"],))
    passage.close()
    workspace.decide(Place(STORE, "customer", "1"), "support", Decision.WITHDRAW)
    strange = {"User_Agent": marks["agent"], "Cookie": f"who={marks['name']}", "X_Forwarded_For": "203.0.113.9"}
    for path in ("/en/", "/en/promises", "/evidence", f"/{marks['name']}", f"/verify?who={marks['query']}", "/metrics"):
        fetch(address, path, **strange)
    fetch(address, f"/en/?mail={marks['mail']}@example.jp")
    fetch(address, "/readyz", Host=f"{marks['name']}.example.com")
    (folder / "shop.db").rename(folder / "away.db")
    Keeper(folder, quiet).round()
    (folder / "away.db").rename(folder / "shop.db")


@pytest.mark.parametrize("form", ["json", "text"])
def test_nobody_of_a_whole_story_is_in_the_lines(kept: Path, tmp_path: Path, form: str) -> None:
    marks = mark(kept)
    said = tmp_path / "lines"
    with said.open("wb") as file:
        command = [sys.executable, "-c", PROGRAM, "serve", "-C", str(kept), "--port", "0", "--log", form]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=file, text=True, env=dict(os.environ))
        with process:
            assert process.stdout is not None
            try:
                address = process.stdout.readline().split()[1].rstrip("/")
                wait(address)
                story(kept, address, marks)
            finally:
                process.send_signal(signal.SIGINT)
                out, _ = process.communicate(timeout=30)
    lines = said.read_text(encoding="utf-8")
    assert process.returncode == 0
    handles = [Workspace(kept).people.ids(STORE, "customer")["1"]]
    for marker in (*marks.values(), "203.0.113.9", "example.jp", *handles):
        assert marker not in lines + out
    if form == "json":
        events = [json.loads(line) for line in lines.splitlines()]
        assert {"serving", "keeper-round", "request", "stopped"} <= {e["event"] for e in events}
        asked = [(e["route"], e["status"]) for e in events if e["event"] == "request"]
        assert ("promises", 200) in asked
        assert ("none", 404) in asked
        assert ("metrics", 404) in asked
        assert all({"time", "level", "event"} <= e.keys() for e in events)
    assert not heartbeat.at_work(kept / "books", stamp.now())


def test_a_fault_of_a_page_is_told_by_its_kind_and_place(browse: Browse, kept: Path, tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "from django.core.wsgi import get_wsgi_application\n"
        "import django\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'sekisho.web.settings'\n"
        "django.setup()\n"
        "from sekisho.web import pages, urls\n"
        "from django.test import Client\n"
        "def broken(): raise RuntimeError('hana-of-kyoto')\n"
        "from sekisho.web import look\n"
        "look.board = broken\n"
        "answer = Client(SERVER_NAME='127.0.0.1', raise_request_exception=False).get('/promises?who=hana-of-kyoto')\n"
        "print(answer.status_code)\n"
    )
    environment = {**os.environ, "SEKISHO_FOLDER": str(kept), "SEKISHO_LOG": "json"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True, env=environment
    )
    assert done.stdout.strip() == "500"
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert {"event": "fault", "error": "RuntimeError", "level": "error"}.items() <= events[0].items()
    assert "hana" not in done.stderr
