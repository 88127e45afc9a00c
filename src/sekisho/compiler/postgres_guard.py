"""Standing in PostgreSQL: masks on rows, kept right by triggers whoever writes.

A row of a person takes what is recorded for that person, else the default of the class. A row that belongs to
others stands where every owner stands. Guards run before each row is written; a changed mask is carried to what the
row owns, one statement a table. Triggers are ENABLE ALWAYS, functions are definer functions of the gate's role.
"""

from __future__ import annotations

from sekisho.compiler.plan import Section
from sekisho.compiler.postgres_live import MASK, NOBODY, Inventory, LiveTable, Names, base, children
from sekisho.compiler.quoting import dollar, ident, literal, made_name
from sekisho.compiler.rules import RuleSet, TableRule
from sekisho.datamap.model import Link

BUCKETS = 1024
"""Rows to lock that keep a new person's row and a change of that person's standing from passing each other unseen."""


def key_text(alias: str, columns: tuple[str, ...]) -> str:
    """Return SQL for a person's key as the one text by which all stores name it."""
    parts = [f"{alias}.{ident(c)}" for c in columns]
    return f"({parts[0]})::text" if len(parts) == 1 else f"jsonb_build_array({', '.join(parts)})::text"


def key_parts(columns: tuple[str, ...], key: str, live: LiveTable) -> list[str]:
    """Return SQL for each part of a key text in its column's own type, so that the column's index serves."""
    if len(columns) == 1:
        return [f"({key})::{live.type_of(columns[0])}"]
    return [f"(({key})::jsonb ->> {i})::{live.type_of(c)}" for i, c in enumerate(columns)]


def guard(rules: RuleSet, table: TableRule, live: Inventory, names: Names) -> Section:
    """Make the triggers that keep a table's masks right, and carry changes to what its rows own."""
    name = f"sekisho.{ident(made_name('guard', table.name))}"
    trigger = f"create trigger sekisho_guard before insert or update on {base(rules, table.name)} for each row"
    up = _trigger(rules, table, names, name, _row_body(rules, table, live), trigger)
    down = _untrigger(rules, table, name, "sekisho_guard")
    owned = children(rules, table)
    loose = [(c, k) for c, k in owned if (k.columns, table.name) not in live.tables[c.name].foreign_keys]
    if owned:
        ups, downs = _carry(rules, table, loose, names)
        up, down = up + ups, downs + down
    for event in ("insert", "delete", "truncate") if loose else ():
        ups, downs = _loose(rules, table, loose, names, event)
        up, down = up + ups, downs + down
    near = [table.name, *(link.table for link in table.owners), *(c.name for c, _ in owned)]
    return Section(f"guard:{table.name}", tuple(dict.fromkeys(f"owner:{n}" for n in near)), tuple(up), tuple(down))


def _trigger(rules: RuleSet, table: TableRule, names: Names, name: str, body: str, trigger: str) -> list[str]:
    event = trigger.split()[2]
    return [
        f"create function {name}() returns trigger language plpgsql security definer\n"
        "set search_path = pg_catalog, pg_temp as " + dollar(f"\n{body}\nend "),
        f"alter function {name}() owner to {ident(names.gate)}",
        f"revoke all on function {name}() from public",
        f"{trigger} execute function {name}()",
        f"alter table {base(rules, table.name)} enable always trigger {event}",
    ]


def _untrigger(rules: RuleSet, table: TableRule, name: str, trigger: str) -> list[str]:
    return [f"drop trigger {trigger} on {base(rules, table.name)}", f"drop function {name}()"]


def _row_body(rules: RuleSet, table: TableRule, live: Inventory) -> str:
    steps = ["mask := -1;"]
    if table.owners:
        own = [*table.key, *([table.age] if table.age else [])] if table.subject else []
        fixed = dict.fromkeys([*own, *(c for link in table.owners for c in link.columns)])
        same = " and ".join(f"old.{ident(c)} is not distinct from new.{ident(c)}" for c in fixed)
        steps.insert(0, f"if tg_op = 'UPDATE' and {same} and old.{MASK} = new.{MASK} then\n    return new;\n  end if;")
    if table.subject:
        steps += _subject_steps(rules, table, live)
    for link in table.owners:
        steps += _link_steps(rules, link)
    steps.append(f"new.{MASK} := case when mask = -1 then {NOBODY} else mask end;")
    return "declare\n  mask bigint;\n  found_mask bigint;\nbegin\n  " + "\n  ".join(steps) + "\n  return new;"


def default_of(rules: RuleSet, table: TableRule, alias: str, live: Inventory) -> str:
    """Return SQL for the mask of a person about whom nothing is recorded: the class's, or nobody's for a minor."""
    if not table.age:
        return str(table.default)
    return f"case when {_minor(rules, table, alias, live)} then {NOBODY} else {table.default} end"


def _minor(rules: RuleSet, table: TableRule, alias: str, live: Inventory) -> str:
    """Return SQL that says whether a row is of somebody under age; what cannot be read as an age is taken for one."""
    column, kind, under = f"{alias}.{ident(table.age)}", live.tables[table.name].type_of(table.age), rules.minors_under
    if kind == "date" or kind.startswith("timestamp"):
        return f"{column} > current_date - interval '{under} years'"
    if kind in ("smallint", "integer", "bigint"):
        return f"{column} < {under}"
    text = f"({column})::text"
    # a year is compared by itself, so that a text which is no date cannot stop the application's own writing
    year = f"left({text}, 4)::integer >= extract(year from current_date) - {under}"
    band = f"coalesce(substring({text} from '^\\d{{1,3}}')::integer, 0) < {under}"
    return f"case when {text} ~ '^\\d{{4}}-' then {year} when {column} is not null then {band} else false end"


def _subject_steps(rules: RuleSet, table: TableRule, live: Inventory) -> list[str]:
    key, who = key_text("new", table.key), literal(table.subject)
    changed = " or ".join(f"old.{ident(c)} is distinct from new.{ident(c)}" for c in table.key)
    bucket = f"hashtext({who} || ':' || {key}) & {BUCKETS - 1}"
    lock = f"perform from sekisho.bucket b where b.n = {bucket} for share;"
    return [
        # a new person's row and a change of that person's standing wait for each other, so neither misses the other
        f"if tg_op = 'INSERT' then {lock}",
        f"elsif {changed} then {lock}",
        "end if;",
        "select s.mask into mask from sekisho.standing s",
        f"  where s.class = {who} and s.key = {key};",
        f"mask := coalesce(mask, {default_of(rules, table, 'new', live)});",
    ]


def _link_steps(rules: RuleSet, link: Link) -> list[str]:
    """Every owner must stand; the owner's row is locked so that its standing cannot change unseen meanwhile."""
    whole = " and ".join(f"new.{ident(c)} is not null" for c in link.columns)
    same = _joined(rules, link, "o", "new")
    return [
        f"if {whole} then",
        f"  select o.{MASK} into found_mask from {base(rules, link.table)} o where {same} for share;",
        f"  mask := mask & coalesce(found_mask, {NOBODY});",
        "end if;",
    ]


def _joined(rules: RuleSet, link: Link, owner: str, owned: str) -> str:
    above = rules.table(link.table)
    if above is None:
        raise KeyError(link.table)
    pairs = zip(above.key, link.columns, strict=True)
    return " and ".join(f"{owner}.{ident(k)} = {owned}.{ident(c)}" for k, c in pairs)


def _carry(
    rules: RuleSet, table: TableRule, loose: list[tuple[TableRule, Link]], names: Names
) -> tuple[list[str], list[str]]:
    """Carry changed masks to what the rows own; where no foreign key holds a link, carry changed keys as well."""
    name = f"sekisho.{ident(made_name('carry', table.name))}"
    same_row = " and ".join(f"n.{ident(k)} = o.{ident(k)}" for k in table.key)
    updates = [
        f"  update {base(rules, child.name)} c set {MASK} = n.{MASK}\n"
        f"    from sekisho_new n join sekisho_old o on {same_row}\n"
        f"    where n.{MASK} <> o.{MASK} and {_joined(rules, link, 'n', 'c')} and c.{MASK} <> n.{MASK};"
        for child, link in children(rules, table)
    ]
    # a mask that cannot be right makes the owned row's own guard compute it anew
    updates += [
        f"  update {base(rules, child.name)} c set {MASK} = -1 from sekisho_{this} r\n"
        f"    where {_joined(rules, link, 'r', 'c')} and not exists (select from sekisho_{other} x where "
        + " and ".join(f"x.{ident(k)} = r.{ident(k)}" for k in table.key)
        + ");"
        for child, link in loose
        for this, other in (("old", "new"), ("new", "old"))
    ]
    trigger = (
        f"create trigger sekisho_carry after update on {base(rules, table.name)}\n"
        "referencing old table as sekisho_old new table as sekisho_new for each statement"
    )
    body = "begin\n" + "\n".join(updates) + "\n  return null;"
    return _trigger(rules, table, names, name, body, trigger), _untrigger(rules, table, name, "sekisho_carry")


def _loose(
    rules: RuleSet, table: TableRule, loose: list[tuple[TableRule, Link]], names: Names, event: str
) -> tuple[list[str], list[str]]:
    """Where no foreign key holds a link, an owner may appear after, or vanish before, what it owns."""
    name = f"sekisho.{ident(made_name(event, table.name))}"
    trigger = f"create trigger sekisho_{event} after {event} on {base(rules, table.name)}"
    if event == "truncate":
        updates = [f"  update {base(rules, child.name)} c set {MASK} = -1;" for child, _ in loose]
        trigger += " for each statement"
    else:
        rows, value = ("new", f"r.{MASK}") if event == "insert" else ("old", str(NOBODY))
        updates = [
            f"  update {base(rules, child.name)} c set {MASK} = {value} from sekisho_rows r\n"
            f"    where {_joined(rules, link, 'r', 'c')} and c.{MASK} <> {value};"
            for child, link in loose
        ]
        trigger += f"\nreferencing {rows} table as sekisho_rows for each statement"
    body = "begin\n" + "\n".join(updates) + "\n  return null;"
    return _trigger(rules, table, names, name, body, trigger), _untrigger(rules, table, name, f"sekisho_{event}")


def right_mask(rules: RuleSet, table: TableRule, live: Inventory) -> str:
    """Return SQL for the mask that row `t` of a table must have, from standing and its owners' masks."""
    parts = []
    if table.subject:
        parts.append(
            f"coalesce((select s.mask from sekisho.standing s where s.class = {literal(table.subject)} "
            f"and s.key = {key_text('t', table.key)}), {default_of(rules, table, 't', live)})"
        )
    for link in table.owners:
        whole = " and ".join(f"t.{ident(c)} is not null" for c in link.columns)
        above = f"select o.{MASK} from {base(rules, link.table)} o where {_joined(rules, link, 'o', 't')}"
        parts.append(f"case when {whole} then coalesce(({above}), {NOBODY}) else -1 end")
    return f"(select case when m = -1 then {NOBODY} else m end from (select ({' & '.join(parts)})::bigint) v(m))"


def masks(rules: RuleSet, table: TableRule, live: Inventory) -> Section:
    """Give the rows that are already there the mask that they must have."""
    right = right_mask(rules, table, live)
    return Section(
        f"masks:{table.name}",
        (f"guard:{table.name}", *(f"masks:{link.table}" for link in table.owners)),
        (f"update {base(rules, table.name)} t set {MASK} = {right} where t.{MASK} <> {right}",),
        (),
    )


def project(rules: RuleSet, live: Inventory, names: Names) -> Section:
    """Make the one function that changes people's standing: record the deviations, then touch their rows."""
    subjects = [t for t in rules.tables if t.subject]
    touches = "\n".join(_touch(rules, table, live) for table in subjects)
    # where a row's age decides, what equals the class's default is still a deviation and is kept
    aged = {t.subject for t in subjects if t.age}
    plain = {c: m for c, m in sorted(rules.defaults.items()) if c not in aged}
    defaults = " ".join(f"when {literal(c)} then {m}" for c, m in plain.items()) or "when '' then -1"
    written = " ".join(f"when {literal(t.subject)} then {_canonical(t, live)}" for t in subjects) or "when '' then ''"
    signature = "sekisho.project(text[], text[], bigint[], bigint, bigint)"
    body = f"""declare
  touched bigint;
  total bigint := 0;
  reached bigint;
begin
  -- one projection at a time: what is older than what is here must not overwrite it, what leaves a gap must not pass
  select l.position into reached from sekisho.lease l for update;
  if reached > head then
    return -1;
  end if;
  if reached < since then
    return -2;
  end if;
  -- guards look a person up by the text of the key as the column writes it, so `07` must become `7` here
  keys := array(select case u.class {written} else u.key end
    from unnest(classes, keys) with ordinality u(class, key, n) order by u.n);
  perform from sekisho.bucket b where b.n in (
    select hashtext(u.class || ':' || u.key) & {BUCKETS - 1} from unnest(classes, keys) u(class, key))
    order by b.n for update;
  insert into sekisho.standing as s (class, key, mask)
    select distinct on (u.class, u.key) u.class, u.key, u.mask from unnest(classes, keys, masks) u(class, key, mask)
    on conflict (class, key) do update set mask = excluded.mask;
{touches}
  delete from sekisho.standing s using unnest(classes, keys) u(class, key)
    where s.class = u.class and s.key = u.key and s.mask = case s.class {defaults} else -1 end;
  update sekisho.lease l set position = head,
    changed_at = case when total > 0 then clock_timestamp() else l.changed_at end;
  return total;"""
    return Section(
        "project",
        ("core", *(f"guard:{t.name}" for t in subjects)),
        (
            "create function sekisho.project(classes text[], keys text[], masks bigint[], since bigint, head bigint)\n"
            "returns bigint\n"
            "language plpgsql security definer set search_path = pg_catalog, pg_temp as " + dollar(f"\n{body}\nend "),
            f"alter function {signature} owner to {ident(names.gate)}",
            f"revoke all on function {signature} from public",
            f"grant execute on function {signature} to {ident(names.service)}",
        ),
        (f"drop function {signature}",),
    )


def minors(rules: RuleSet, live: Inventory, names: Names) -> Section:
    """Make the function that says which of some people are under age by their own rows."""
    asked = "\n  union all\n".join(_asked(rules, table, live) for table in rules.tables if table.age)
    signature = "sekisho.minors(text[], text[])"
    return Section(
        "minors",
        ("core", *(f"owner:{t.name}" for t in rules.tables if t.age)),
        (
            "create function sekisho.minors(classes text[], keys text[]) returns table (class text, key text)\n"
            "language sql stable security definer set search_path = pg_catalog, pg_temp as "
            + dollar(f"\n{asked or '  select null::text, null::text where false'}\n"),
            f"alter function {signature} owner to {ident(names.gate)}",
            f"revoke all on function {signature} from public",
            f"grant execute on function {signature} to {ident(names.service)}",
        ),
        (f"drop function {signature}",),
    )


def _asked(rules: RuleSet, table: TableRule, live: Inventory) -> str:
    parts = key_parts(table.key, "u.key", live.tables[table.name])
    typed = ", ".join(f"{part} as k{i}" for i, part in enumerate(parts))
    match = " and ".join(f"t.{ident(c)} = g.k{i}" for i, c in enumerate(table.key))
    return (
        f"  select g.class, g.key from (select u.class, u.key, {typed} from unnest(classes, keys) u(class, key)\n"
        f"    where u.class = {literal(table.subject)}) g\n"
        f"  join {base(rules, table.name)} t on {match} where {_minor(rules, table, 't', live)}"
    )


def _canonical(table: TableRule, live: Inventory) -> str:
    """Return SQL for a key text as the person's own row would write it."""
    parts = key_parts(table.key, "u.key", live.tables[table.name])
    return f"({parts[0]})::text" if len(parts) == 1 else f"jsonb_build_array({', '.join(parts)})::text"


def _touch(rules: RuleSet, table: TableRule, live: Inventory) -> str:
    parts = key_parts(table.key, "u.key", live.tables[table.name])
    typed = ", ".join(f"{part} as k{i}" for i, part in enumerate(parts))
    match = " and ".join(f"t.{ident(c)} = g.k{i}" for i, c in enumerate(table.key))
    return (
        f"  update {base(rules, table.name)} t set {MASK} = g.mask from (\n"
        f"    select u.mask, {typed} from unnest(classes, keys, masks) u(class, key, mask)\n"
        f"    where u.class = {literal(table.subject)}) g\n"
        f"    where {match} and t.{MASK} <> g.mask;\n"
        "  get diagnostics touched = row_count;\n"
        "  total := total + touched;"
    )
