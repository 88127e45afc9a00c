from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import STUDIO, codes, compiled, front, of, policy, shipping, text
from sekisho.policy.compile import parse
from sekisho.policy.source import Source, failed

pytestmark = pytest.mark.unit
ORIGINAL = (STUDIO / "policy.md").read_text(encoding="utf-8")
ENGLISH = (STUDIO / "policy.en.md").read_text(encoding="utf-8")
LOCK = (STUDIO / "policy.lock").read_text(encoding="utf-8")


def test_the_facts_of_the_front_matter_are_read() -> None:
    made = policy(
        shipping(), approvals='"one, after 24 h, reviewed by B. Kite within 7 days"', law="[eu-gdpr, jp-appi]"
    )
    assert (made.name, made.version.isoformat(), made.timezone) == ("Kite shop", "2026-11-01", "Asia/Tokyo")
    assert made.signed_by == {"name": "A. Kite", "title": "Owner"}
    assert made.law == ("eu-gdpr", "jp-appi")
    assert made.approvals.startswith("one, after 24 h")


def test_the_digest_is_that_of_the_texts() -> None:
    before = of(compiled(text(shipping(), languages="[en, ja]"), ja="## x {#customers}\n\n- y {#shipping}\n"))
    after = of(compiled(text(shipping(), languages="[en, ja]"), ja="## x {#customers}\n\n- z {#shipping}\n"))
    assert before.digest != after.digest
    assert (
        before.digest
        == of(
            compiled(text(shipping(), languages="[en, ja]"), ja="## x {#customers}\r\n\r\n- y {#shipping}\r\n")
        ).digest
    )


def test_a_policy_is_returned_only_where_nothing_is_wrong() -> None:
    result = compiled(text(shipping(because="consnt")))
    assert result.policy is None
    assert failed(result.diagnostics)


def test_a_diagnostic_is_said_once() -> None:
    heading = "## Customers {#customers of=custmer}\n"
    result = compiled(front() + heading + shipping() + shipping(purpose="again").replace("{#shipping}", "{#again}"))
    assert codes(result.diagnostics).count("unknown-class") == 1


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200), st.text(max_size=100), st.text(max_size=100))
def test_any_texts_give_a_policy_or_diagnostics(original: str, translation: str, lock: str) -> None:
    result = compiled(original, lock, ja=translation)
    assert (result.policy is None) == failed(result.diagnostics)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_mutated_sample_gives_a_policy_or_diagnostics(data: st.DataObject) -> None:
    texts = {"original": ORIGINAL, "en": ENGLISH, "lock": LOCK}
    name = data.draw(st.sampled_from(sorted(texts)))
    for _ in range(data.draw(st.integers(1, 3))):
        whole = texts[name]
        at, gone = data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, 60))
        put = data.draw(
            st.text(max_size=12) | st.sampled_from(["`", "```", "{#", "}", ": ", "\n", "\t", "---", "[", "&a"])
        )
        texts[name] = whole[:at] + put + whole[at + gone :]
    result = compiled(texts["original"], texts["lock"], en=texts["en"])
    assert (result.policy is None) == failed(result.diagnostics)


def test_a_zone_that_is_a_path_is_no_zone() -> None:
    for zone in ("../../etc/passwd", "/etc/localtime", "America", "a" * 5000, "\u3042", "Asia"):
        assert "timezone" in codes(compiled(text(shipping(), timezone=zone)).diagnostics)


def test_the_checks_are_those_that_are_asked_for() -> None:
    from policies import TODAY
    from sekisho.ground import law
    from sekisho.policy.source import Diagnostic

    asked: list[str] = []

    def check(*given_to: object) -> tuple[Diagnostic, ...]:
        asked.append("yes")
        return (Diagnostic("own", "no"),)

    result = parse({"": Source.of("policy.md", text(shipping()))}, None, law.load, TODAY, (check,))
    assert asked == ["yes"]
    assert result.policy is None
