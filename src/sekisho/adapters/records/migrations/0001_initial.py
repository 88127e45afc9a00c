import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Staff",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=64, unique=True)),
                ("handle", models.CharField(max_length=32, unique=True)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("officer", "officer"),
                            ("clerk", "clerk"),
                            ("engineer", "engineer"),
                            ("auditor", "auditor"),
                        ],
                        max_length=16,
                    ),
                ),
                ("epoch", models.PositiveIntegerField(default=0)),
                ("since", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "staff",
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("until", models.DateTimeField()),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "invitation",
            },
        ),
    ]
