"""An engineer tries it on a Friday evening: every line that the demonstration prints is typed as it is printed."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from postgres import fresh_database, listening
from terminal import Done, edit, program

ENGINES = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param(
        "postgresql",
        id="postgresql",
        marks=[
            pytest.mark.postgresql,
            pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one"),
            pytest.mark.skipif(shutil.which("psql") is None, reason="no psql"),
        ],
    ),
]
STATED = ("--purpose", "support", "--reason", "ticket 4711")


@dataclass(frozen=True)
class Evening:
    """The demonstration as it was made, and what it printed."""

    engine: str
    folder: Path
    printed: str

    def line(self, *parts: str) -> str:
        """Return the one printed line that holds all the parts, as somebody would type it."""
        (found,) = [
            text.strip()
            for text in self.printed.splitlines()
            if all(p in text for p in parts) and text.startswith("  ") and not text.startswith("  #")
        ]
        return found

    def type(self, line: str) -> Done:
        """Type a line into a shell whose path holds this installation."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environ = {**os.environ, "PATH": path}
        command = ["bash", "-c", line]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=self.folder.parent, env=environ, timeout=60
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def shell(self, *statements: str, purpose: str = "support") -> Done:
        commands = [w for s in statements for w in ("-c", s)]
        stated = ("--purpose", purpose, "--reason", "ticket 4711")
        return program("gate", "shell", "shop", "-C", self.folder, *stated, *commands)


def as_url(conninfo: str) -> str:
    """Write libpq's keywords as an address."""
    parts = conninfo_to_dict(conninfo)
    return f"postgresql://{parts['user']}@{parts['host']}:{parts['port']}/{parts['dbname']}"


@pytest.fixture(scope="module", params=ENGINES)
def evening(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    folder = tmp_path_factory.mktemp("evening") / "studio"
    make = ("demo", "--store", request.param, "--into", folder)
    if request.param == "sqlite":
        done = program(*make, cwd=folder.parent)
        assert done.code == 0, done.err
        yield Evening("sqlite", folder, done.out)
        return
    with fresh_database("sekisho_evening") as conninfo:
        done = program(*make, "--url", as_url(conninfo), cwd=folder.parent)
        assert done.code == 0, done.err
        yield Evening("postgresql", folder, done.out)


def test_the_first_printed_line_shows_what_support_may_see(evening: Evening) -> None:
    done = evening.type(evening.line("gate shell", "select id, name, email"))
    assert done.code == 0, done.err
    assert re.search(r"c\d+@example\.jp", done.out)
    assert "(3 rows)" in done.out


def test_the_second_printed_line_keeps_the_birth_date_back_and_says_the_clause(evening: Evening) -> None:
    done = evening.type(evening.line("birth_date"))
    assert "`birth_date` (`birth.date`) is not for purpose `support`: clause #support" in done.err
    assert not re.search(r"\d{4}-\d\d-\d\d", done.out)
    if evening.engine == "sqlite":
        assert done.code == 3
    else:
        assert done.out.count("(withheld)") == 3


def test_support_sees_only_what_its_clause_uses(evening: Evening) -> None:
    done = evening.shell("\\d", "select * from customers where id < 40 order by id")
    assert done.code == 0
    tables = {line.split()[0] for line in done.out.splitlines() if line.startswith(("customers", "orders", "tickets"))}
    assert tables == {"customers", "orders", "tickets"}
    for hidden in ("丁目", "-0000-", "000-"):
        assert hidden not in done.out
    others = ("applicants", "partner_contacts", "survey_answers", "manuscripts")
    refused = evening.shell(*(f"select * from {table}" for table in others))
    assert refused.code == 3
    assert refused.out == ""
    assert refused.err.count("refused: ") == 4
    assert refused.err.count("#support") >= 4


def test_without_a_purpose_there_is_nothing(evening: Evening) -> None:
    query = ("-c", "select name from customers")
    unstated = program("gate", "shell", "shop", "-C", evening.folder, *query)
    assert unstated.code == 2
    assert "--purpose" in unstated.err
    empty = program("gate", "shell", "shop", "-C", evening.folder, "--purpose", "", "--reason", "x", *query)
    assert empty.code == 3
    assert unstated.out == empty.out == ""


def test_a_child_is_seen_when_its_guardian_said_yes_and_not_before(evening: Evening) -> None:
    by_child = evening.shell("select id from customers where id % 19 = 0").out.splitlines()
    seen = {int(line) for line in by_child if line.strip().isdigit()}
    assert 0 < len(seen) < 1500 // 19


def test_the_printed_withdrawal_is_obeyed_from_the_next_statement_on(evening: Evening) -> None:
    query = "select id, name from customers where id = 1"
    assert "(1 row)" in evening.shell(query).out
    done = evening.type(evening.line("consent withdraw"))
    assert done.code == 0
    assert "obeyed from the next statement on in: shop" in done.out
    assert "(0 rows)" in evening.shell(query).out


def test_the_holes_of_the_file_are_said_plainly(evening: Evening) -> None:
    if evening.engine == "sqlite":
        done = evening.type(evening.line("gate holes"))
        assert "whoever can open the file" in done.out
    assert program("gate", "drift", "shop", "-C", evening.folder).code == 0


def test_psql_without_a_permit_sees_no_row_and_with_one_once(evening: Evening) -> None:
    if evening.engine == "sqlite":
        assert "psql" not in evening.printed
        return
    counted = evening.type(evening.line("psql", "select count(*) from support.customers"))
    assert counted.code == 0, counted.err
    assert counted.out.splitlines()[2].strip() == "0"
    piped = evening.type(evening.line("gate permit"))
    assert piped.code == 0, piped.err
    assert int(piped.out.splitlines()[-3]) > 1000


def test_what_is_pasted_into_psql_works_once_and_only_there(evening: Evening) -> None:
    if evening.engine == "sqlite":
        assert program("gate", "permit", "shop", "-C", evening.folder, *STATED).code == 2
        return
    permit = program("gate", "permit", "shop", "-C", evening.folder, *STATED)
    assert permit.code == 0, permit.err
    support = shlex.split(evening.line("psql", "select count(*) from support.customers"))[1]

    def paste(text: str, address: str = support) -> Done:
        command = ["psql", "-X", "-q", "-A", "-t", address]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        return Done(done.returncode, done.stdout, done.stderr)

    ask = "select count(*) > 1000 from customers;\n"
    elsewhere = paste(permit.out + ask, support.replace("studio_support", "studio_hr"))
    assert "ERROR" in elsewhere.err
    assert "t" not in elsewhere.out.split()
    first = paste(permit.out + ask)
    assert (first.err, first.out.split()[-1]) == ("", "t")
    second = paste(permit.out + ask)
    assert "ERROR" in second.err
    assert "t" not in second.out.split()
    assert "permission denied" in paste("select * from public.customers;\n").err


def test_the_evidence_shows_each_permit_and_reading(evening: Evening) -> None:
    evening.shell("select id, name from customers where id = 3")
    done = evening.type(evening.line("evidence show"))
    assert done.code == 0
    assert "reading" in done.out
    assert "permit-issued" in done.out
    assert "support" in done.out
    assert "ticket 4711" not in done.out
    verified = evening.type(evening.line("evidence verify"))
    assert verified.code == 0
    assert "entries verify" in verified.out


def test_one_flipped_byte_is_found_and_named(evening: Evening, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(evening.folder, tmp_path / "studio"))
    with closing(sqlite3.connect(copy / "books" / "evidence.db")) as db, db:
        for (name,) in db.execute("select name from sqlite_schema where type = 'trigger'").fetchall():
            db.execute(f'drop trigger "{name}"')
        (body,) = db.execute("select body from entry where seq = 17").fetchone()
        flipped = bytes([*body[:40], body[40] ^ 1, *body[41:]])
        db.execute("update entry set body = ? where seq = 17", (flipped,))
    done = program("evidence", "verify", "-C", copy)
    assert done.code == 5
    assert "entry 17" in done.err
    assert program("evidence", "verify", "-C", evening.folder).code == 0


def test_a_broken_clause_is_underlined_with_its_remedy(evening: Evening, tmp_path: Path) -> None:
    copy = tmp_path / "studio"
    copy.mkdir()
    for file in evening.folder.glob("policy*"):
        shutil.copy(file, copy)
    assert program("check", copy).code == 0
    edit(
        copy / "policy.md",
        "purpose: support\nuses: [name, contact.email",
        "purpose: support\nuses: [name, contact.emial",
    )
    done = program("check", copy)
    assert done.code == 2
    lines = done.out.splitlines()
    at = next(i for i, line in enumerate(lines) if "contact.emial" in line and "|" in line)
    assert lines[at + 1].strip().strip("|").strip() == "^" * len("contact.emial")
    assert "did you mean `contact.email`?" in done.out
    assert not any("Traceback" in text for text in (done.out, done.err))
