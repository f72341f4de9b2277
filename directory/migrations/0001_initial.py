"""The address of each public page; those who said yes before there was a directory get theirs."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

EARLIER_YESES = """
insert into directory_listing (id, user_id, shows_phone)
select gen_random_uuid(), user_id, false from accounts_practitionerprofile where exists (
    select from consents_consentevent
    where subject_id = user_id and key = 'public_directory_listing' and action in ('given', 'renewed')
)
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("accounts", "0001_initial"),
        ("consents", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Listing",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("shows_phone", models.BooleanField(default=False, verbose_name="shows the telephone number")),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="listing",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="account",
                    ),
                ),
            ],
            options={
                "verbose_name": "page in the directory",
                "verbose_name_plural": "pages in the directory",
            },
        ),
        migrations.RunSQL(EARLIER_YESES, migrations.RunSQL.noop),
    ]
