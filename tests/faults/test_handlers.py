"""What catches errors handles them: no empty or bare handler, no catch-all without its reason (row 22)."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
WIDE = {"Exception", "BaseException"}
UNDONE = ("TODO", "FIXME", "XXX")


def comments_of(text: str) -> dict[int, str]:
    """Line → comment."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {t.start[0]: t.string for t in tokens if t.type == tokenize.COMMENT}


def names(node: ast.expr | None) -> set[str]:
    if isinstance(node, ast.Tuple):
        return {name for part in node.elts for name in names(part)}
    return {node.attr} if isinstance(node, ast.Attribute) else {node.id} if isinstance(node, ast.Name) else set()


def reraises(handler: ast.ExceptHandler) -> bool:
    """Whether a handler ends by raising: what it caught is not swallowed."""
    return isinstance(handler.body[-1], ast.Raise)


def empty(handler: ast.ExceptHandler) -> bool:
    def nothing(part: ast.stmt) -> bool:
        return isinstance(part, ast.Pass) or (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))

    return all(nothing(part) for part in handler.body)


def reason(comment: str) -> bool:
    """Whether a comment says something besides a lint code."""
    return len(comment.partition(" - ")[2] if "noqa" in comment else comment.lstrip("# ")) >= 10


def findings(text: str) -> Iterator[tuple[int, str]]:
    """Lines of a module where errors are caught and not handled."""
    comments = comments_of(text)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and "suppress" in names(node.func) and any(names(a) & WIDE for a in node.args):
            yield node.lineno, "suppresses everything"
        if not isinstance(node, ast.ExceptHandler):
            continue
        said = [comments.get(n, "") for n in range(node.lineno - 1, (node.end_lineno or node.lineno) + 1)]
        if node.type is None:
            yield node.lineno, "catches without saying what"
        if empty(node) and not any(map(reason, said)):
            yield node.lineno, "catches and does nothing, and does not say why"
        if names(node.type) & WIDE and not reraises(node) and not any(map(reason, said)):
            yield node.lineno, "catches everything without a reason"
        if any(word in comment for word in UNDONE for comment in said):
            yield node.lineno, "is not finished"


@pytest.mark.parametrize("path", sorted((ROOT / "src").rglob("*.py")), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_handler_in_the_code_handles(path: Path) -> None:
    assert list(findings(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "handler",
    [
        "except:\n    print()",
        "except ValueError:\n    pass",
        "except ValueError:\n    ...",
        "except Exception:\n    print()",
        "except (ValueError, BaseException):\n    x = 1",
        "except Exception:  # noqa: BLE001\n    print()",
        "except ValueError:\n    print()  # TODO: tell somebody",
    ],
)
def test_what_it_looks_for_is_found(handler: str) -> None:
    assert list(findings(f"try:\n    f()\n{handler}\n")) != []


@pytest.mark.parametrize(
    "handler",
    [
        "except ValueError as error:\n    raise Trouble from error",
        "except Exception as error:  # noqa: BLE001 - the last line of defence\n    print()",
        "except BaseException:\n    db.close()\n    raise",
        "except ValueError:\n    pass  # a file that is gone is what was wanted",
    ],
)
def test_what_handles_is_let_be(handler: str) -> None:
    assert list(findings(f"try:\n    f()\n{handler}\n")) == []
