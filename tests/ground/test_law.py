from __future__ import annotations

import re
from datetime import date

import pytest

from sekisho.ground.errors import BadInput
from sekisho.ground.law import NAMES, NEEDS, STATUSES, VERIFIED, WHEN, Profile, load

pytestmark = pytest.mark.unit
PROFILES = [load(name) for name in NAMES]
LAST_PENDING = date(2028, 7, 17)
RIGHTS = {"access", "correction", "deletion", "disclosure", "objection", "portability", "provision-records",
          "purpose-notice", "restriction", "stop-provision", "stop-use"}  # fmt: skip


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.name)
def test_a_profile_uses_only_the_words_of_its_vocabulary(profile: Profile) -> None:
    for duty in profile.duties:
        assert duty.status in STATUSES
        assert duty.verified in VERIFIED
        assert duty.needs.partition(":")[0] in NEEDS
        assert duty.when in WHEN
        assert set(duty.text) == {"en", "ja"}
        assert all(duty.text.values())
    assert {g.verified for g in profile.grounds} | {b.verified for b in profile.bases} <= set(VERIFIED)
    assert {b.status for b in profile.bases} <= set(STATUSES)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.name)
def test_every_rule_names_its_article_and_what_it_says(profile: Profile) -> None:
    rules = [*((g.article, g.says) for g in profile.grounds), *((b.article, b.says) for b in profile.bases)]
    rules += [(d.article, d.text["en"]) for d in profile.duties]
    assert all(re.search(r"\d", article) and says for article, says in rules)
    assert all(not says.endswith(".") for _, says in rules)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.name)
def test_names_are_given_once(profile: Profile) -> None:
    for names in ([d.id for d in profile.duties], [g.word for g in profile.grounds], [b.code for b in profile.bases]):
        assert len(names) == len(set(names))


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.name)
def test_a_right_that_is_asked_for_is_one_that_a_policy_can_promise(profile: Profile) -> None:
    asked = {d.needs.removeprefix("right:") for d in profile.duties if d.needs.startswith("right:")}
    assert asked <= RIGHTS


def test_a_pending_rule_is_never_primary_and_in_force() -> None:
    pending = [d for p in PROFILES for d in p.duties if d.status == "enacted_pending"]
    assert {d.article.split()[0] for d in pending} == {"40-2", "35(9),", "58-3"}
    assert all(d.verified != "primary" and d.effective == LAST_PENDING for d in pending)
    assert all("Act 56 of 2026" in d.article for d in pending)


def test_the_japanese_profile_names_what_a_policy_of_2017_lacks() -> None:
    articles = " ".join(d.article for d in load("jp-appi").duties)
    wanted = (
        "17(1) 20(2) 25 26 27(2) 27(5)(iii) 28(1) 28(3) 31 32(1)(i) 32(1)(ii) 32(1)(iii) 32(1)(iv) 32(2) 33(1) 33(5)"
    )
    for article in (
        *wanted.split(),
        *["34(1)", "35(1)", "35(3)", "35(5)", "40", "27-12"],
        "29, 30",
        "Specified Electronic Mail",
    ):
        assert article in articles, article


def test_the_bases_of_giving_data_to_others_are_those_of_the_decision_table() -> None:
    profile = load("jp-appi")
    assert [b.code for b in profile.bases if not b.abroad] == [
        "JP27-1-CONSENT",
        *(f"JP27-1-{i}" for i in range(1, 8)),
        "JP27-2-OPTOUT",
        *(f"JP27-5-{i}" for i in range(1, 4)),
        "JP31",
    ]
    assert [b.code for b in profile.bases if b.abroad] == ["JP28-CONSENT", "JP28-EQUIV-COUNTRY", "JP28-EQUIV-SYSTEM"]
    assert {b.code for b in profile.bases if b.record} == {"JP27-1-CONSENT", "JP27-2-OPTOUT", "JP31", "JP28-CONSENT"}
    assert {b.code for b in profile.bases if b.consent} == {"JP27-1-CONSENT", "JP31", "JP28-CONSENT"}


def test_only_consent_waits_for_a_yes() -> None:
    assert {g.word for p in PROFILES for g in p.grounds if g.opt_in} == {"consent", "A6-1-a"}


def test_nothing_of_the_european_profile_claims_to_have_been_read() -> None:
    profile = load("eu-gdpr")
    rules = [*profile.grounds, *profile.bases, *profile.duties]
    assert {r.verified for r in rules} == {"unchecked"}
    assert [g.word for g in profile.grounds if g.word.startswith("A6")] == [f"A6-1-{c}" for c in "abcdef"]


def test_a_profile_finds_its_words() -> None:
    profile = load("jp-appi")
    assert profile.ground("notified") is not None
    assert profile.ground("no such") is None
    assert profile.basis("JP31") is not None
    assert profile.basis("JP99") is None


@pytest.mark.parametrize("name", ["", "jp", "../jp_appi", "JP-APPI"])
def test_a_law_that_is_not_there_is_bad_input(name: str) -> None:
    with pytest.raises(BadInput, match="is not a law profile"):
        load(name)
