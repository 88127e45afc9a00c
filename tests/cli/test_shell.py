"""The shell: what a purpose sees is shown, what it may not see is told with the clause, and every statement is kept."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sekisho.app.wire import Workspace
from terminal import COMMAND, Done, Sekisho


@pytest.fixture
def shell(sekisho: Sekisho, shop: Path) -> Sekisho:
    """Run statements for shipping."""

    def run(*statements: str, purpose: str = "shipping", stdin: str = "", more: tuple[str, ...] = ()) -> Done:
        words = [w for s in statements for w in ("-c", s)]
        stated = ("--purpose", purpose, "--reason", "order 4711")
        return sekisho("gate", "shell", "shop", "-C", shop, *stated, *words, *more, stdin=stdin)

    return run


def test_what_the_purpose_sees_is_shown_and_a_null_is_no_text(shell: Sekisho) -> None:
    done = shell("select name, address from customers order by id")
    assert done.code == 0
    lines = [line.split("  ") for line in done.out.splitlines()]
    assert lines[0][0] == "name"
    assert "Aoi Tanabe" in done.out
    assert "(null)" in done.out.splitlines()[3]
    assert done.out.endswith("(3 rows)\n")


def test_a_withheld_column_is_refused_with_its_clause(shell: Sekisho) -> None:
    done = shell("select email from customers")
    assert done.code == 3
    assert "refused: `email` (`contact.email`) is not for purpose `shipping`" in done.err
    assert "[clause #shipping]" in done.err
    assert "help:" in done.err
    assert "example.jp" not in done.out + done.err


def test_statements_come_by_option_by_pipe_and_over_lines(shell: Sekisho) -> None:
    assert shell("select 1 as one; select 2 as two", "select 3 as three").out.count("(1 row)") == 3
    piped = shell(stdin="select name\nfrom customers\nwhere id = 1;\n-- a word; about it\nselect ';' as semicolon")
    assert piped.code == 0
    assert piped.out.count("(1 row)") == 2
    assert shell(stdin="select 1;\n\\q\nselect nothing;").code == 0


def test_the_worst_of_several_outcomes_is_the_exit_code(shell: Sekisho) -> None:
    done = shell("select email from customers", "select 1 as one")
    assert done.code == 3
    assert "(1 row)" in done.out
    assert shell("selekt").code == 6


def test_many_rows_are_cut_with_a_note(shell: Sekisho) -> None:
    done = shell("select id from customers", more=("--limit", "2"))
    assert "(3 rows; the first 2 are shown, --limit shows more)" in done.out
    assert len(done.out.splitlines()) == 4


def test_tables_are_described_as_the_purpose_sees_them(shell: Sekisho) -> None:
    done = shell("\\d")
    assert "customers" in done.out
    assert "email" not in done.out
    assert "orders" not in shell("\\d customers").out
    assert "sees no table `elsewhere`" in shell("\\d elsewhere").out
    assert "\\q" in shell("\\?").out


def test_json_for_machines(shell: Sekisho) -> None:
    done = json.loads(shell("select id, address from customers order by id", more=("--json",)).out)
    assert done == {
        "columns": ["id", "address"],
        "rows": [[1, "Kitestreet 1"], [2, "Kitestreet 2"], [3, None]],
        "count": 3,
        "withheld": {},
    }
    tables = {t["table"]: t["columns"] for t in json.loads(shell("\\d", more=("--json",)).out)}
    assert tables["customers"] == ["id", "name", "address"]


def test_what_a_terminal_would_obey_is_shown_instead(shell: Sekisho) -> None:
    done = shell("select char(27) || '[2J' || char(8238) || '[bold]' as trick")
    assert "\x1b" not in done.out
    assert "\\x1b[2J\\u202e[bold]" in done.out


@pytest.mark.parametrize(
    ("purpose", "reason", "says"),
    [
        ("shiping", "order 1", "`shiping` is not a purpose of the policy"),
        ("shiping", "order 1", "news, shipping"),
        ("shipping", "", "a permit needs a reason"),
        ("shipping", "  ", "--reason"),
        ("answer-requests", "order 1", "--subject"),
    ],
)
def test_an_ask_that_is_refused_says_what_can_be_asked(
    sekisho: Sekisho, shop: Path, purpose: str, reason: str, says: str
) -> None:
    words = ("gate", "shell", "shop", "-C", shop, "--purpose", purpose, "--reason", reason, "-c", "select 1")
    done = sekisho(*words)
    assert done.code == 3
    assert says in done.err
    assert Workspace(shop).log.count_by(kind="refusal") == 1
    assert Workspace(shop).log.count_by(kind="permit-issued") == 0


def test_a_login_that_may_not_state_the_purpose_is_told_its_ceiling(sekisho: Sekisho, shop: Path) -> None:
    stated = ("--purpose", "shipping", "--reason", "x", "--login", "shop_letters")
    done = sekisho("gate", "shell", "shop", "-C", shop, *stated, "-c", "select 1")
    assert done.code == 3
    assert "`news`" in done.err


def test_a_request_of_one_person_sees_that_person(sekisho: Sekisho, shop: Path) -> None:
    stated = ("--purpose", "answer-requests", "--reason", "case 7", "--subject", "customer:2")
    query = "select id, name, email from customers"
    done = json.loads(sekisho("gate", "shell", "shop", "-C", shop, *stated, "-c", query, "--json").out)
    assert done["rows"] == [[2, "Bruno Falk", "bruno@example.de"]]


def test_each_statement_is_in_the_evidence_before_its_rows_are_shown(shell: Sekisho, shop: Path) -> None:
    shell("select id, name from customers", "select email from customers")
    log = Workspace(shop).log
    kinds = [r.kind for r in log.latest(3)]
    assert kinds == ["refusal", "reading", "permit-issued"]
    assert log.verify().sound


# -- at a terminal -------------------------------------------------------------------------------------------------


class Terminal:
    """A terminal with somebody at it."""

    def __init__(self, words: list[str]) -> None:
        self.ours, theirs = pty.openpty()
        environ = {**os.environ, "TERM": "dumb", "COLUMNS": "200", "HISTFILE": "/nonexistent"}
        # whoever runs the tests in the background has interrupts ignored, and programs inherit that
        awake = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler); {COMMAND[2]}"
        self.process = subprocess.Popen(
            [*COMMAND[:2], awake, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environ,
            start_new_session=True,
        )
        os.close(theirs)
        self.shown = ""

    def until(self, text: str, nudge: Callable[[], None] = lambda: None) -> str:
        """Read until a text appears; returns what was shown since the last call. Now and then, nudge."""
        ends, again = time.monotonic() + 30, 0.0
        while text not in self.shown:
            assert time.monotonic() < ends, self.shown
            if time.monotonic() > again:
                nudge()
                again = time.monotonic() + 2
            if select.select([self.ours], [], [], 0.2)[0]:
                try:
                    self.shown += os.read(self.ours, 65536).decode("utf-8", "replace")
                except OSError:
                    assert text in self.shown, self.shown
        at = self.shown.index(text) + len(text)
        said, self.shown = self.shown[:at], self.shown[at:]
        return said

    def interrupt(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)

    def type(self, text: str) -> None:
        os.write(self.ours, text.encode())

    def left(self) -> int:
        return self.process.wait(timeout=30)

    def switch_off(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.ours)


@pytest.fixture
def terminal(shop: Path) -> Iterator[Terminal]:
    stated = ["--purpose", "shipping", "--reason", "order 4711"]
    opened = Terminal(["gate", "shell", "shop", "-C", str(shop), *stated])
    yield opened
    opened.switch_off()


def test_somebody_at_a_terminal_is_greeted_answered_and_let_go(terminal: Terminal) -> None:
    greeting = terminal.until("sekisho> ")
    assert "every statement is witnessed" in greeting
    assert "customers" in greeting
    terminal.type("select name\n")
    terminal.until("-> ")
    terminal.type("from customers where id = 1;\n")
    assert "Aoi Tanabe" in terminal.until("(1 row)")
    terminal.type("select email from customers;\n")
    assert "[clause #shipping]" in terminal.until("help:")
    terminal.until("sekisho> ")
    terminal.type("\\q\n")
    assert terminal.left() == 0


def test_an_interrupt_forgets_what_was_typed_and_stays(terminal: Terminal) -> None:
    terminal.until("sekisho> ")
    terminal.type("select 'half\n")
    terminal.until("-> ")
    # an interrupt that comes just before the terminal waits is noticed with the next key or interrupt
    terminal.until("sekisho> ", terminal.interrupt)
    terminal.type("select 7 as seven;\n")
    terminal.until("(1 row)")
    terminal.until("sekisho> ")
    terminal.type("\x04")
    assert terminal.left() == 0


def test_lines_are_not_kept_for_the_arrow_keys(terminal: Terminal) -> None:
    terminal.until("sekisho> ")
    terminal.type("select 'Aoi Tanabe' as typed;\n")
    terminal.until("(1 row)")
    terminal.until("sekisho> ")
    terminal.type("\x1b[A\n")
    terminal.type("select 8 as eight;\n")
    assert "Aoi" not in terminal.until("(1 row)")
    terminal.type("\\q\n")
    assert terminal.left() == 0
