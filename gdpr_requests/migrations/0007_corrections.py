"""What granted corrections led to, and whom they were told: evidence that only grows (PC-61, Art. 19)."""

from django.db import migrations, models

import privacy.ids
from audit.operations import AppendOnly, RowsLeave


class Migration(migrations.Migration):
    dependencies = [
        ("gdpr_requests", "0006_people_decide"),
    ]

    operations = [
        migrations.CreateModel(
            name="RecipientTold",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("request_id", models.UUIDField(verbose_name="request")),
                ("account_id", models.UUIDField(verbose_name="who was told")),
                ("told_at", models.DateTimeField(verbose_name="when")),
            ],
            options={
                "verbose_name": "notice to a recipient",
                "verbose_name_plural": "notices to recipients",
                "constraints": [
                    models.UniqueConstraint(fields=("request_id", "account_id"), name="recipient_told_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Rectified",
            fields=[
                ("id", models.UUIDField(default=privacy.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("request_id", models.UUIDField(verbose_name="request")),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("record", "in the patient's file, linked"),
                            ("stated", "elsewhere: the answer says where and what"),
                        ],
                        max_length=10,
                        verbose_name="what",
                    ),
                ),
                ("made_id", models.UUIDField(null=True, verbose_name="entry of the file's history")),
                ("linked_at", models.DateTimeField(verbose_name="when")),
            ],
            options={
                "verbose_name": "correction made for a request",
                "verbose_name_plural": "corrections made for requests",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("request_id", "made_id"), name="rectified_once", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("made_id__isnull", False), ("what", "record")),
                            models.Q(("made_id__isnull", True), ("what", "stated")),
                            _connector="OR",
                        ),
                        name="rectified_in_the_record_or_stated",
                    ),
                ],
            },
        ),
        AppendOnly("gdpr_requests_rectified"),
        AppendOnly("gdpr_requests_recipienttold"),
        RowsLeave("gdpr_requests_rectified", rule="PC-52", months=36, clock="linked_at"),
        RowsLeave("gdpr_requests_recipienttold", rule="PC-52", months=36, clock="told_at"),
    ]
