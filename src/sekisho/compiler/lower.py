"""Lowering: a policy and the map of one store become a rule set.

The pipeline is visible: purposes → defaults → tables → views → logins. What the map does not know is not readable;
what cannot be resolved to its people does not compile.
"""

from __future__ import annotations

from sekisho.compiler.rules import LoginRule, PurposeRule, RuleSet, TableRule, ViewRule
from sekisho.datamap.model import DataMap, Table, Use, Withheld, by_depth, classes_of
from sekisho.policy.model import Action, Policy, Purpose, covers
from sekisho.policy.source import Diagnostic, Severity

REACHING_PEOPLE = ("name", "contact")
"""What may be used to ask for consent and to warn: how to address and reach the person, nothing else."""

RESERVED_USES: dict[str, tuple[str, ...]] = {
    "ask-consent": REACHING_PEOPLE,
    "warn-people": REACHING_PEOPLE,
    "answer-requests": ("",),
    "comply-with-law": ("",),
    "migration": (),
}
"""Categories of the reserved purposes; the empty name covers every category."""


def lower(policy: Policy, data_map: DataMap) -> tuple[RuleSet, tuple[Diagnostic, ...]]:
    """Return what must be enforced in the map's store, and what stands in the way (never raises on bad input)."""
    purposes = tuple(_purpose_rule(p, policy) for p in policy.purposes)
    defaults = {s.name: default_mask(purposes, s.name) for s in policy.subjects}
    under = min((m.under for m in policy.minors), default=0)
    tables = tuple(_table_rule(t, defaults, under) for t in by_depth(data_map))
    rules = RuleSet(
        store=data_map.store,
        engine=data_map.engine,
        schema=data_map.schema,
        withheld=data_map.withheld,
        policy=policy.name,
        version=policy.version.isoformat(),
        tables=tables,
        open_tables=tuple(t.name for t in data_map.tables if not t.personal),
        purposes=purposes,
        views=tuple(v for p in purposes for v in _views(p, policy, data_map)),
        logins=tuple(LoginRule(i.name, i.purposes, i.bound, i.backup, i.pooled, i.witness) for i in data_map.logins),
        defaults=defaults,
        minors_under=under,
        categories={(t.name, c.name): c.category for t in data_map.tables for c in t.columns if c.category},
    )
    return rules, _diagnose(policy, data_map, rules)


def default_mask(purposes: tuple[PurposeRule, ...], subject: str) -> int:
    """Return the mask of a person of a class about whom nothing is recorded: every purpose that needs no yes."""
    return sum(p.bit for p in purposes if p.reserved or (subject in p.of and not p.opt_in))


def _purpose_rule(purpose: Purpose, policy: Policy) -> PurposeRule:
    reserved = purpose.reserved
    return PurposeRule(
        name=purpose.name,
        number=purpose.number,
        clause=purpose.clause,
        opt_in=purpose.because.opt_in and not reserved,
        reserved=reserved,
        witness=purpose.witness,
        of=tuple(s.name for s in policy.subjects) if reserved else purpose.of,
        uses=RESERVED_USES[purpose.name] if reserved else purpose.uses,
    )


def _table_rule(table: Table, defaults: dict[str, int], under: int) -> TableRule:
    default = defaults.get(table.subject, 0) if table.subject else 0
    columns = tuple(c.name for c in table.columns)
    return TableRule(table.name, table.key, table.subject, table.owners, default, columns, table.age if under else "")


def _views(purpose: PurposeRule, policy: Policy, data_map: DataMap) -> list[ViewRule]:
    declared = policy.purpose(purpose.name)
    may = declared.may if declared is not None and not purpose.reserved else (Action.READ,)
    views = []
    for table in by_depth(data_map):
        if not classes_of(data_map, table) & set(purpose.of):
            continue
        used = {c.name for c in table.columns if c.use is Use.PERSONAL and _used(purpose, c.category)}
        if not used:
            continue
        shown = tuple(c.name for c in table.columns if c.use is not Use.PERSONAL or c.name in used)
        withheld = tuple(c.name for c in table.columns if c.use is Use.PERSONAL and c.name not in used)
        person, person_class = _person_columns(purpose, data_map, table)
        if purpose.name == "answer-requests" and not person:
            continue
        views.append(ViewRule(purpose.name, table.name, shown, withheld, may, person, person_class))
    return views


def _used(purpose: PurposeRule, category: str) -> bool:
    return purpose.uses == ("",) or covers(purpose.uses, category)


def _person_columns(purpose: PurposeRule, data_map: DataMap, table: Table) -> tuple[tuple[str, ...], str]:
    """Return where the person's key stands in a row, for the purpose that serves the request of one person."""
    if purpose.name != "answer-requests":
        return (), ""
    if table.subject:
        return table.key, table.subject
    for link in table.owners:
        owner = data_map.table(link.table)
        if owner is not None and owner.subject:
            return link.columns, owner.subject
    return (), ""


def _diagnose(policy: Policy, data_map: DataMap, rules: RuleSet) -> tuple[Diagnostic, ...]:
    found: list[Diagnostic] = []
    subjects = {s.name for s in policy.subjects}
    categories = {c.name for c in policy.categories}
    purposes = {p.name for p in policy.purposes}
    placed = {t.name for t in rules.tables}
    for table in data_map.tables:
        if table.subject and table.subject not in subjects:
            found.append(
                Diagnostic(
                    "map-class",
                    f"`{table.subject}` is not a class of people in the policy",
                    table.span,
                    help=f"use one of: {', '.join(sorted(subjects)) or 'none declared yet'}",
                )
            )
        if table.personal and table.name not in placed:
            found.append(
                Diagnostic(
                    "map-owner",
                    f"the rows of `{table.name}` cannot be resolved to people",
                    table.span,
                    help="links must lead to a table with `subject:` without going round in a ring",
                )
            )
        found.extend(
            Diagnostic(
                "map-category",
                f"`{c.category}` is not a data category of the policy",
                c.span,
                help="declare it in a `data:` promise, or use one that exists",
            )
            for c in table.columns
            if c.category and c.category not in categories
        )
    for login in data_map.logins:
        found.extend(
            Diagnostic(
                "map-purpose",
                f"`{name}` is not a purpose of the policy",
                login.span,
                help=f"use one of: {', '.join(sorted(purposes))}",
            )
            for name in (*login.purposes, *((login.bound,) if login.bound else ()))
            if name not in purposes
        )
    seen = {v.purpose for v in rules.views}
    found.extend(
        Diagnostic(
            "purpose-sees-nothing",
            f"purpose `{p.name}` sees nothing in store `{data_map.store}`",
            help="map a column to one of the categories it uses, or leave it to another store",
            severity=Severity.NOTE,
        )
        for p in rules.purposes
        if p.name not in seen and not p.reserved
    )
    return tuple(found)


def hidden_name(rules: RuleSet, purpose: str, table: str, column: str) -> str:
    """Return a sentence that says why a purpose does not see a column, naming the clause; for refusals."""
    rule = rules.purpose(purpose)
    category = rules.categories.get((table, column), "")
    if rule is None:
        return f"`{purpose}` is not a purpose of the policy"
    uses = ", ".join(f"`{u}`" for u in rule.uses if u) or "nothing"
    what = f"`{column}` (`{category}`)" if category else f"`{column}`"
    return f"{what} is not for purpose `{purpose}`: clause #{rule.clause} uses {uses}"


__all__ = ["RESERVED_USES", "Withheld", "default_mask", "hidden_name", "lower"]
