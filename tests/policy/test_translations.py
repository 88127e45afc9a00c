from __future__ import annotations

import pytest

from policies import codes, compiled, promise, shipping, text

pytestmark = pytest.mark.unit
JA = "## お客さま {#customers}\n\n- 買っていただいたものをお送りします。 {#shipping}\n- お知らせします。 {#news}\n"
NEWS = {"purpose": "news", "uses": "[name]", "because": "consent", "keep": "until withdrawn"}


def original(ship: str = "We send what you bought.", news: str = "We send news.", languages: str = "[en, ja]") -> str:
    fields = {"purpose": "shipping", "uses": "[name]", "because": "contract", "keep": "1 year after last order"}
    return text(promise(fields, prose=ship), promise(NEWS, prose=news), languages=languages)


def test_a_whole_translation_says_nothing_and_carries_the_prose() -> None:
    result = compiled(original(), ja=JA)
    assert result.diagnostics == ()
    assert result.policy is not None
    clause = result.policy.clause("shipping")
    assert clause is not None
    assert clause.prose == {"en": "We send what you bought.", "ja": "買っていただいたものをお送りします。"}
    assert set(result.policy.texts) == {"en", "ja"}


@pytest.mark.parametrize(
    ("translation", "said"),
    [
        (JA.replace(" {#news}", ""), ["translation-lacks"]),
        (JA + "- もう一つ。 {#more}\n", ["translation-extra"]),
        (JA + "\n```promise\nsubject: x\n```\n", ["translation-promise"]),
    ],
)
def test_what_a_translation_lacks_or_adds_is_told(translation: str, said: list[str]) -> None:
    assert codes(compiled(original(), ja=translation).diagnostics) == said


def test_a_text_that_is_announced_must_be_there() -> None:
    assert codes(compiled(original()).diagnostics) == ["translation-missing"]


def test_a_changed_clause_stays_stale_until_it_is_translated() -> None:
    lock = compiled(original(), ja=JA).lock.text()
    for _ in range(3):
        result = compiled(original("We send you kites."), lock, ja=JA)
        assert codes(result.diagnostics) == ["translation-stale"]
        assert result.policy is not None, "a stale translation is a warning"
        lock = result.lock.text()
    done = compiled(original("We send you kites."), lock, ja=JA.replace("買っていただいたもの", "凧"))
    assert done.diagnostics == ()
    assert codes(
        compiled(
            original("We send you kites, fast."), done.lock.text(), ja=JA.replace("買っていただいたもの", "凧")
        ).diagnostics
    ) == ["translation-stale"]


def test_one_stale_clause_does_not_hide_another() -> None:
    lock = compiled(original(), ja=JA).lock.text()
    translated = JA.replace("お知らせします", "新しい凧をお知らせします")
    lock = compiled(original("We send you kites.", "News of kites."), lock, ja=translated).lock.text()
    result = compiled(original("We send you kites.", "News of kites and strings."), lock, ja=translated)
    assert [d.message for d in result.diagnostics] == [
        "clause `shipping` changed, its text in `ja` did not",
        "clause `news` changed, its text in `ja` did not",
    ]


def test_a_change_that_is_taken_back_is_no_longer_stale() -> None:
    lock = compiled(original(), ja=JA).lock.text()
    lock = compiled(original("We send you kites."), lock, ja=JA).lock.text()
    assert compiled(original(), lock, ja=JA).diagnostics == ()


def test_languages_are_remembered_each_on_its_own() -> None:
    fr = JA.replace("お客さま", "Clients")
    both = "[en, ja, fr]"
    lock = compiled(original(languages=both), ja=JA, fr=fr).lock.text()
    changed = original("We send you kites.", languages=both)
    result = compiled(changed, lock, ja=JA, fr=fr.replace("買っていただいたもの", "cerfs-volants"))
    assert [(d.code, d.span.file) for d in result.diagnostics if d.span] == [("translation-stale", "policy.ja.md")]


def test_a_heading_that_is_translated_keeps_the_shipping_clause() -> None:
    assert compiled(text(shipping()), ja="## x {#customers}\n\n- y {#shipping}\n").policy is None
