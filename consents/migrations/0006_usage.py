import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consents", "0005_log_by_time"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="UsageEvent",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("feature", models.CharField(max_length=20, verbose_name="feature")),
                ("device", models.CharField(max_length=10, verbose_name="kind of device")),
                ("hour", models.DateTimeField(verbose_name="hour")),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="account",
                    ),
                ),
            ],
            options={
                "verbose_name": "use of a feature",
                "verbose_name_plural": "uses of features",
                "indexes": [
                    models.Index(fields=["user", "-hour"], name="usage_by_person"),
                    models.Index(fields=["hour"], name="usage_by_hour"),
                ],
            },
        ),
    ]
