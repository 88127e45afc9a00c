"""What a message may hold: a closed set of fields, none about a person, and texts that hold nothing else."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.ground.errors import BadInput
from sekisho.messages import templates
from sekisho.messages.templates import CONTRACTS, FIELDS, LANGUAGES, Filling, fill, line, parse, text_of

pytestmark = pytest.mark.unit
LINK = "https://privacy.kites.example/go/" + "A" * 43
WHOLE = Filling("Kite shop", "news of kites", "privacy@kites.example", "1234 5678", LINK, LINK, "10")
EACH = [(name, language) for name in CONTRACTS for language in LANGUAGES]


def test_no_template_has_a_place_for_personal_data() -> None:
    """Adding a field to a message is a decision: this list is read by whoever makes it."""
    assert set(FIELDS) == {"controller", "purpose", "contact", "code", "link", "stop", "life"}
    assert all(contract <= set(FIELDS) for contract in CONTRACTS.values())
    files = {p.name for p in (resources.files("sekisho.messages") / "templates").iterdir() if p.name.endswith(".txt")}
    assert files == {f"{name}.{language}.txt" for name, language in EACH}


@pytest.mark.parametrize(("name", "language"), EACH)
def test_a_template_holds_its_fields_and_no_other(name: str, language: str) -> None:
    subject, body = text_of(name, language)
    assert "$code" not in subject
    assert "$link" not in subject
    for field in FIELDS:
        assert (f"${field}" in subject + body) is (field in CONTRACTS[name])


@pytest.mark.parametrize(("name", "language"), EACH)
def test_every_message_says_from_whom_and_how_to_stop(name: str, language: str) -> None:
    words = fill(name, language, WHOLE)
    assert "Kite shop" in words.subject
    assert "privacy@kites.example" in words.body
    assert name == "test" or "news of kites" in words.body
    assert "$" not in words.subject + words.body


@pytest.mark.parametrize("word", ["name", "email", "address", "person", "text", "Code", "code_", "purpose.__class__"])
def test_a_text_with_another_field_is_refused(word: str) -> None:
    subject, body = text_of("code", "en")
    with pytest.raises(BadInput, match=r"other fields|names nothing"):
        parse("code", f"Subject: {subject}\n\n{body} ${{{word}}}")


@pytest.mark.parametrize(
    "text", ["", "Hello\n\nbody", "Subject: a\nBcc: b\n\nbody", "Subject: a", "Subject: a\n\n ", "Subject: a\n\n$ x"]
)
def test_a_text_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse("test", text)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "Aoi Tanabe"),
        ("code", "12345678"),
        ("link", "javascript:alert(1)"),
        ("link", "https://kites.example/people/aoi-tanabe"),
        ("link", "https://kites.example/go/aoi-tanabe"),
        ("link", "https://kites.example/go/aoi@example.jp"),
        ("link", LINK + "?name=Aoi"),
        ("link", LINK + "\n"),
        ("controller", "Kite\nshop"),
        ("controller", ""),
        ("purpose", "x" * 201),
        ("life", ""),
    ],
)
def test_a_value_that_is_not_of_its_field_is_refused(field: str, value: str) -> None:
    name = "code" if field in ("code", "life") else "link"
    with pytest.raises(BadInput, match=f"field `{field}`") as wrong:
        fill(name, "en", replace(WHOLE, **{field: value}))
    assert not value.strip() or value not in f"{wrong.value}"


@pytest.mark.parametrize("trick", ["{{7*7}}", "${7*7}", "$code", "${code}", "$$", "<%= 7*7 %>", "{% x %}", "#{7*7}"])
def test_a_value_stays_text(trick: str) -> None:
    assert trick in fill("code", "en", replace(WHOLE, purpose=trick)).body


@given(st.text(max_size=400))
def test_a_line_is_one_line(text: str) -> None:
    made = line(text)
    assert len(made) <= templates.LONGEST
    assert made == "" or (made.splitlines() == [made] and line(made) == made)
    assert not any(mark in made for mark in "\r\n\0\u202e\u2066\u200b\ufeff")


def test_an_unknown_template_or_language_is_told() -> None:
    with pytest.raises(BadInput, match="not a template"):
        text_of("letter", "en")
    with pytest.raises(BadInput, match="no messages in `fr`"):
        text_of("code", "fr")
