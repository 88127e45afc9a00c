"""What the desk keeps: staff members, and the invitations by which they come in."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.crypto import salted_hmac

from sekisho.adapters.records.roles import ROLES, Permission, Role


class Staff(AbstractBaseUser):
    """Somebody who works at the desk. Evidence knows the handle alone, never the name."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name: models.CharField[str, str] = models.CharField(max_length=64, unique=True)
    handle: models.CharField[str, str] = models.CharField(max_length=32, unique=True)
    role: models.CharField[str, str] = models.CharField(max_length=16, choices=[(r.value, r.value) for r in Role])
    epoch: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    """Counts changes of factors and role: a session of an earlier epoch is over."""
    since: models.DateTimeField[datetime, datetime] = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[BaseUserManager[Staff]] = BaseUserManager()

    USERNAME_FIELD = "name"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        """Its table."""

        app_label = "records"
        db_table = "staff"

    def may(self, permission: Permission) -> bool:
        """Say whether the role holds a permission."""
        return permission in ROLES[Role(self.role)]

    def get_session_auth_hash(self) -> str:
        """Return what a session is bound to: the password, the role, and the epoch of the factors."""
        return self._bound()

    def _bound(self, secret: str | bytes | None = None) -> str:
        bound = f"{self.password}\0{self.role}\0{self.epoch}"
        return salted_hmac("sekisho.staff.session", bound, secret=secret, algorithm="sha256").hexdigest()


class Invitation(models.Model):
    """A link by which one member comes in once; only its digest is kept."""

    digest: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    member: models.ForeignKey[Staff, Staff] = models.ForeignKey(Staff, on_delete=models.CASCADE)
    until: models.DateTimeField[datetime, datetime] = models.DateTimeField()

    class Meta:
        """Its table."""

        app_label = "records"
        db_table = "invitation"
