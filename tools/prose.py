"""Checks what pages say about the repository: links, commands, files, length, and words that have no place in it."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click

from sekisho.cli.main import cli

LONGEST_README = 120
LINK = re.compile(
    r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)|<(?:img|source)[^>]* (?:src|srcset)=\"([^\"]+)\""
)
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
REMEDY = re.compile(r"`(sekisho [a-z][^`\n]*)`")
FENCE = re.compile(r"^( *)(```+)([^\n]*)\n(.*?)^ *\2 *$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.+?)(?: +\{#([\w-]+)[^}]*\})?$", re.MULTILINE)
CLAUSE = re.compile(r"\{#([\w-]+)[^}]*\}")
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
PATH = re.compile(r"\.?[\w-]+(?:/[\w.*{},-]+)+/?\Z|[\w-]+\.(?:md|toml|py|sh|sql|svg|yaml)\Z")
ROOTS = ("src", "tests", "docs", "corpus", "examples", "tools", "bench", ".ci")
ROOMS = (
    "ground",
    "policy",
    "datamap",
    "consent",
    "people",
    "evidence",
    "compiler",
    "gate",
    "adapters",
    "app",
    "cli",
    "web",
)
DOTTED = re.compile(r"sekisho(?:\.(?!toml\Z)[a-z_]+)+\Z")
FOREIGN = ((re.compile(r"/(?:home|root|Users)/\w"), "a path of somebody's machine"),)
ALLOWED = (
    ("tools/prose.py", "names what it looks for"),
    ("tests/docs/test_docs.py", "shows that what is looked for is found"),
)
"""Files in which foreign words may stand, each with its reason."""
TEXTS = (".md", ".py", ".sql", ".toml", ".yaml", ".yml", ".sh", ".html", ".css", ".txt", "", ".svg", ".js")


def wrong(top: Path) -> list[str]:
    """Return every sentence about what pages say and is not so."""
    found = []
    for page in pages(top):
        text = page.read_text(encoding="utf-8")
        name = page.relative_to(top).as_posix()
        found += [f"{name}: {what}" for what in (*_links(page, text), *_commands(top, text), *_paths(top, page, text))]
    readme = top / "README.md"
    if readme.exists() and (length := readme.read_text(encoding="utf-8").count("\n")) > LONGEST_README:
        found.append(f"README.md: {length} lines; {LONGEST_README} are enough for a first meeting")
    return [*found, *_remedies(top), *_foreign(top)]


def _remedies(top: Path) -> Iterator[str]:
    """Yield what is wrong with the commands that our own messages tell people to run."""
    for path in sorted((top / "src").rglob("*")):
        text = path.read_text(encoding="utf-8") if path.suffix in (".py", ".sql", ".html") else ""
        for said in dict.fromkeys(m[1] for m in REMEDY.finditer(text)):
            # what is filled in when the message is made is an argument
            if why := unknown(_words(re.sub(r"\{[^}]*\}", "", said))[1:]):
                yield f"{path.relative_to(top).as_posix()}: `{said}`: {why}"


def pages(top: Path) -> list[Path]:
    """Return the pages that people read: those at the top, in docs, and beside examples and corpora."""
    places = ("*.md", "docs/**/*.md", "examples/**/README.md", "corpus/**/README.md")
    return sorted({p for place in places for p in top.glob(place)})


def _links(page: Path, text: str) -> Iterator[str]:
    for match in LINK.finditer(FENCE.sub("", text)):
        target = next(g for g in match.groups() if g)
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = page if not path else (page.parent / path)
        if not there.exists():
            yield f"links to `{target}`, which is not there"
        elif anchor and there.suffix == ".md" and anchor not in _anchors(there.read_text(encoding="utf-8")):
            yield f"links to `{target}`, which has no such heading"


def _anchors(text: str) -> set[str]:
    plain = FENCE.sub("", text)
    made = {re.sub(r"[^\w\- ]", "", h[1].lower()).replace(" ", "-") for h in HEADING.finditer(plain)}
    return made | {c[1] for c in CLAUSE.finditer(plain)} | set(re.findall(r'<a id="([\w-]+)">', plain))


def _commands(top: Path, text: str) -> Iterator[str]:
    for line in dict.fromkeys(_quoted(text)):
        words = _words(line)
        if words[:1] == ["make"]:
            targets = set(TARGET.findall((top / "Makefile").read_text(encoding="utf-8")))
            named = [w for w in words[1:] if "=" not in w]
            yield from (f"`make {w}` is not in the Makefile" for w in named if w not in targets)
        elif words and words[0].rsplit("/", 1)[-1] == "sekisho":
            why = unknown(words[1:])
            if why:
                yield f"`{line}`: {why}"


def _quoted(text: str) -> Iterator[str]:
    """Yield the commands that a page quotes: after a prompt in a fence, whole lines of shell, and inline."""
    for fence in FENCE.finditer(text):
        kind, body = fence[3].strip(), fence[4].replace("\\\n", " ")
        for line in body.splitlines():
            if kind == "console" and line.startswith("$ "):
                yield line[2:].split("  #")[0]
            elif kind in ("sh", "bash"):
                yield line.split("  #")[0]
    for match in CODE.finditer(FENCE.sub("", text)):
        if re.match(r"(\.venv/bin/)?sekisho [a-z]|make [a-z]", match[1]):
            yield match[1]


def _words(line: str) -> list[str]:
    try:
        words = shlex.split(line)
    except ValueError:
        return []
    while words and re.match(r"[A-Z_]+=", words[0]):
        words = words[1:]
    stop = next((i for i, w in enumerate(words) if w in ("|", ">", ">>", "&&", ";", "<", "…")), len(words))
    return words[:stop]


def unknown(words: list[str]) -> str:
    """Return what the command line does not know of a command, or an empty text."""
    command: click.Command | None = cli
    context = click.Context(cli, info_name="sekisho")
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        choices = words[0].split("|")
        if missing := [c for c in choices if command.get_command(context, c) is None]:
            return f"`{missing[0]}` is not a command"
        if len(choices) > 1:
            return ""
        command, words = command.get_command(context, words[0]), words[1:]
    known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} if command else set()
    known |= {"-h", "--help"}
    odd = [w.split("=", 1)[0] for w in words if re.match(r"--?[a-z]", w) and w.split("=", 1)[0] not in known]
    return f"`{odd[0]}` is not an option of it" if odd else ""


def _paths(top: Path, page: Path, text: str) -> Iterator[str]:
    for match in CODE.finditer(FENCE.sub("", text)):
        said = match[1]
        if DOTTED.match(said):
            if not _module(top, said):
                yield f"names `{said}`, which is not there"
        elif PATH.match(said) and said.split("/")[0] in (*ROOTS, *ROOMS) and not _exists(top, page, said):
            yield f"names `{said}`, which is not there"


def _module(top: Path, dotted: str) -> bool:
    path = top / "src" / dotted.replace(".", "/")
    if path.is_dir() or path.with_suffix(".py").exists() or path.parent.with_suffix(".py").exists():
        return True
    # the gate's schema has the same name: `sekisho.enter` is a function in the database
    made = re.compile(rf"create (unlogged table|table|function|sequence) {re.escape(dotted)}\b")
    return any(made.search(p.read_text(encoding="utf-8")) for p in (top / "src").rglob("*.sql"))


def _exists(top: Path, page: Path, said: str) -> bool:
    bases = (top, top / "src" / "sekisho", page.parent)
    # braces and words in capitals stand for several names
    shape = re.sub(r"\{[^}]*\}|(?<![^/])[A-Z]+(?![^/])", "*", said.rstrip("/"))
    return any(next(base.glob(shape), None) is not None for base in bases)


def _foreign(top: Path) -> Iterator[str]:
    spared = {file for file, _ in ALLOWED}
    for name in _tracked(top):
        path = top / name
        if name in spared or path.suffix not in TEXTS or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for pattern, what in FOREIGN:
            if match := pattern.search(text):
                line = text.count("\n", 0, match.start()) + 1
                yield f"{name}:{line}: {what} has no place here: `{match[0]}`"


@cache
def _tracked(top: Path) -> tuple[str, ...]:
    """Return the files that belong to the repository, those not yet committed included."""
    listed = subprocess.run(
        ["git", "-C", str(top), "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=False,
    )
    names = listed.stdout.splitlines()
    return tuple(names) or tuple(p.relative_to(top).as_posix() for p in top.rglob("*") if p.is_file())
