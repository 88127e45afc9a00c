"""Reads in the source, without running it, what the code can say: diagnostics, refusals, holes, settings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src" / "sekisho"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that says something: its code, the message, the remedy, the weight; `…` is known only at run time."""

    code: str
    says: str
    help: str = ""
    weight: str = "error"


@dataclass(frozen=True, slots=True)
class Shape:
    """Which callables say it, in which rooms, and under which names their arguments come."""

    names: tuple[str, ...]
    rooms: tuple[str, ...]
    parameters: tuple[str, ...]


SHAPES: Mapping[str, Sequence[Shape]] = {
    "diagnostics": (
        Shape(("Diagnostic",), ("policy", "datamap", "compiler"), ("code", "message", "span", "help", "severity")),
        Shape(("say",), ("policy", "datamap"), ("code", "message", "span", "help")),
        Shape(("_trouble",), ("compiler",), ("code", "message", "help")),
    ),
    "refusals": (
        Shape(("Verdict",), ("gate",), ("allowed", "clause", "code", "message", "help")),
        Shape(("_refuse",), ("adapters",), ("code", "message", "error")),
    ),
    "holes": (Shape(("Hole",), ("adapters",), ("code", "who", "message", "help")),),
    "environment": (),
}
CALLED = {"nearest": "did you mean `…`?", "quoted": "`…`"}
"""Functions of ours and what they give."""


@cache
def _trees() -> tuple[tuple[str, ast.Module], ...]:
    return tuple(
        (path.relative_to(SOURCE).parts[0], ast.parse(path.read_text(encoding="utf-8")))
        for path in sorted(SOURCE.rglob("*.py"))
    )


def calls(what: str) -> Iterator[Call]:
    """Yield what the code can say of a kind named in `SHAPES`, in the order of the files."""
    if what == "environment":
        yield from _variables()
        return
    for room, tree in _trees():
        functions = {n.name: n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        inside = {id(node): f for f in functions.values() for node in ast.walk(f)}
        for node in ast.walk(tree):
            for shape in SHAPES[what] if isinstance(node, ast.Call) else ():
                if room in shape.rooms and isinstance(node, ast.Call):
                    yield from _said(node, shape, functions, _assigned(inside.get(id(node)), node.lineno))


def _assigned(function: ast.FunctionDef | None, line: int) -> dict[str, ast.expr]:
    """Return the expressions that a function gives to its names before a line; of several, the nearest."""
    given = [
        (node.lineno, target.id, node.value)
        for node in (ast.walk(function) if function is not None else ())
        if isinstance(node, ast.Assign) and node.lineno < line
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    return {name: value for _, name, value in sorted(given, key=lambda g: g[0])}


def _said(
    node: ast.Call, shape: Shape, functions: Mapping[str, ast.FunctionDef], assigned: Mapping[str, ast.expr]
) -> Iterator[Call]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name not in shape.names:
        return
    given = dict(zip(shape.parameters, _spread(node.args, functions), strict=False))
    given.update({k.arg: k.value for k in node.keywords if k.arg})
    given = {k: assigned.get(v.id, v) if isinstance(v, ast.Name) else v for k, v in given.items()}
    codes = [c for c in _texts(given.get("code")) if c not in ("", "…")]
    for i, code in enumerate(codes):
        says, remedy, weight = (
            _chosen(texts, i, len(codes))
            for texts in (_texts(given.get("message")), _texts(given.get("help")), _weights(given.get("severity")))
        )
        yield Call(code, says, remedy, weight or "error")


def _chosen(texts: Sequence[str], i: int, of: int) -> str:
    """Return the text that goes with the i-th of several codes: its own, or the one for all."""
    return texts[i] if len(texts) == of else " or ".join(texts)


def _spread(arguments: Sequence[ast.expr], functions: Mapping[str, ast.FunctionDef]) -> list[ast.expr]:
    """Return arguments with `*f(…)` replaced by the tuple that `f` returns."""
    spread: list[ast.expr] = []
    for argument in arguments:
        if isinstance(argument, ast.Starred) and isinstance(argument.value, ast.Call):
            function = functions.get(getattr(argument.value.func, "id", ""))
            returned = [n.value for n in ast.walk(function) if isinstance(n, ast.Return)] if function else []
            spread += [e for r in returned if isinstance(r, ast.Tuple) for e in r.elts]
        else:
            spread.append(argument)
    return spread


def _texts(node: ast.expr | None) -> list[str]:  # noqa: PLR0911 - one return a kind of expression
    """Return the texts that an expression can be; what is only known at run time is `…`."""
    if isinstance(node, ast.IfExp):
        return [*_texts(node.body), *_texts(node.orelse)]
    if isinstance(node, ast.Constant):
        return [str(node.value)] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        return ["".join(map(_part, node.values))]
    if isinstance(node, ast.Name) and node.id in _constants():
        return [_constants()[node.id]]
    if isinstance(node, ast.BoolOp):
        return _texts(node.values[-1])
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in CALLED:
        return [CALLED[getattr(node.func, "id", "")]]
    if isinstance(node, ast.BinOp):
        return [a + b for a in _texts(node.left) for b in _texts(node.right)]
    if isinstance(node, ast.Call):
        return _returned(getattr(node.func, "id", "") or getattr(node.func, "attr", ""))
    return [] if node is None else ["…"]


def _part(node: ast.expr) -> str:
    """Return a piece of a formatted text: itself, or what stands for it."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    value = node.value if isinstance(node, ast.FormattedValue) else node
    return CALLED.get(getattr(value.func, "id", ""), "…") if isinstance(value, ast.Call) else "…"


def _returned(name: str) -> list[str]:
    """Return the last text that a function of ours returns, where there is just one of that name."""
    found = [n for _, tree in _trees() for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == name]
    returns = [n for f in found for n in ast.walk(f) if isinstance(n, ast.Return)]
    last = max(returns, key=lambda r: r.lineno, default=None)
    return _texts(last.value) if last and len(found) == 1 and isinstance(last.value, ast.JoinedStr) else ["…"]


@cache
def _constants() -> Mapping[str, str]:
    """Return the texts that modules of ours name in capitals."""
    return {
        target.id: node.value.value
        for _, tree in _trees()
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _weights(node: ast.expr | None) -> list[str]:
    found = [n.attr.lower() for n in ast.walk(node) if isinstance(n, ast.Attribute)] if node is not None else []
    return [f for f in found if f in ("error", "warning", "note")]


def _variables() -> Iterator[Call]:
    """Yield every variable of the environment that the code names."""
    for _, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("SEKISHO_"):
                yield Call(node.value, "")


def said_by_the_store() -> list[tuple[str, str]]:
    """Return what the gate's functions in PostgreSQL refuse with: message and hint."""
    text = (SOURCE / "compiler" / "postgres_core.sql").read_text(encoding="utf-8")
    shape = re.compile(r"sekisho\.refuse\('((?:[^']|'')*)'( \|\| [^,]+)?, '((?:[^']|'')*)'\)")
    found = ((m[1] + ("…" if m[2] else ""), m[3]) for m in shape.finditer(text))
    return sorted({(says.replace("''", "'"), remedy.replace("''", "'")) for says, remedy in found})


def addresses() -> list[tuple[str, str]]:
    """Return the addresses of the site, each with the sentence of the view that answers it."""
    web = SOURCE / "web"
    views = {
        f"{path.stem}.{node.name}": (ast.get_docstring(node) or "").split("\n", 1)[0]
        for path in web.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    found = []
    for node in ast.walk(ast.parse((web / "urls.py").read_text(encoding="utf-8"))):
        name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and name in ("path", "re_path"):
            found.append((_address(node.args[0]), views[ast.unparse(node.args[1])]))
    return found


def _address(node: ast.expr) -> str:
    """Return an address as people write it: what varies is in capitals."""
    if isinstance(node, ast.Constant):
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda m: m[1].upper(), str(node.value))
    parts = node.values if isinstance(node, ast.JoinedStr) else []
    return "/" + "".join(
        str(p.value).strip("^\\Z") if isinstance(p, ast.Constant) else _called(p).upper() for p in parts
    )


def _called(part: ast.expr) -> str:
    value = part.value if isinstance(part, ast.FormattedValue) else part
    return str(value.args[0].value) if isinstance(value, ast.Call) and isinstance(value.args[0], ast.Constant) else "…"
