"""Making an empty PostgreSQL database for a demonstration."""

from __future__ import annotations

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from sekisho.ground.errors import StoreTrouble


def empty_database(url: str) -> None:
    """Make the database of an address where it is not there; raises StoreTrouble where it is there and not empty."""
    parts = conninfo_to_dict(url)
    name = str(parts.pop("dbname", ""))
    others = {k: str(v) for k, v in parts.items() if v is not None}
    try:
        with psycopg.connect(make_conninfo(**others, dbname="postgres"), autocommit=True, connect_timeout=5) as db:
            there = db.execute("select 1 from pg_database where datname = %s", (name,)).fetchone()
            if there is None:
                db.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
                return
        with psycopg.connect(url, connect_timeout=5) as db:
            used = db.execute("select 1 from pg_tables where schemaname = 'public' limit 1").fetchone()
    except psycopg.OperationalError as error:
        raise StoreTrouble("no PostgreSQL server answers", help="run `make services`, or give --url") from error
    if used is not None:
        raise StoreTrouble(f"database `{name}` is not empty", help=f"drop it (dropdb {name}), or give another --url")
