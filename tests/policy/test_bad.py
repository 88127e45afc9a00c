"""Each bad policy and lock of the corpus says what is wrong, where, and what to do; no code is left out."""

from __future__ import annotations

import ast
import re
from datetime import date
from pathlib import Path

import pytest

from golden import CORPUS, compare
from sekisho.ground import law
from sekisho.policy import lock
from sekisho.policy.checks import anchors, channels, duties, upkeep, vague
from sekisho.policy.compile import parse
from sekisho.policy.source import Diagnostic, Source, render

pytestmark = pytest.mark.unit
BAD = CORPUS / "policy" / "bad"
TODAY = date(2026, 12, 1)
ROOMS = Path(law.__file__).resolve().parents[2]
CODE = re.compile(r"(?:error|warning|note)\[([a-z-]+)\]: ")


def cases() -> list[Path]:
    return sorted(p for p in BAD.iterdir() if p.is_dir() or p.suffix == ".md")


def sources(case: Path) -> dict[str, Source]:
    """Return the texts of a case: a single file, or a folder with translations and a lock."""
    files = sorted(case.iterdir()) if case.is_dir() else [case]
    return {f.name: Source.of(f.name, f.read_text(encoding="utf-8")) for f in files}


def diagnose(case: Path) -> tuple[dict[str, Source], list[Diagnostic]]:
    """Compile a case with every check; duties are shown only where the case is about them."""
    found = sources(case)
    texts = {n.split(".")[1] if n.count(".") == 2 else "": s for n, s in found.items() if n.endswith(".md")}
    compiled = parse(
        texts, found.get("policy.lock"), law.load, TODAY, (vague.check, channels.check, duties.check, upkeep.check)
    )
    said = list(compiled.diagnostics)
    if compiled.policy is not None and case.name.startswith("anchor"):
        said += anchors.check(compiled.policy, None if "unmapped" in case.name else {"last order": ["customer"]})
    return found, [d for d in said if case.name.startswith("duty") or not d.code.startswith("duty")]


def printed(found: dict[str, Source], diagnostics: list[Diagnostic]) -> str:
    return "\n\n".join(render(d, found.get(d.span.file) if d.span else None) for d in diagnostics) + "\n"


@pytest.mark.parametrize("case", cases(), ids=lambda c: c.stem)
def test_a_bad_policy_says_what_is_wrong_and_where(case: Path) -> None:
    found, diagnostics = diagnose(case)
    assert diagnostics, "a bad example that is not bad"
    compare(printed(found, diagnostics), case.with_suffix(".txt") if case.is_file() else BAD / f"{case.name}.txt")


@pytest.mark.parametrize("case", sorted((CORPUS / "lock" / "bad").glob("*.lock")), ids=lambda c: c.stem)
def test_a_bad_lock_says_what_is_wrong_and_where(case: Path) -> None:
    source = Source.of("policy.lock", case.read_text(encoding="utf-8"))
    _, diagnostics = lock.read(source)
    assert diagnostics, "a bad example that is not bad"
    compare(printed({"policy.lock": source}, list(diagnostics)), case.with_suffix(".txt"))


def codes(*rooms: str) -> set[str]:
    """Return every code that the source of these rooms can give, read from calls of `Diagnostic` and `say`."""
    found: set[str] = set()
    for path in (p for room in rooms for p in (ROOMS / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and name in ("say", "Diagnostic"):
                found |= _constants(node.args[0], path.name, node.lineno)
    return found


def _constants(node: ast.expr, file: str, line: int) -> set[str]:
    if isinstance(node, ast.IfExp):
        return _constants(node.body, file, line) | _constants(node.orelse, file, line)
    if isinstance(node, ast.Constant):
        return {str(node.value)}
    # only `say` itself hands a code on; anything else would hide a code from this test
    assert isinstance(node, ast.Name), f"{file}:{line}: write the code as a text"
    assert node.id == "code", f"{file}:{line}: write the code as a text"
    return set()


def golden_codes(*folders: str) -> set[str]:
    texts = (t.read_text(encoding="utf-8") for f in folders for t in (CORPUS / f).glob("*.txt"))
    return {c for text in texts for c in CODE.findall(text)}


def test_every_code_of_the_language_stands_in_the_corpus() -> None:
    assert codes("policy") - golden_codes("policy/bad", "lock/bad") == set()


def test_every_code_of_the_map_stands_in_the_corpus() -> None:
    assert codes("datamap") - golden_codes("map/bad") == set()


def test_no_golden_file_is_left_without_its_case() -> None:
    stems = {
        c.stem for f in ("policy/bad", "lock/bad", "map/bad") for c in (CORPUS / f).iterdir() if c.suffix != ".txt"
    }
    goldens = {t.stem for f in ("policy/bad", "lock/bad", "map/bad") for t in (CORPUS / f).glob("*.txt")}
    assert goldens == stems


@pytest.mark.parametrize("folder", ["policy/bad", "lock/bad", "map/bad"])
def test_messages_are_lower_case_without_a_full_stop_and_have_a_remedy(folder: str) -> None:
    for text in sorted((CORPUS / folder).glob("*.txt")):
        for said in text.read_text(encoding="utf-8").strip().split("\n\n"):
            head = said.splitlines()[0].split(": ", 1)[1]
            assert head[0].islower() or head[0] in "`0123456789" or head.startswith("HTML"), f"{text.name}: {head}"
            assert not head.endswith((".", "。", "!")), f"{text.name}: {head}"
            assert "  = help: " in said, f"{text.name}: {head}"
            assert "``" not in head, f"{text.name}: {head}"
