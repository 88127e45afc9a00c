"""Roles of PostgreSQL: cluster-wide, so they may be there already, and may still be needed elsewhere."""

from __future__ import annotations

from sekisho.compiler.quoting import dollar, ident


def make_role(name: str, kind: str) -> str:
    """Return SQL that makes a role of a kind such as `nologin noinherit`, unless it is there."""
    return "do " + dollar(f" begin create role {ident(name)} {kind}; exception when duplicate_object then null; end ")


def drop_role(name: str) -> str:
    """Return SQL that drops a role unless another database of the cluster still needs it."""
    return "do " + dollar(
        f" begin drop role {ident(name)}; "
        "exception when dependent_objects_still_exist or undefined_object then null; end "
    )
