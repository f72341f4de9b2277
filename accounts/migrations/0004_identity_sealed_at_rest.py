"""Who the accounts are is sealed at rest, allauth's copy of the address too (PC-80; ADR 0011)."""

from django.db import migrations

import vault.rest_fields
from vault.operations import SealColumns

ADDRESS = "alter table account_emailaddress alter column email type text"
ADDRESS_BACK = "alter table account_emailaddress alter column email type varchar(254)"
PROFILE = (
    "surname", "given_names", "rpps", "adeli", "qualifications", "phone", "address_line", "postal_code", "city",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_patient_profile"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="user",
            name="account_email_lower_case",
        ),
        migrations.AlterField(
            model_name="practitionerprofile",
            name="address_line",
            field=vault.rest_fields.AtRestCharField(max_length=200, verbose_name="professional address"),
        ),
        migrations.AlterField(
            model_name="practitionerprofile",
            name="adeli",
            field=vault.rest_fields.AtRestCharField(
                blank=True, compared=True, max_length=9, null=True, unique=True, verbose_name="ADELI number"
            ),
        ),
        migrations.AlterField(
            model_name="practitionerprofile",
            name="city",
            field=vault.rest_fields.AtRestCharField(max_length=100, verbose_name="city"),
        ),
        migrations.AlterField(
            model_name="practitionerprofile",
            name="given_names",
            field=vault.rest_fields.AtRestCharField(max_length=100, verbose_name="given names"),
        ),
        migrations.AlterField(
            model_name="practitionerprofile",
            name="phone",
            field=vault.rest_fields.AtRestCharField(blank=True, max_length=16, verbose_name="telephone"),
        ),
        migrations.AlterField(
            model_name="practitionerprofile",
            name="postal_code",
            field=vault.rest_fields.AtRestCharField(max_length=10, verbose_name="postal code"),
        ),
        migrations.AlterField(
            model_name="practitionerprofile",
            name="qualifications",
            field=vault.rest_fields.AtRestTextField(
                blank=True, max_length=2000, verbose_name="qualifications and certifications"
            ),
        ),
        migrations.AlterField(
            model_name="practitionerprofile",
            name="rpps",
            field=vault.rest_fields.AtRestCharField(
                blank=True, compared=True, max_length=11, null=True, unique=True, verbose_name="RPPS number"
            ),
        ),
        migrations.AlterField(
            model_name="practitionerprofile",
            name="surname",
            field=vault.rest_fields.AtRestCharField(max_length=100, verbose_name="surname"),
        ),
        migrations.AlterField(
            model_name="user",
            name="email",
            field=vault.rest_fields.AtRestEmailField(max_length=254, unique=True, verbose_name="e-mail address"),
        ),
        migrations.RunSQL(ADDRESS, ADDRESS_BACK),
        SealColumns("accounts_user", {"email": True}),
        SealColumns("account_emailaddress", {"email": True}),
        SealColumns(
            "accounts_practitionerprofile", {name: name in ("rpps", "adeli") for name in PROFILE}, key="user_id"
        ),
    ]
