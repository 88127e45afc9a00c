"""Backups: three things apart, whole or not there, verified before they are put back, and what came after is obeyed."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sekisho.adapters.ledgers import copies, cosign, export, replay
from sekisho.adapters.ledgers.books import open_books
from sekisho.adapters.ledgers.keystore import KeyStore
from sekisho.app import backup, bundle, heartbeat, settings, unfinished
from sekisho.app.backup import Made, back_up
from sekisho.app.demo import FILE, STORE, make_demo
from sekisho.app.drill import drill_restore
from sekisho.app.keeper import Keeper
from sekisho.app.operation import look
from sekisho.app.restore import Restored, restore
from sekisho.app.sealed import where
from sekisho.app.wire import Workspace
from sekisho.consent.facts import Decision
from sekisho.evidence import note as notes
from sekisho.gate.decide import Ask
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, StoreTrouble, Tampered
from sekisho.people.model import Place

pytestmark = pytest.mark.unit
PASS = "a long and invented sentence"
FIRST = Place(STORE, "customer", "1")


def quiet(text: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("backup") / "studio"
    make_demo(folder, "sqlite", FILE, quiet)
    return folder


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    """The work of a guess is for whoever steals a bundle; here every test makes one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle, "COST", 2**8)
        yield


@pytest.fixture
def studio(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "studio"))


def copied(studio: Path, name: str = "copies", *, keys: bool = True) -> dict[str, Made]:
    said, top = settings.read(studio), studio.parent / name
    made = back_up(said, top / "books", top / "keys" if keys else None, PASS if keys else "")
    return {m.manifest.thing: m for m in made}


def put_back(studio: Path, *things: Made, force: bool = True, **more: bool) -> tuple[Restored, str]:
    return restore(settings.read(studio), [t.path for t in things], force=force, passphrase=PASS, **more)


def lose(studio: Path) -> None:
    shutil.rmtree(studio / "books")


def sees(studio: Path, purpose: str = "support", key: int = 1) -> bool:
    workspace = Workspace(studio)
    passage = workspace.store(STORE).open(Ask("studio_support", purpose, workspace.actor(), "ticket 4711", ""))
    try:
        return bool(passage.run("select id, name from customers where id = ?", (key,)).rows)
    finally:
        passage.close()


# -- making --------------------------------------------------------------------------------------------------------


def test_three_things_lie_apart(studio: Path) -> None:
    made = copied(studio)
    assert list(made) == ["evidence", "books", "keys"]
    assert {"books.db"} <= made["books"].manifest.files.keys()
    assert not any("key" in f or "evidence" in f for f in made["books"].manifest.files)
    assert made["evidence"].manifest.files.keys() == {"evidence.db", "checkpoint"}
    assert made["evidence"].manifest.entries == Workspace(studio).log.size
    secret = (studio / "books" / "keys" / "log").read_text().strip()
    for thing in made.values():
        for file in filter(Path.is_file, thing.path.rglob("*")):
            assert secret.encode() not in file.read_bytes()
            assert bytes.fromhex(secret) not in file.read_bytes()
            assert file.stat().st_mode & 0o077 == 0


def test_published_versions_are_in_it(studio: Path) -> None:
    there = {
        p.relative_to(studio / "books").as_posix() for p in (studio / "books" / "releases").rglob("*") if p.is_file()
    }
    assert there
    assert there <= copied(studio)["books"].manifest.files.keys()


def test_it_is_taken_while_others_write(studio: Path) -> None:
    db = sqlite3.connect(studio / "books" / "books.db", isolation_level=None)
    db.execute("begin immediate")
    db.execute("delete from place")
    made = copied(studio)
    db.execute("rollback")
    db.close()
    copy = sqlite3.connect(made["books"].path / "books.db")
    (there,) = copy.execute("select count(*) from place").fetchone()
    copy.close()
    assert there > 0


@pytest.mark.parametrize("place", ["copies/books", "copies/books/keys", "copies", "studio/books", "studio/books/keys"])
def test_keys_do_not_lie_beside_what_they_open(studio: Path, place: str) -> None:
    top = studio.parent
    with pytest.raises(BadInput, match="keys do not lie beside"):
        back_up(settings.read(studio), top / "copies" / "books", top / place, PASS)
    assert not (top / "copies").exists()


@pytest.mark.parametrize(("word", "match"), [("", "not written open"), ("short", "too short")])
def test_keys_are_never_written_open(studio: Path, word: str, match: str) -> None:
    top = studio.parent
    with pytest.raises(BadInput, match=match):
        back_up(settings.read(studio), top / "out", top / "keys", word)
    assert not (top / "out").exists()


def test_nothing_to_copy_is_said(tmp_path: Path, studio: Path) -> None:
    lose(studio)
    with pytest.raises(BadInput, match="nothing to copy"):
        back_up(settings.read(studio), tmp_path / "out")
    assert not (studio / "books").exists()


@pytest.mark.parametrize("at", [1, 3, 6, 9])
def test_a_backup_that_dies_leaves_nothing_that_looks_whole(
    studio: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    steps = 0

    def dying(do: Callable[..., object]) -> Callable[..., object]:
        def step(*given: object) -> object:
            nonlocal steps
            steps += 1
            if steps == at:
                raise KeyboardInterrupt
            return do(*given)

        return step

    for name in ("copy_database", "copy_file", "digest", "sync_folder"):
        monkeypatch.setattr(copies, name, dying(getattr(copies, name)))
    monkeypatch.setattr(backup, "place", dying(backup.place))
    with pytest.raises(KeyboardInterrupt):
        copied(studio)
    monkeypatch.undo()
    whole = [p for p in (studio.parent / "copies").rglob("*") if p.is_dir() and not p.name.startswith(".")]
    for folder in whole:
        if folder.name.startswith(("books-", "evidence-", "keys-")):
            put_back(studio, Made(folder, copied(studio, "again")["books"].manifest))
    assert len(copied(studio)) == 3
    assert not list((studio.parent / "copies").rglob(".*.making")), "what died is swept away by the next"


# -- putting back --------------------------------------------------------------------------------------------------


def test_what_was_lost_comes_back_and_opens_when_the_store_has_followed(studio: Path) -> None:
    made, people = copied(studio), Workspace(studio).people.ids(STORE, "customer")
    size, key = Workspace(studio).log.size, Workspace(studio).signer.key
    lose(studio)
    done, trouble = put_back(studio, *made.values(), force=False)
    assert (trouble, done.replayed, done.ahead, done.closed) == ("", 0, [], [STORE])
    workspace = Workspace(studio)
    assert workspace.people.ids(STORE, "customer") == people
    assert workspace.signer.key == key
    assert workspace.log.verify(key).sound
    codes = [e.entry.fields["code"] for e in workspace.log.latest(3, kind="incident") if e.entry]
    assert sorted(str(c) for c in codes) == ["restored-books", "restored-evidence", "restored-keys"]
    assert workspace.log.size > size
    assert [r.code for r in look(workspace).reasons if r.store] == ["lease-lapsed"]
    assert Keeper(studio, quiet).round() == {}
    assert look(Workspace(studio)).ready


def test_what_is_there_is_kept_unless_it_is_said_and_then_moved_aside(studio: Path) -> None:
    made = copied(studio)
    before = (studio / "books" / "evidence.db").read_bytes()
    with pytest.raises(BadInput, match="already") as found:
        put_back(studio, made["evidence"], force=False)
    assert "--force" in found.value.help
    assert (studio / "books" / "evidence.db").read_bytes() == before
    done, trouble = put_back(studio, *made.values())
    assert trouble == ""
    assert (studio / "books" / done.aside / "books.db").exists()


def test_nothing_is_put_under_a_running_service(studio: Path) -> None:
    made = copied(studio)
    heartbeat.give(studio / "books", stamp.now(), [])
    with pytest.raises(StoreTrouble, match="a service keeps these books"):
        put_back(studio, *made.values())


@pytest.mark.parametrize("thing", ["evidence", "books", "keys"])
def test_a_flipped_bit_is_seen_before_anything_is_touched(studio: Path, thing: str) -> None:
    made = copied(studio)
    for name in made[thing].manifest.files:
        file = made[thing].path / name
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    before = {p.name: p.read_bytes() for p in (studio / "books").glob("*.db")}
    with pytest.raises(Tampered):
        put_back(studio, *made.values())
    assert {p.name: p.read_bytes() for p in (studio / "books").glob("*.db")} == before
    assert unfinished.state(studio / "books") == ""


def test_a_missing_file_and_a_manifest_that_leads_elsewhere_are_refused(studio: Path) -> None:
    made = copied(studio)
    manifest = made["books"].path / backup.MANIFEST
    text = manifest.read_text()
    manifest.write_text(text.replace('"books.db"', '"../../../studio/policy.md"'))
    with pytest.raises(Tampered, match="outside"):
        put_back(studio, made["books"])
    manifest.write_text(text)
    (made["books"].path / "books.db").unlink()
    with pytest.raises(Tampered, match=r"books\.db"):
        put_back(studio, made["books"])
    manifest.write_text("{}")
    with pytest.raises(BadInput, match="no backup"):
        put_back(studio, made["books"])


def test_evidence_that_was_forged_with_its_manifest_does_not_verify(studio: Path) -> None:
    made = copied(studio)["evidence"]
    ledger, manifest = made.path / "evidence.db", made.path / backup.MANIFEST
    before = copies.digest(ledger)
    db = sqlite3.connect(ledger)
    for (name,) in db.execute("select name from sqlite_schema where type = 'trigger'").fetchall():
        db.execute(f"drop trigger {name}")
    db.execute("update entry set body = replace(body, 'give', 'deny') where seq = 40")
    db.commit()
    db.close()
    manifest.write_text(manifest.read_text().replace(before, copies.digest(ledger)))
    with pytest.raises(Tampered, match="does not verify"):
        put_back(studio, made)


def test_a_backup_of_other_books_is_refused(studio: Path) -> None:
    made = copied(studio)
    text = (studio / "sekisho.toml").read_text()
    (studio / "sekisho.toml").write_text(text.replace("hoshizora.example", "other.example"))
    with pytest.raises(BadInput, match="backup of `hoshizora"):
        put_back(studio, made["books"])


def test_a_wrong_passphrase_opens_nothing(studio: Path) -> None:
    made = copied(studio)
    lose(studio)
    with pytest.raises(Tampered, match="do not open"):
        restore(settings.read(studio), [made["keys"].path], passphrase="another sentence altogether")
    with pytest.raises(BadInput, match="sealed under a passphrase"):
        restore(settings.read(studio), [made["keys"].path])


def test_keys_of_people_come_back_but_not_of_who_was_erased(studio: Path) -> None:
    said = settings.read(studio)
    store = KeyStore.open(where(said))
    kept, erased = stamp.handle(), stamp.handle()
    secrets = {p: s.raw for p, s in store.make([kept, erased]).items()}
    made = copied(studio)
    store.destroy([erased])
    store.close()
    said.keys.store.unlink()
    for end in copies.SIDE:
        said.keys.store.with_name(said.keys.store.name + end).unlink(missing_ok=True)
    done, _ = put_back(studio, made["keys"])
    assert any("1 refused" in line for line in done.keys)
    store = KeyStore.open(where(said))
    assert {p: s.raw for p, s in store.keys([kept, erased]).items()} == {kept: secrets[kept]}
    store.close()


def test_under_the_master_key_no_passphrase_is_needed_and_the_master_is_not_in_it(studio: Path) -> None:
    said = settings.read(studio)
    KeyStore.open(where(said)).close()
    made = back_up(said, studio.parent / "out", studio.parent / "keys")[-1]
    content = (made.path / backup.SEALED).read_bytes()
    head, body = bundle.opened(content, said, stamp.now(), "", {})
    assert head.sealed == bundle.BY_MASTER
    assert bundle.MASTER not in body.files
    assert "log" in body.files
    with pytest.raises(BadInput, match="past their horizon"):
        bundle.opened(content, said, stamp.now() + timedelta(days=31), "", {})


# -- what happened between backup and restore ------------------------------------------------------------------------


def test_a_withdrawal_after_the_backup_is_obeyed_after_the_restore(studio: Path) -> None:
    assert sees(studio)
    made = copied(studio)
    Workspace(studio).decide(FIRST, "support", Decision.WITHDRAW)
    assert not sees(studio)
    done, trouble = put_back(studio, made["books"])
    assert (trouble, done.replayed, done.unknown) == ("", 1, 0)
    assert not sees(studio)
    assert Keeper(studio, quiet).round() == {}
    assert not sees(studio)
    assert sees(studio, key=2)
    workspace = Workspace(studio)
    person = workspace.people.ids(STORE, "customer")["1"]
    (again,) = [f for f in workspace.consents.by_person([person])[person] if f.by == replay.BY]
    assert (again.decision, again.purpose) == (Decision.WITHDRAW, "support")


def test_the_next_decision_is_witnessed_and_followed(studio: Path) -> None:
    made = copied(studio)
    for key in ("1", "2", "3"):
        Workspace(studio).decide(Place(STORE, "customer", key), "support", Decision.WITHDRAW)
    put_back(studio, made["books"])
    workspace = Workspace(studio)
    size = workspace.log.count_by(kind="consent-decision")
    workspace.decide(Place(STORE, "customer", "4"), "support", Decision.WITHDRAW)
    assert workspace.log.count_by(kind="consent-decision") == size + 1
    assert [sees(studio, key=n) for n in (1, 2, 3, 4, 5)] == [False, False, False, False, True]


def test_a_store_that_was_restored_from_before_a_withdrawal_follows_the_books(studio: Path) -> None:
    shutil.copy(studio / "shop.db", studio / "older.db")
    Workspace(studio).decide(FIRST, "support", Decision.WITHDRAW)
    (studio / "older.db").replace(studio / "shop.db")
    Keeper(studio, quiet).round()
    assert not sees(studio)


def test_a_store_that_knows_more_than_books_and_log_stays_closed_until_it_is_said(studio: Path) -> None:
    made = copied(studio)
    Workspace(studio).decide(FIRST, "support", Decision.WITHDRAW)
    done, trouble = put_back(studio, made["evidence"], made["books"])
    assert (trouble, done.ahead, done.replayed) == ("", [STORE], 0)
    assert unfinished.state(studio / "books") == unfinished.BEHIND
    assert {"restore", "lease-lapsed"} <= {r.code for r in look(Workspace(studio)).reasons}
    told: list[str] = []
    Keeper(studio, told.append).round()
    assert "--accept-loss" in told[0]
    lease = Workspace(studio).store(STORE).lease()
    assert lease.open_until is None
    Keeper(studio, quiet).leave()
    restore(settings.read(studio), [], accept_loss=True)
    assert Keeper(studio, quiet).round() == {}
    assert not sees(studio), "what the store obeyed it goes on obeying, though the books have lost it"
    # the number that the store took for the lost withdrawal is not given to another one
    Workspace(studio).decide(Place(STORE, "customer", "2"), "support", Decision.WITHDRAW)
    assert not sees(studio, key=2)


def test_evidence_that_was_rolled_back_is_seen_by_the_cosigner(studio: Path, tmp_path: Path) -> None:
    signer = notes.Signer("auditor.example", bytes(range(32)), notes.COSIGNATURE)
    workspace = Workspace(studio)
    made = copied(studio)
    Workspace(studio).decide(FIRST, "support", Decision.WITHDRAW)
    workspace.log.checkpoint(workspace.signer)
    export.export(workspace.log, tmp_path / "outside", workspace.signer.key)
    cosign.cosign_file(tmp_path / "outside", tmp_path / "seen.json", signer)
    put_back(studio, made["evidence"])
    workspace = Workspace(studio)
    workspace.log.checkpoint(workspace.signer)
    assert workspace.log.verify().sound, "by itself an older log is as good as another"
    export.export(workspace.log, tmp_path / "later", workspace.signer.key)
    with pytest.raises(Tampered):
        cosign.cosign_file(tmp_path / "later", tmp_path / "seen.json", signer)


def test_a_restore_that_is_cut_short_opens_nothing_and_is_done_again(
    studio: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, count = copied(studio), 0

    def dying(*given: Path) -> None:
        nonlocal count
        count += 1
        if count == 2:
            raise KeyboardInterrupt
        real(*given)

    real = copies.put
    monkeypatch.setattr(copies, "put", dying)
    with pytest.raises(KeyboardInterrupt):
        put_back(studio, *made.values())
    monkeypatch.undo()
    told: list[str] = []
    Keeper(studio, told.append).round()
    assert "a restore was cut short" in told[0]
    heartbeat.withdraw(studio / "books")
    _, trouble = put_back(studio, *made.values())
    assert trouble == ""
    assert Keeper(studio, quiet).round() == {}


def test_a_restore_that_dies_while_it_settles_is_settled_by_the_next(
    studio: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = copied(studio)
    Workspace(studio).decide(FIRST, "support", Decision.WITHDRAW)

    def dying(*given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(replay, "skip", dying)
        with pytest.raises(KeyboardInterrupt):
            put_back(studio, made["books"])
    assert unfinished.state(studio / "books") == unfinished.HALF
    assert Keeper(studio, quiet).round().keys() == {"restore"}
    Keeper(studio, quiet).leave()
    done, trouble = put_back(studio)
    assert (trouble, done.ahead) == ("", [])
    assert Keeper(studio, quiet).round() == {}
    assert not sees(studio)


def test_books_without_a_policy_come_back_and_are_settled_later(studio: Path) -> None:
    made = copied(studio)
    text = (studio / "policy.md").read_text(encoding="utf-8")
    (studio / "policy.md").write_text(text.replace("because: contract", "because: whim", 1), encoding="utf-8")
    _, trouble = put_back(studio, *made.values())
    assert "`whim` is not a ground" in trouble
    (studio / "policy.md").write_text(text, encoding="utf-8")
    assert Keeper(studio, quiet).round().keys() == {"restore"}
    heartbeat.withdraw(studio / "books")
    done, trouble = put_back(studio)
    assert (trouble, done.closed) == ("", [STORE])
    assert Keeper(studio, quiet).round() == {}


# -- the drill -------------------------------------------------------------------------------------------------------


def test_the_drill_measures_records_and_leaves_nothing(studio: Path) -> None:
    before = {p.name for p in (studio / "books").iterdir()}
    (studio / "books" / ".drill-killed" / "copies").mkdir(parents=True)
    workspace = Workspace(studio)
    found = drill_restore(workspace)
    assert found.passed
    assert (found.entries_since, found.decisions_since) == (0, 0)
    assert found.decisions == replay.facts(open_books(studio / "books" / "books.db"))
    assert found.bytes > 0
    (entry,) = workspace.log.latest(1, kind="drill-run")
    assert entry.entry is not None
    assert entry.entry.fields == {"drill": "restore", "outcome": "passed"}
    left = {p.name for p in (studio / "books").iterdir() if not p.name.endswith(copies.SIDE)}
    assert left <= before


def test_the_drill_fails_where_the_evidence_does_not_verify(studio: Path) -> None:
    workspace = Workspace(studio)
    assert workspace.log.size
    db = sqlite3.connect(studio / "books" / "evidence.db")
    for (name,) in db.execute("select name from sqlite_schema where type = 'trigger'").fetchall():
        db.execute(f"drop trigger {name}")
    db.execute("update entry set body = body || ' ' where seq = 7")
    db.commit()
    db.close()
    found = drill_restore(workspace)
    assert not found.passed
    assert "entry 7" in found.trouble
    (entry,) = workspace.log.latest(1, kind="drill-run")
    assert entry.entry is not None
    assert entry.entry.fields["outcome"] == "failed"
