"""The words of the pages: states, kinds, categories and sentences, named so that catalogues can translate them.

What stands in a closed list elsewhere (states of coverage, kinds of entry, built-in categories) has its label here.
A name that has no label is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, gettext, gettext_noop, pgettext

from sekisho.policy.coverage import State
from sekisho.policy.diff import Change
from sekisho.policy.model import Policy
from sekisho.policy.sentence import Sentence, Value

STATES: Mapping[State, tuple[str, str, str]] = {
    State.ENFORCED: (
        "kept",
        gettext_noop("kept by the database"),
        gettext_noop("applied in a named store, and the last live check found it as it was applied"),
    ),
    State.BY_PEOPLE: (
        "people",
        gettext_noop("kept by people"),
        gettext_noop("somebody answers for it, and its review is not overdue"),
    ),
    State.NOT_APPLIED: (
        "wait",
        gettext_noop("compiled, not applied"),
        gettext_noop("the rule is ready, but the store does not carry it yet"),
    ),
    State.NO_KEEPER: (
        "none",
        gettext_noop("no keeper yet"),
        gettext_noop("the text promises it, and nothing in this version keeps it"),
    ),
    State.BROKEN: (
        "broken",
        gettext_noop("broken"),
        gettext_noop("a live check failed, or a review is overdue"),
    ),
    State.PROSE: (
        "prose",
        gettext_noop("prose"),
        gettext_noop("explains, and promises nothing that could be kept; it counts for nothing"),
    ),
}
"""State → class of its mark, its label, what it means."""

CHANGES: Mapping[Change, tuple[str, str]] = {
    Change.ADDED: ("wait", gettext_noop("added")),
    Change.REMOVED: ("prose", gettext_noop("removed")),
    Change.PROSE: ("prose", gettext_noop("worded anew")),
    Change.MOVED: ("prose", gettext_noop("moved")),
    Change.CHANGED: ("prose", gettext_noop("changed")),
    Change.NARROWED: ("kept", gettext_noop("narrowed")),
    Change.WIDENED: ("broken", gettext_noop("widened")),
}
"""What became of a clause → class of its mark and label."""

KINDS: Mapping[str, str] = {
    "policy-published": gettext_noop("version published"),
    "plan-applied": gettext_noop("gate put up"),
    "plan-removed": gettext_noop("gate taken away"),
    "permit-issued": gettext_noop("permit"),
    "reading": gettext_noop("reading"),
    "readings": gettext_noop("readings of a service"),
    "refusal": gettext_noop("refusal"),
    "consent-decision": gettext_noop("decision of a person"),
    "message-sent": gettext_noop("message sent"),
    "message-suppressed": gettext_noop("message held back"),
    "vault-changed": gettext_noop("records changed in the vault"),
    "keys-changed": gettext_noop("keys rotated, backed up or put back"),
    "standing-projected": gettext_noop("standing carried into a store"),
    "store-closed": gettext_noop("store closed"),
    "migration-entered": gettext_noop("migration"),
    "checkpoint-cosigned": gettext_noop("checkpoint cosigned"),
    "bodies-dropped": gettext_noop("bodies dropped as promised"),
    "staff-signed-in": gettext_noop("staff signed in"),
    "staff-signed-out": gettext_noop("staff signed out"),
    "staff-refused": gettext_noop("sign-in refused"),
    "staff-changed": gettext_noop("staff changed"),
    "reasons-read": gettext_noop("reasons read"),
    "drill-run": gettext_noop("drill"),
    "incident": gettext_noop("incident"),
}
"""Kind of entry → label."""

DECISIONS: Mapping[str, str] = {
    "give": gettext_noop("said yes"),
    "refuse": gettext_noop("said no"),
    "withdraw": gettext_noop("took the yes back"),
    "object": gettext_noop("objected"),
    "expire": gettext_noop("the yes ran out"),
}
"""Decision → label."""

PROMISES: Mapping[str, str] = {
    "collect": gettext_noop("a way in for data"),
    "disclose": gettext_noop("a provision to a third party"),
    "entrust": gettext_noop("a processor"),
    "transfer": gettext_noop("a provision abroad"),
    "right": gettext_noop("a request that people can make"),
    "cookies": gettext_noop("cookies or scripts"),
    "log": gettext_noop("a log of systems"),
    "stream": gettext_noop("what software sends"),
    "mail": gettext_noop("a kind of message"),
    "safeguard": gettext_noop("a security measure"),
    "links": gettext_noop("sites of others"),
    "amend": gettext_noop("how the policy changes"),
    "purpose": gettext_noop("a purpose"),
    "procedure": gettext_noop("what people do"),
    "minors": gettext_noop("a rule for young people"),
    "contact": gettext_noop("a way to reach us"),
    "subject": gettext_noop("a class of people"),
    "data": gettext_noop("a category of data"),
}
"""Promise kind → label."""

RULES = (
    gettext_noop("purpose %(purpose)s sees %(uses)s of %(whose)s (%(where)s)"),
    gettext_noop("purpose %(purpose)s sees %(uses)s of %(whose)s who said yes (%(where)s)"),
    gettext_noop("purpose %(purpose)s sees nothing anywhere"),
    gettext_noop("kept %(keep)s; people delete it, this version does not by itself"),
    gettext_noop("%(owner)s; next review %(date)s"),
    gettext_noop("%(owner)s; review overdue since %(date)s"),
    gettext_noop("under %(age)s (%(where)s): no purpose sees them until a guardian said yes"),
    gettext_noop("under %(age)s: no map says which column holds an age"),
    gettext_noop("under %(age)s: %(where)s does not know how old people are"),
    gettext_noop("the gate of every store is as it was applied"),
    gettext_noop("the evidence log verifies to its last byte"),
    gettext_noop("%(kind)s: this version cannot keep it yet"),
    gettext_noop("purpose %(purpose)s is gone"),
    gettext_noop("purpose %(purpose)s is new: it uses %(uses)s of %(whose)s"),
    gettext_noop("%(name)s has another ground: %(new)s, not %(old)s"),
    gettext_noop("%(kind)s %(name)s stood at #%(old)s before"),
    gettext_noop("%(kind)s %(name)s is new"),
    gettext_noop("%(kind)s %(name)s is gone"),
    gettext_noop("%(kind)s %(name)s: %(field)s has more: %(what)s"),
    gettext_noop("%(kind)s %(name)s: %(field)s has less: %(what)s"),
    gettext_noop("%(kind)s %(name)s: %(field)s is %(new)s, not %(old)s"),
    gettext_noop("%(name)s is defined anew"),
    gettext_noop("%(name)s is new, and used for %(purposes)s"),
    gettext_noop("%(purpose)s may now use %(uses)s"),
    gettext_noop("%(purpose)s now covers %(whose)s"),
    gettext_noop("%(purpose)s may now %(action)s rows"),
    gettext_noop("%(purpose)s may no longer %(action)s rows"),
    gettext_noop("%(purpose)s no longer asks for consent"),
    gettext_noop("%(purpose)s now asks for consent"),
    gettext_noop("%(purpose)s no longer uses %(uses)s"),
    gettext_noop("%(purpose)s no longer covers %(whose)s"),
    gettext_noop("%(purpose)s now keeps data longer: %(new)s, not %(old)s"),
    gettext_noop("%(purpose)s now keeps data for less time: %(new)s, not %(old)s"),
    gettext_noop("%(purpose)s is now recorded less finely: %(new)s, not %(old)s"),
    gettext_noop("%(purpose)s is now recorded more finely: %(new)s, not %(old)s"),
)
"""Templates of the sentences that coverage and differences make; a test looks for one that is missing here."""

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def state(of: State) -> dict[str, str]:
    """Return mark, label and meaning of a state."""
    mark, label, meaning = STATES[of]
    return {"mark": mark, "label": gettext(label), "meaning": gettext(meaning)}


def change(of: Change) -> dict[str, str]:
    """Return mark and label of a change."""
    mark, label = CHANGES[of]
    return {"mark": mark, "label": gettext(label)}


def kind(name: str) -> str:
    """Return the label of a kind of entry."""
    return gettext(KINDS[name]) if name in KINDS else name


def category(name: str) -> str:
    """Return the label of a data category; one that a policy added has its own name."""
    label = pgettext("category", name)
    return label if label != name else CATEGORIES.get(name, name)


CATEGORIES: Mapping[str, str] = {
    "name": "name",
    "contact": "contact details",
    "contact.email": "e-mail address",
    "contact.phone": "telephone number",
    "contact.postal": "postal address",
    "birth": "birth",
    "birth.date": "date of birth",
    "birth.year": "year of birth",
    "age": "age",
    "age.band": "age band",
    "gender": "gender",
    "account": "account",
    "account.login": "sign-in name",
    "account.secret": "password",
    "commerce": "purchases",
    "commerce.order": "orders",
    "commerce.payment": "payment",
    "content": "what was written",
    "content.inquiry": "inquiries",
    "content.manuscript": "manuscripts",
    "content.survey": "survey answers",
    "employment": "employment",
    "employment.history": "employment history",
    "employment.role": "role at work",
    "employment.result": "result of an application",
    "organisation": "organisation",
    "device": "device",
    "device.report": "error reports",
    "device.address": "network address",
    "usage": "usage",
    "usage.product": "product usage",
    "usage.site": "site usage",
    "identity": "official documents",
}
"""Built-in category → English label; catalogues translate the category's name in the context `category`."""


def subject(policy: Policy, name: str, language: str) -> str:
    """Return what a class of people is called: the heading under which the policy declares it, else its name."""
    declared = next((s for s in policy.subjects if s.name == name), None)
    clause = policy.clause(declared.clause) if declared is not None else None
    if clause is None or clause.kind != "heading":
        return name
    return clause.prose.get(language, name).split("\n", 1)[0].strip()


def sentence(made: Sentence | str, policy: Policy, language: str) -> str:
    """Return a sentence in the reader's language, its names by their labels."""
    if not isinstance(made, Sentence):
        return made
    shown = {name: _value(name, value, policy, language) for name, value in made.values.items()}
    return gettext(made.template) % shown


def _value(name: str, value: Value, policy: Policy, language: str) -> str:
    names = [value] if isinstance(value, str) else list(value)
    if name == "uses":
        return listed([category(n) for n in names])
    if name == "whose":
        return listed([subject(policy, n, language) for n in names])
    return SAID[name](str(value)) if name in SAID else listed(names)


UNITS = {"day": "日", "week": "週間", "month": "か月", "year": "年"}
AFTER = re.compile(r"(\d+) (day|week|month|year)s? after (.+)\Z")
ANCHORS: Mapping[str, str] = {
    "last order": "最後のご注文",
    "last contact": "最後のご連絡",
    "last payment": "最後のお支払い",
    "campaign end": "催しの終わり",
    "account closed": "アカウントを閉じた日",
    "decision": "決定",
    "answer": "回答",
    "collection": "取得",
}
"""Common anchors in Japanese; an anchor is the policy's own word, so another is shown as it is written."""


def duration(text: str) -> str:
    """Return how long something is kept, as the reader's language says it."""
    if get_language() != "ja":
        return text
    if text == "until withdrawn":
        return "取り消されるまで"
    found = AFTER.match(text)
    if found is None:
        return text
    return f"{ANCHORS.get(found[3], found[3])}から{found[1]}{UNITS[found[2]]}"


SAID: Mapping[str, Callable[[str], str]] = {
    "kind": lambda value: gettext(PROMISES[value]) if value in PROMISES else value,
    "keep": duration,
    "action": lambda value: pgettext("action", value),
    "date": lambda value: day(date.fromisoformat(value)),
}
"""How a value of that name in a sentence is said."""


def listed(items: list[str] | tuple[str, ...]) -> str:
    """Return names in a row, as the language separates them."""
    return ("、" if get_language() == "ja" else ", ").join(items)


def day(of: date) -> str:
    """Return a date as people write it."""
    if get_language() == "ja":
        return f"{of.year}年{of.month}月{of.day}日"
    return f"{of.day} {MONTHS[of.month - 1]} {of.year}"


def instant(of: datetime, timezone: str) -> str:
    """Return an instant to the minute where the policy's clocks run."""
    there = of.astimezone(ZoneInfo(timezone))
    return f"{day(there.date())} {there:%H:%M} {there.tzname()}"
