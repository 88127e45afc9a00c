"""The sample studio: its application's own tables and two thousand invented people, the same for every seed.

This is the company's side, without Sekisho: the gate is applied to it afterwards as to any other database.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from sekisho.app import studio_words as words

TODAY = date(2026, 11, 1)
NOW = datetime.combine(TODAY, time())
OPTIONAL: Mapping[str, float] = {"news": 0.28, "survey-research": 0.4, "usage-improvement": 0.2}
"""Purpose that needs a yes → the share of grown-up customers who said it at some time."""
FOR_CHILDREN = {"shipping": 0.95, "service": 0.95, "support": 0.9}
"""Purpose → the share of guardians that answered who said yes; without it nobody sees a child's rows."""
META = sa.MetaData()
ID, TEXT, NUMBER, WHEN = sa.Integer, sa.Text, sa.Integer, sa.DateTime


def _table(name: str, *columns: sa.Column[object]) -> sa.Table:
    return sa.Table(name, META, sa.Column("id", ID, primary_key=True), *columns)


def _of(table: str, column: str) -> sa.Column[object]:
    return sa.Column(column, ID, sa.ForeignKey(f"{table}.id"), index=True)


CUSTOMERS = _table(
    "customers",
    sa.Column("name", TEXT, nullable=False),
    sa.Column("name_kana", TEXT),
    sa.Column("email", TEXT, nullable=False),
    sa.Column("phone", TEXT),
    sa.Column("postal_code", TEXT),
    sa.Column("address", TEXT),
    sa.Column("birth_date", sa.Date),
    sa.Column("age_band", TEXT),
    sa.Column("created_at", WHEN),
    sa.Column("closed_at", WHEN),
)
PRODUCTS = _table("products", sa.Column("title", TEXT), sa.Column("price_yen", NUMBER))
ORDERS = _table(
    "orders",
    _of("customers", "customer_id"),
    sa.Column("placed_at", WHEN),
    sa.Column("status", TEXT),
    sa.Column("total_yen", NUMBER),
    sa.Column("ship_name", TEXT),
    sa.Column("ship_address", TEXT),
)
ORDER_ITEMS = _table(
    "order_items", _of("orders", "order_id"), _of("products", "product_id"), sa.Column("quantity", NUMBER)
)
TICKETS = _table(
    "tickets",
    _of("customers", "customer_id"),
    sa.Column("subject", TEXT),
    sa.Column("body", TEXT),
    sa.Column("created_at", WHEN),
)
SURVEYS = _table(
    "survey_answers", _of("customers", "customer_id"), sa.Column("answer", TEXT), sa.Column("answered_at", WHEN)
)
GIVEAWAYS = _table(
    "giveaway_entries",
    _of("customers", "customer_id"),
    sa.Column("campaign", TEXT),
    sa.Column("campaign_ended_at", WHEN),
    sa.Column("won", sa.Boolean),
)
MANUSCRIPTS = _table(
    "manuscripts",
    _of("customers", "customer_id"),
    sa.Column("title", TEXT),
    sa.Column("sent_at", WHEN),
    sa.Column("decided_at", WHEN),
)
USAGE = _table(
    "usage_reports",
    _of("customers", "customer_id"),
    _of("products", "product_id"),
    sa.Column("feature", TEXT),
    sa.Column("collected_at", WHEN),
)
APPLICANTS = _table(
    "applicants",
    sa.Column("name", TEXT),
    sa.Column("email", TEXT),
    sa.Column("phone", TEXT),
    sa.Column("decided_at", WHEN),
)
APPLICATIONS = _table(
    "applications", _of("applicants", "applicant_id"), sa.Column("history", TEXT), sa.Column("internship", sa.Boolean)
)
PARTNERS = _table("partners", sa.Column("organisation", TEXT))
PARTNER_CONTACTS = _table(
    "partner_contacts",
    _of("partners", "partner_id"),
    sa.Column("name", TEXT),
    sa.Column("email", TEXT),
    sa.Column("phone", TEXT),
    sa.Column("role", TEXT),
    sa.Column("last_contact", WHEN),
    sa.Column("last_payment", WHEN),
)
INDIVIDUALS = _table("individuals", sa.Column("name", TEXT), sa.Column("email", TEXT))
INQUIRIES = _table(
    "inquiries", _of("individuals", "individual_id"), sa.Column("body", TEXT), sa.Column("created_at", WHEN)
)


class Decided(NamedTuple):
    """What a customer, or a child's guardian, decided about a purpose."""

    key: str
    purpose: str
    decision: str
    by: str


@dataclass(frozen=True, slots=True)
class Made:
    """What was made: how many people of each class, the customers' age bands, and who decided what, in order."""

    people: dict[str, int]
    bands: dict[str, str]
    decisions: tuple[Decided, ...]


def make_studio(url: str, people: int = 2000, seed: int = 7) -> Made:
    """Make the studio's tables and rows in an empty database at an SQLAlchemy address; the same seed, the same rows."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    maker = _Maker(random.Random(seed), people)  # noqa: S311 - sample data, not a secret
    # one transaction: a demonstration that is interrupted leaves no half studio behind
    with engine.begin() as db:
        META.create_all(db)
        for table, rows in maker.rows():
            if rows:
                db.execute(sa.insert(table), rows)
        if engine.dialect.name == "postgresql":
            db.execute(sa.text("analyze"))
    engine.dispose()
    return maker.made()


Rows = list[dict[str, object]]


class _Maker:
    def __init__(self, chance: random.Random, people: int) -> None:
        self.chance = chance
        self.customers = people * 3 // 4
        self.partners = self.applicants = people // 10
        self.individuals = people - self.customers - 2 * (people // 10)
        self.bands: dict[str, str] = {}
        self.joined: list[datetime] = []

    def pick(self, listed: str) -> str:
        return self.chance.choice(listed.split(","))

    def when(self, days: int = 700) -> datetime:
        back = timedelta(days=self.chance.randrange(days), minutes=self.chance.randrange(1440))
        return NOW - back

    def name(self) -> tuple[str, str]:
        if self.chance.random() < 0.25:
            given = self.chance.choice(words.WESTERN_GIVEN.split())
            return f"{given} {self.chance.choice(words.WESTERN_SURNAMES.split())}", ""
        surname, kana = self.pick(words.SURNAMES).split()
        given, reading = self.pick(words.GIVEN).split()
        return f"{surname} {given}", f"{kana} {reading}"

    def phone(self) -> str:
        return f"0{self.chance.choice('579')}0-0000-{self.chance.randrange(10_000):04d}"

    def rows(self) -> Iterator[tuple[sa.Table, Rows]]:
        """Yield each table with its rows, owners before what they own."""
        titles = words.PRODUCTS.split(",")
        yield PRODUCTS, [{"id": i, "title": t, "price_yen": 980 + 500 * i} for i, t in enumerate(titles, 1)]
        customers = [self.customer(i) for i in range(1, self.customers + 1)]
        yield CUSTOMERS, customers
        yield from self.shop(customers, len(titles))
        yield from self.talk()
        yield from self.others()

    def shop(self, customers: Rows, titles: int) -> Iterator[tuple[sa.Table, Rows]]:
        """Yield orders with what is in them, and what products report about their use."""
        chance = self.chance
        orders = [self.order(i, chance.choice(customers)) for i in range(1, self.customers * 2 + 1)]
        yield ORDERS, orders
        items = [(i, k) for i in range(1, len(orders) + 1) for k in range(chance.choice((1, 1, 2)))]
        yield (
            ORDER_ITEMS,
            [
                {"id": 2 * i + k, "order_id": i, "product_id": chance.randint(1, titles), "quantity": 1}
                for i, k in items
            ],
        )
        yield (
            USAGE,
            [
                {
                    "id": i,
                    **self.somebody("collected_at"),
                    "product_id": chance.randint(1, titles),
                    "feature": self.pick(words.FEATURES),
                }
                for i in range(1, self.customers + 1)
            ],
        )

    def talk(self) -> Iterator[tuple[sa.Table, Rows]]:
        """Yield what customers wrote and sent: tickets, survey answers, giveaway entries, manuscripts."""
        chance, ended = self.chance, NOW - timedelta(days=60)
        yield TICKETS, [self.ticket(i) for i in range(1, self.customers // 2 + 1)]
        yield (
            SURVEYS,
            [
                {"id": i, **self.somebody("answered_at"), "answer": self.pick(words.ANSWERS)}
                for i in range(1, self.customers // 3 + 1)
            ],
        )
        entries = range(1, self.customers // 5 + 1)
        entrants = chance.sample(range(1, self.customers + 1), len(entries))
        yield (
            GIVEAWAYS,
            [
                {
                    "id": i,
                    "customer_id": who,
                    "campaign": "2026-summer",
                    "campaign_ended_at": ended,
                    "won": chance.random() < 0.1,
                }
                for i, who in zip(entries, entrants, strict=True)
            ],
        )
        yield MANUSCRIPTS, [self.manuscript(i) for i in range(1, self.customers // 20 + 1)]

    def others(self) -> Iterator[tuple[sa.Table, Rows]]:
        """Yield applicants, partner contacts and other individuals, each with what is theirs."""
        chance = self.chance
        applicants, individuals = range(1, self.applicants + 1), range(1, self.individuals + 1)
        yield APPLICANTS, [{"id": i, **self.contact(f"a{i}"), "decided_at": self.when(300)} for i in applicants]
        yield (
            APPLICATIONS,
            [
                {"id": i, "applicant_id": i, "history": self.pick(words.SKILLS), "internship": chance.random() < 0.3}
                for i in applicants
            ],
        )
        organisations = words.ORGANISATIONS.split(",")
        yield PARTNERS, [{"id": i, "organisation": o} for i, o in enumerate(organisations, 1)]
        yield PARTNER_CONTACTS, [self.partner(i, len(organisations)) for i in range(1, self.partners + 1)]
        yield INDIVIDUALS, [{"id": i, "name": self.name()[0], "email": f"i{i}@example.com"} for i in individuals]
        yield (
            INQUIRIES,
            [
                {"id": i, "individual_id": i, "body": self.pick(words.QUESTIONS), "created_at": self.when(360)}
                for i in individuals
            ],
        )

    def contact(self, local: str) -> dict[str, object]:
        return {"name": self.name()[0], "email": f"{local}@example.com", "phone": self.phone()}

    def partner(self, i: int, organisations: int) -> dict[str, object]:
        return {
            "id": i,
            "partner_id": self.chance.randint(1, organisations),
            **self.contact(f"p{i}"),
            "role": self.pick(words.ROLES),
            "last_contact": self.when(),
            "last_payment": self.when(),
        }

    def somebody(self, column: str) -> dict[str, object]:
        """Return some customer, and an instant at which they were one, under the column's name."""
        i = self.chance.randint(1, self.customers)
        return {"customer_id": i, column: self.later(i)}

    def later(self, customer: int) -> datetime:
        """Return an instant between a customer's first day and today."""
        return self.between(self.joined[customer - 1], NOW)

    def between(self, first: datetime, last: datetime) -> datetime:
        return (first + (last - first) * self.chance.random()).replace(microsecond=0)

    def customer(self, i: int) -> dict[str, object]:
        name, kana = self.name()
        age = self.chance.randint(10, 15) if i % 19 == 0 else self.chance.randint(16, 80)
        band = "10-12" if age <= 12 else "13-15" if age <= 15 else "16-17" if age <= 17 else "18+"
        if age <= 15:
            self.bands[str(i)] = band
        born = TODAY - timedelta(days=age * 365 + age // 4 + self.chance.randrange(1, 300))
        town = self.pick(words.TOWNS)
        joined = self.when(1500 if age > 17 else 200)
        self.joined.append(joined)
        return {
            "id": i,
            "name": name,
            "name_kana": kana,
            "email": f"c{i}@example.jp",
            "phone": self.phone(),
            "postal_code": f"000-{self.chance.randrange(10_000):04d}",
            "address": f"{town}{self.chance.randint(1, 30)}丁目{self.chance.randint(1, 20)}番",
            "birth_date": born,
            "age_band": band,
            "created_at": joined,
            "closed_at": self.later(i) if self.chance.random() < 0.04 else None,
        }

    def order(self, i: int, customer: dict[str, object]) -> dict[str, object]:
        return {
            "id": i,
            "customer_id": customer["id"],
            "placed_at": self.later(int(str(customer["id"]))),
            "status": self.chance.choice(("paid", "sent", "sent", "sent")),
            "total_yen": 980 + 500 * self.chance.randint(1, 12),
            "ship_name": customer["name"],
            "ship_address": customer["address"],
        }

    def ticket(self, i: int) -> dict[str, object]:
        question = self.pick(words.QUESTIONS)
        return {"id": i, **self.somebody("created_at"), "subject": question[:12], "body": question}

    def manuscript(self, i: int) -> dict[str, object]:
        who = self.chance.randint(1, self.customers)
        sent = self.later(who)
        decided = None if self.chance.random() < 0.3 else self.between(sent, NOW)
        return {"id": i, "customer_id": who, "title": self.pick(words.TITLES), "sent_at": sent, "decided_at": decided}

    def made(self) -> Made:
        """Return who is there and what they decided: many said yes, some took it back, most were never asked."""
        decisions: list[Decided] = []
        for i in range(1, self.customers + 1):
            key = str(i)
            decisions += self.guarded(key) if key in self.bands else self.decided(key, "self", OPTIONAL)
        counts = {
            "customer": self.customers,
            "partner-contact": self.partners,
            "applicant": self.applicants,
            "individual": self.individuals,
        }
        return Made(counts, dict(self.bands), tuple(decisions))

    def decided(self, key: str, by: str, shares: Mapping[str, float]) -> list[Decided]:
        found = []
        for purpose, share in shares.items():
            if self.chance.random() < share:
                found.append(Decided(key, purpose, "give", by))
                if self.chance.random() < 0.09:
                    found.append(Decided(key, purpose, "withdraw", by))
        return found

    def guarded(self, key: str) -> list[Decided]:
        """Return what a child's guardian decided: a third has not answered yet, a few said no, the rest yes to some."""
        answer = self.chance.random()
        if answer < 0.33:
            return []
        if answer < 0.45:
            return [Decided(key, purpose, "refuse", "guardian") for purpose in FOR_CHILDREN]
        return self.decided(key, "guardian", FOR_CHILDREN | {"survey-research": 0.3})
