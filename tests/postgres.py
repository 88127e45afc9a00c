"""A real PostgreSQL for tests: where it is, and a fresh database for each module that asks."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

ADMIN = os.environ.get("SEKISHO_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/postgres")


def listening() -> bool:
    """Say whether the server answers."""
    try:
        psycopg.connect(ADMIN, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def fresh_database(prefix: str = "sekisho_test") -> Iterator[str]:
    """Make an empty database, yield its address, and drop it with the roles it brought."""
    name = f"{prefix}_{secrets.token_hex(4)}"
    with psycopg.connect(ADMIN, autocommit=True) as admin:
        before = {r[0] for r in admin.execute("select rolname from pg_roles")}
        admin.execute(f'create database "{name}"'.encode())
        # nothing here outlives the test, so no commit need wait for the disk
        admin.execute(f'alter database "{name}" set synchronous_commit = off'.encode())
    try:
        yield psycopg.conninfo.make_conninfo(ADMIN, dbname=name)
    finally:
        with psycopg.connect(ADMIN, autocommit=True) as admin:
            admin.execute(f'drop database "{name}" with (force)'.encode())
            after = {r[0] for r in admin.execute("select rolname from pg_roles")}
            for role in sorted(r for r in after - before if name in r):
                admin.execute(f'drop role "{role}"'.encode())
