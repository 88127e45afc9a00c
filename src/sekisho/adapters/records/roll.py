"""The roll: staff members are added, invited, changed and removed here, and nowhere else.

The last officer stays: a desk that nobody answers for cannot be made, only taken away as a whole.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.db import transaction

from sekisho.adapters.records.models import Invitation, Staff
from sekisho.adapters.records.names import known
from sekisho.adapters.records.roles import Role
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, Refused

VALID = timedelta(hours=72)
"""How long an invitation may be used."""
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""What counts as a factor beside the password; recovery codes only stand in for one."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the roll: who, as what, whether they have come in, and with which factors."""

    name: str
    handle: str
    role: str
    since: datetime
    last: datetime | None
    factors: tuple[str, ...]
    invited_until: datetime | None


def member(name: str) -> Staff:
    """Return the member of that name; raises BadInput where there is none."""
    found = Staff.objects.filter(name=known(name)).first()
    if found is None:
        raise BadInput(f"`{name[:64]}` does not work here", help="`sekisho staff list` shows who does")
    return found


def add(made: Staff, now: datetime) -> str:
    """Put a new member on the roll and return the secret of the invitation; raises BadInput where the name is taken."""
    with transaction.atomic():
        if Staff.objects.filter(name=made.name).exists():
            raise BadInput(
                f"`{made.name}` works here already", help="take another name, or use `sekisho staff recover`"
            )
        made.set_unusable_password()
        made.save()
        return invite(made, now)


def invite(of: Staff, now: datetime) -> str:
    """Make an invitation in the place of every earlier one, and return its secret, which is not kept."""
    secret = stamp.nonce(32).hex()
    Invitation.objects.filter(member=of).delete()
    Invitation.objects.create(digest=digest(secret), member=of, until=now + VALID)
    return secret


def digest(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def invited(secret: str, now: datetime) -> Staff | None:
    """Return whom a secret invites, without using it; None where it is unknown, used or over."""
    found = Invitation.objects.select_related("member").filter(digest=digest(secret), until__gt=now).first()
    return found.member if found is not None else None


def accept(secret: str, password: str, now: datetime) -> Staff | None:
    """Use an invitation, once, and set the password; returns None where another use came first."""
    with transaction.atomic():
        found = invited(secret, now)
        if found is None or not Invitation.objects.filter(digest=digest(secret)).delete()[0]:
            return None
        found.set_password(password)
        found.save(update_fields=["password"])
        return found


def assign(of: Staff, role: Role) -> None:
    """Give a member another role, which ends their sessions; raises Refused for the last officer."""
    with transaction.atomic():
        _keep_an_officer(of, role)
        of.role = role.value
        of.epoch += 1
        of.save(update_fields=["role", "epoch"])


def recover(of: Staff, now: datetime) -> str:
    """Forget password and factors, end all sessions, and return the secret of a new invitation."""
    with transaction.atomic():
        Authenticator.objects.filter(user=of).delete()
        of.set_unusable_password()
        of.epoch += 1
        of.save(update_fields=["password", "epoch"])
        return invite(of, now)


def remove(of: Staff) -> None:
    """Take a member off the roll, with factors and sessions; raises Refused for the last officer."""
    with transaction.atomic():
        _keep_an_officer(of, None)
        of.delete()


def bump(of: Staff) -> None:
    """End the sessions of a member whose factors changed."""
    with transaction.atomic():
        of.epoch = Staff.objects.values_list("epoch", flat=True).get(pk=of.pk) + 1
        of.save(update_fields=["epoch"])


def _keep_an_officer(of: Staff, role: Role | None) -> None:
    others = Staff.objects.filter(role=Role.OFFICER).exclude(pk=of.pk)
    if of.role == Role.OFFICER and role is not Role.OFFICER and not others.exists():
        raise Refused("the last officer stays", help="add another first: `sekisho staff add NAME --role officer`")


def enrolled(of: Staff) -> bool:
    """Say whether a member has a factor beside the password."""
    return bool(Authenticator.objects.filter(user=of, type__in=FACTORS).exists())


def is_last_factor(factor: Authenticator) -> bool:
    """Say whether without it a member would be left with a password alone."""
    others = Authenticator.objects.filter(user_id=factor.user_id, type__in=FACTORS).exclude(pk=factor.pk)
    return bool(factor.type in FACTORS and not others.exists())


def lines() -> list[Line]:
    """Return the roll by name."""
    return [line(m) for m in Staff.objects.order_by("name")]


def line(of: Staff) -> Line:
    """Return a member's line of the roll."""
    factors = Authenticator.objects.filter(user=of).order_by("type").values_list("type", flat=True)
    waiting = Invitation.objects.filter(member=of).first()
    until = waiting.until if waiting is not None else None
    return Line(of.name, of.handle, of.role, of.since, of.last_login, tuple(dict.fromkeys(factors)), until)
