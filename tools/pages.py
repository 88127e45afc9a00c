"""The reference pages, each made from the code that it describes; what the code cannot say itself is said here.

A field without a sentence is a KeyError: whoever adds one says what it is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import click
from calls import Call, addresses, calls, said_by_the_store

from sekisho.adapters.records.roles import ROLES, SAYS, Role
from sekisho.adapters.stores.postgres_check import REMEDIES
from sekisho.app import settings
from sekisho.cli.main import cli
from sekisho.datamap import read as reading
from sekisho.evidence import kinds as evidence
from sekisho.ground import errors, law, words
from sekisho.policy import front, kinds, yamltext
from sekisho.policy.model import RESERVED_PURPOSES

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
MAP = {
    "store": "the store's name, as in the settings",
    "engine": "the database engine",
    "schema": "the schema of the tables; `public` on PostgreSQL when not said",
    "withheld": "how a withheld column appears: `null` (a typed NULL) or `absent`; `null` when not said",
    "tables": "table → what it holds",
    "logins": "database login → the purposes it may state",
    "anchors": "anchor → `max(table.column)` or `min(table.column)`, or a list of them: one a class of people",
}
TABLE = {
    "subject": "the class of people whose rows these are",
    "key": "the column or columns that name a row; of a person's table, the person",
    "owner": "owner's table → the column or columns that link to its key; every owner must stand",
    "age": "the column that says how old the person is: a birth date, an age in years, or an age band such as `10-12`",
    "columns": "column → `key`, `plain` or a category",
    "personal": "`false` for a table without personal data, which every purpose reads",
}
LOGIN = {
    "purposes": "the purposes that its permits may name",
    "bound": "the one purpose that it holds by its role, without permits",
    "backup": "`true` where it reads everything, as a backup must",
    "witness": "`true` for the login by which an application's clients witness what they read; it sees no rows",
    "pooled": "`true` behind a transaction pooler: no session permits",
}
ENTRIES = {
    "policy-published": "a version of the policy was signed and kept",
    "plan-applied": "a plan was run on a store",
    "plan-removed": "the gate was taken away from a store",
    "permit-issued": "a permit was issued, before it could be used",
    "reading": "one statement was answered",
    "readings": "several statements of one permit were answered",
    "refusal": "the gate said no",
    "consent-decision": "a person decided about a purpose",
    "message-sent": "a message was handed to the mail server, before it got a line of it",
    "message-suppressed": "a message was not sent: the address or the standing said no",
    "vault-changed": "records were stored, corrected or erased in the vault",
    "keys-changed": "wrapping keys were rotated, or keys of people were written to a backup or put back from one",
    "standing-projected": "people's standing was brought into a store",
    "store-closed": "every permit of a store was voided",
    "migration-entered": "governed tables were opened for a change of schema",
    "checkpoint-cosigned": "an outsider signed a checkpoint",
    "bodies-dropped": "bodies of old entries were dropped, as their own promise says; their leaves stay",
    "staff-signed-in": "somebody of the staff signed in, before the session began",
    "staff-signed-out": "somebody of the staff signed out",
    "staff-refused": "a sign-in at the desk was refused; the handle is all zeros where nobody has that name",
    "staff-changed": "somebody of the staff was invited, changed or removed, or changed a password or a factor",
    "reasons-read": "somebody of the staff read the words of reasons, of these entries",
    "drill-run": "a drill was run",
    "incident": "something happened that must be looked at",
}
TYPES = {
    "handle": "a random name of a person or an actor, 32 hexadecimal digits",
    "handles": "a list of handles",
    "digest": "a SHA-256, 64 hexadecimal digits",
    "digest?": "a digest, or empty",
    "digests": "a list of digests",
    "code": "a word from a closed list, a name or a version",
    "codes": "a list of codes",
    "instant": "RFC 3339 in UTC",
    "number": "a whole number from 0",
    "numbers": "a list of numbers",
    "handle-lists": "a list of lists of handles",
    "flag": "true or false",
}


def table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    """Return a Markdown table; a bar in a cell is escaped."""
    heads = list(columns)
    body = ["| " + " | ".join(str(c).replace("|", "\\|") for c in row) + " |" for row in rows]
    return ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads), *body]


def promises() -> list[str]:
    """The language: front matter and promise kinds."""
    facts = [(f"`{n}`", "required" if n in front.REQUIRED else "", says) for n, says in front.FIELDS.items()]
    head = ["# The policy language", "", "## Front matter", "", *table(("fact", "", "says"), facts), ""]
    reserved = [(number, f"`{name}`", _word(name)) for name, number in RESERVED_PURPOSES.items()]
    tail = ["## Reserved purposes", "", *table(("number", "purpose", "for"), reserved), ""]
    tail += ["A promise is kept by the engine where its kind is one of "]
    tail[-1] += ", ".join(f"`{k}`" for k in kinds.ENFORCED) + "; `procedure` is kept by people; "
    tail[-1] += ", ".join(f"`{k}`" for k in kinds.DEFINING) + " say what words mean or where to turn."
    return [
        *head,
        *kinds.reference().replace("\n## ", "\n### ").replace("# Promise", "## Promise", 1).splitlines(),
        "",
        *tail,
    ]


def _word(name: str) -> str:
    known = words.word(name)
    if known is None:
        raise KeyError(name)
    return known.says.removeprefix("reserved: ")


def diagnostics() -> list[str]:
    """Every diagnostic that a reader, a check or a compiler can give."""
    rows: dict[str, list[Call]] = {}
    for call in (*calls("diagnostics"), *(Call("yaml", says, remedy) for _, says, remedy in yamltext.REMEDIES)):
        rows.setdefault(call.code, []).append(call)
    lines = [
        "# Diagnostics",
        "",
        "What `sekisho check` and `sekisho gate plan` can say. `…` stands for the words at hand.",
    ]
    shown, examples = [], _examples()
    for code in sorted(rows):
        told = [c for c in rows[code] if c.says != "…"] or rows[code]
        for says, remedy, weight in dict.fromkeys((c.says, c.help, c.weight) for c in told):
            shown.append((f"`{code}`", weight, says, remedy, examples.pop(code, "")))
    return [*lines, "", *table(("code", "weight", "message", "help", "as it is said"), shown)]


def _examples() -> dict[str, str]:
    """Return code → a link to a bad file of the corpus for which it is said, the one of that name before others."""
    found: dict[str, str] = {}
    for path in sorted(CORPUS.glob("*/bad/*.txt")):
        link = f"[{path.stem}](../../corpus/{path.relative_to(CORPUS).as_posix()})"
        for code in re.findall(r"^(?:error|warning|note)\[([a-z-]+)\]", path.read_text(encoding="utf-8"), re.MULTILINE):
            if path.stem == code or code not in found:
                found[code] = link
    return found


def exits() -> list[str]:
    """Errors, refusals and exit codes."""
    tree = [errors.SekishoError, *errors.SekishoError.__subclasses__()]
    kinds_ = [
        (e.exit_code, f"`{e.code}`", (e.__doc__ or "").strip().rstrip("."))
        for e in sorted(tree, key=lambda e: e.exit_code)
    ]
    lines = [
        "# Errors and exit codes",
        "",
        "0 is done. `sekisho check`, `sekisho doctor` and the checks of the gate exit with 2",
    ]
    lines[-1] += " when they found something."
    lines += ["", *table(("exit code", "error", "means"), kinds_), "", "## Refusals", ""]
    lines += ["Each is witnessed with its code and clause.", ""]
    found: dict[str, str] = {}
    for call in calls("refusals"):
        if found.get(call.code, "…") == "…":
            found[call.code] = call.says
    lines += table(("code", "says"), sorted((f"`{c}`", s) for c, s in found.items() if c != "allowed"))
    lines += [
        "",
        "On PostgreSQL the store itself says, after `sekisho: `:",
        "",
        *table(("says", "help"), said_by_the_store()),
    ]
    lines += ["", "## Ways past the gate", "", "What `sekisho gate holes` lists as holes, and the remedy.", ""]
    holes = dict(REMEDIES)
    for call in calls("holes"):
        holes.setdefault(call.code, call.help)
    return lines + table(("code", "remedy"), ((f"`{c}`", r) for c, r in sorted(holes.items())))


def commands() -> list[str]:
    """The command line, command by command."""
    lines = ["# Commands", "", "Every command has `-h`. Exit codes are on [their own page](errors.md).", ""]
    context = click.Context(cli, info_name="sekisho")
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        if command is not None:
            lines += _command(command, click.Context(command, info_name=name, parent=context), 2)
    return lines


def _command(command: click.Command, context: click.Context, level: int) -> list[str]:
    usage = " ".join(command.collect_usage_pieces(context))
    help_ = re.sub(r"\s+", " ", command.help or "").strip()
    lines = [f"{'#' * level} `{context.command_path}`", "", help_, ""]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            under = command.get_command(context, name)
            if under is not None:
                lines += _command(under, click.Context(under, info_name=name, parent=context), level + 1)
        return lines
    lines += ["```text", f"{context.command_path} {usage}", "```", ""]
    options = [p.get_help_record(context) for p in command.params if isinstance(p, click.Option) and not p.hidden]
    rows = [(f"`{o[0]}`", re.sub(r"\s+", " ", o[1])) for o in options if o is not None]
    return [*lines, *table(("option", ""), rows), ""] if rows else lines


def configuration() -> list[str]:
    """The settings file, as its reader says it, and the environment."""
    sample = (settings.__doc__ or "").partition("\n\n")[2].strip()
    known = tomllib.loads(sample)
    for key in (*settings.TABLES, *settings.OF_STORE, *(k for keys in settings.TABLES.values() for k in keys)):
        if not _mentioned(key, known):
            raise KeyError(f"{key} in the docstring of sekisho.app.settings")
    lines = ["# Settings", "", f"`{settings.NAME}` stands beside `policy.md`.", "", "```toml", sample, "```", ""]
    lines += ["`${NAME}` in an address is taken from the environment, so that no password stands in the file.", ""]
    lines += ["## Environment", "", *table(("variable", "says"), ((f"`{n}`", ENVIRONMENT[n]) for n in _variables()))]
    return lines


ENVIRONMENT = {
    "SEKISHO_FOLDER": "the folder whose pages the site serves; `serve` sets it",
    "SEKISHO_BACKUP_PASSPHRASE": "what a backup of keys is sealed under, where no file is named",
    "SEKISHO_LOG": "how lines are written, `text` or `json`; `serve --log` sets it",
    "SEKISHO_SECRET": "the site's secret; `serve` makes one where none is given",
    "SEKISHO_MASTER_KEY": "the master key of the key store, 64 hexadecimal digits; without it the file of the settings",
    "SEKISHO_HOSTS": "the public names under which a proxy serves the pages; without it only this machine is answered",
    "SEKISHO_DEMO_URL": "the address of an empty PostgreSQL database for `demo`",
}


def _variables() -> list[str]:
    return sorted({call.code for call in calls("environment")})


def _mentioned(key: str, known: Mapping[str, object]) -> bool:
    return key in known or any(_mentioned(key, v) for v in known.values() if isinstance(v, Mapping))


def data_map() -> list[str]:
    """The fields of a data map."""
    lines = ["# Data map fields", "", "One YAML file a store, in `map/`. How to write one: [the map](../map.md).", ""]
    lines += [f"Engines: {', '.join(f'`{e}`' for e in reading.ENGINES)}.", ""]
    for title, names, says in (
        ("The map", reading.TOP, MAP),
        ("A table", reading.OF_TABLE, TABLE),
        ("A login", reading.OF_LOGIN, LOGIN),
    ):
        lines += [f"## {title}", "", *table(("field", "says"), ((f"`{n}`", says[n]) for n in names)), ""]
    return lines


def entries() -> list[str]:
    """The kinds of entries in the evidence log."""
    lines = [
        "# Kinds of entries",
        "",
        "The closed list of what can be recorded. No field holds free text or personal data.",
        "",
    ]
    for kind, fields in evidence.KINDS.items():
        lines += [f"## `{kind}`", "", f"{ENTRIES[kind][0].upper()}{ENTRIES[kind][1:]}.", ""]
        lines += [*table(("field", "type"), ((f"`{n}`", t) for n, t in fields.items())), ""]
    return [*lines, "## Types", "", *table(("type", "is"), ((f"`{t}`", _type(t)) for t in evidence.TYPES)), ""]


def _type(name: str) -> str:
    return f"{TYPES[name[:-1]]}, or empty" if name.endswith("?") else TYPES[name]


def laws() -> list[str]:
    """The law profiles: grounds and duties, with how far each was verified."""
    lines = [
        "# Law profiles",
        "",
        "Only a duty that was read in the text of the law (`primary`) and is in force makes an error;",
    ]
    lines[-1] += " the others are notes, counted as unchecked. A profile is no legal advice."
    for name in law.NAMES:
        profile = law.load(name)
        lines += ["", f"## `{name}`", "", profile.title["en"], "", "### Grounds", ""]
        grounds = (
            (f"`{g.word}`", g.article, "yes" if g.opt_in else "", ", ".join(g.details), g.says, g.verified)
            for g in profile.grounds
        )
        lines += table(("ground", "article", "opt-in", "detail", "says", "verified"), grounds)
        bases = (
            (f"`{b.code}`", b.article, "yes" if b.consent else "", "yes" if b.record else "", b.says, b.verified)
            for b in profile.bases
        )
        heads = ("basis", "article", "consent", "record", "says", "verified")
        if profile.bases:
            lines += ["", "### Bases for giving data to others", "", *table(heads, bases)]
        duties = (
            (f"`{d.id}`", d.article, d.text["en"], d.effective.isoformat(), d.status.replace("_", " "), d.verified)
            for d in profile.duties
        )
        lines += [
            "",
            "### Duties",
            "",
            *table(("duty", "article", "the policy must say", "since", "status", "verified"), duties),
        ]
    return lines


def site() -> list[str]:
    """The addresses of the pages."""
    lines = ["# Addresses", "", "What `sekisho serve` answers; each page also stands under `/ja/` and `/en/`.", ""]
    return [*lines, *table(("address", "shows"), ((f"`{a}`", says) for a, says in addresses()))]


def roles() -> list[str]:
    """What each role of the staff may do at the desk."""
    lines = ["# Roles of the staff", "", "The closed table of what each role may; nothing else grants anything."]
    lines[-1] += " How people come in: [staff](../staff.md)."
    rows = ((says, *("yes" if permission in ROLES[role] else "" for role in Role)) for permission, says in SAYS.items())
    return [*lines, "", *table(("may", *(f"`{role}`" for role in Role)), rows)]


PAGES: Mapping[str, tuple[str, Callable[[], list[str]]]] = {
    "promises.md": ("front matter and promise kinds", promises),
    "data-map.md": ("the fields of a data map", data_map),
    "settings.md": ("the settings file and the environment", configuration),
    "commands.md": ("the command line", commands),
    "addresses.md": ("the pages that are served", site),
    "diagnostics.md": ("what a check can say", diagnostics),
    "errors.md": ("errors, refusals, holes, exit codes", exits),
    "evidence.md": ("the kinds of entries in the log", entries),
    "roles.md": ("what each role of the staff may do", roles),
    "law.md": ("law profiles: grounds and duties", laws),
    "words.md": ("the vocabulary", lambda: words.reference().splitlines()),
}
"""Page → what it is about, and what makes it."""


def made() -> dict[str, str]:
    """Return every page of the reference by its name, the index included."""
    note = "<!-- made by tools/docs.py from the code; do not edit -->\n\n"
    pages = {name: note + "\n".join(make()).rstrip() + "\n" for name, (_, make) in PAGES.items()}
    index = ["# Reference", "", "Made from the code; a stale page fails `make lint`.", ""]
    index += [f"- [{name.removesuffix('.md')}]({name}): {about}" for name, (about, _) in PAGES.items()]
    return {"index.md": note + "\n".join(index) + "\n", **pages}
