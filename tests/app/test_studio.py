"""The sample studio: the same seed makes the same people, of all four classes, and nobody real."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sekisho.app.folder import check_folder
from sekisho.app.studio import META, NOW, Made, make_studio

pytestmark = pytest.mark.unit
MAPS = Path(__file__).parents[2] / "examples" / "studio"


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


def ask(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql).fetchall()


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Made]:
    path = tmp_path_factory.mktemp("studio") / "shop.db"
    return path, make_studio(f"sqlite:///{path}")


def test_the_same_seed_makes_the_same_rows_and_decisions(tmp_path: Path) -> None:
    one, two, other = (tmp_path / f"{n}.db" for n in "abc")
    first, second = make_studio(f"sqlite:///{one}", 100), make_studio(f"sqlite:///{two}", 100)
    assert first == second
    assert dump(one) == dump(two)
    make_studio(f"sqlite:///{other}", 100, seed=8)
    assert dump(other) != dump(one)


def test_two_thousand_people_of_all_four_classes(studio: tuple[Path, Made]) -> None:
    path, made = studio
    tables = {
        "customer": "customers",
        "partner-contact": "partner_contacts",
        "applicant": "applicants",
        "individual": "individuals",
    }
    assert sum(made.people.values()) == 2000
    for subject, table in tables.items():
        assert ask(path, f"select count(*) from {table}") == [(made.people[subject],)]
    empty = [t for t in META.tables if ask(path, f"select count(*) from {t}") == [(0,)]]
    assert empty == []


def test_names_are_japanese_with_readings_and_western_without(studio: tuple[Path, Made]) -> None:
    path, _ = studio
    names = ask(path, "select name, name_kana from customers")
    western = [name for name, kana in names if not kana]
    japanese = [name for name, kana in names if kana]
    assert 0.15 < len(western) / len(names) < 0.35
    assert all(name.isascii() for name in western)
    assert not any(name.isascii() for name in japanese)


def test_addresses_are_reserved_ones_that_reach_nobody(studio: tuple[Path, Made]) -> None:
    path, _ = studio
    for table in ("customers", "applicants", "partner_contacts", "individuals"):
        hosts = {email.partition("@")[2] for (email,) in ask(path, f"select email from {table}")}
        assert hosts <= {"example.jp", "example.com"}
    phones = ask(path, "select phone from customers union select phone from applicants")
    assert all(phone[3:9] == "-0000-" for (phone,) in phones)


def test_children_have_age_bands_that_agree_with_their_birth_dates(studio: tuple[Path, Made]) -> None:
    path, made = studio
    rows = ask(path, "select id, birth_date, age_band from customers")
    for i, born, band in rows:
        day = date.fromisoformat(born)
        age = NOW.year - day.year - ((NOW.month, NOW.day) < (day.month, day.day))
        low, _, high = band.removesuffix("+").partition("-")
        assert int(low) <= age <= int(high or 150)
        assert (str(i) in made.bands) == (age < 16)
    assert len(made.bands) > 50


def test_guardians_decide_for_children_and_nobody_else_does(studio: tuple[Path, Made]) -> None:
    _, made = studio
    for decided in made.decisions:
        assert (decided.by == "guardian") == (decided.key in made.bands)
    asked = {d.key for d in made.decisions if d.by == "guardian"}
    never = made.bands.keys() - asked
    refused = {d.key for d in made.decisions if d.by == "guardian" and d.decision == "refuse"}
    assert never
    assert refused
    assert asked - refused


def test_some_said_yes_some_took_it_back_most_were_never_asked(studio: tuple[Path, Made]) -> None:
    _, made = studio
    last: dict[tuple[str, str], str] = {}
    for d in made.decisions:
        last[d.key, d.purpose] = d.decision
    news = {key: decision for (key, purpose), decision in last.items() if purpose == "news"}
    assert sum(v == "give" for v in news.values()) > 200
    assert sum(v == "withdraw" for v in news.values()) > 10
    assert len(news) < made.people["customer"] / 2


def test_nothing_happens_before_somebody_is_a_customer_or_after_today(studio: tuple[Path, Made]) -> None:
    path, _ = studio
    for table, column in (
        ("orders", "placed_at"),
        ("tickets", "created_at"),
        ("survey_answers", "answered_at"),
        ("usage_reports", "collected_at"),
        ("manuscripts", "sent_at"),
    ):
        wrong = f"""select count(*) from {table} t join customers c on c.id = t.customer_id
            where t.{column} < c.created_at or t.{column} > '{NOW}.999999'"""
        assert ask(path, wrong) == [(0,)], table


def test_the_maps_know_every_table_and_column_of_the_studio() -> None:
    for data_map in check_folder(MAPS, date(2026, 12, 1)).maps:
        mapped = {t.name: {c.name for c in t.columns} for t in data_map.tables if t.personal}
        open_tables = {t.name for t in data_map.tables if not t.personal}
        assert mapped.keys() | open_tables == META.tables.keys()
        for name, columns in mapped.items():
            assert columns == {c.name for c in META.tables[name].columns}
