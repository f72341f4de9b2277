"""Objections to a change of subprocessors are requests; agreements with them are kept with their proof (PC-90)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gdpr_requests", "0008_directives"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="duty",
            name="duty_kind",
        ),
        migrations.AddField(
            model_name="duty",
            name="subprocessor",
            field=models.CharField(blank=True, max_length=30, verbose_name="subprocessor"),
        ),
        migrations.AlterField(
            model_name="duty",
            name="kind",
            field=models.CharField(
                choices=[
                    ("hosting", "Certificate of the hosting (HDS)"),
                    ("audit", "Audit"),
                    ("training", "Training"),
                    ("agreement", "Agreement with a subprocessor"),
                    ("other", "Something else"),
                ],
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="request",
            name="ground",
            field=models.CharField(
                blank=True,
                choices=[
                    ("identity", "Your identity could not be established (GDPR Art. 12(6))."),
                    ("excessive", "The request is manifestly unfounded or excessive (GDPR Art. 12(5))."),
                    ("not_held", "We hold no data about you (GDPR Art. 15(1))."),
                    ("retention", "The law obliges us to keep the data (GDPR Art. 17(3)(b), (c); CSP R1112-7)."),
                    ("claims", "The data are needed for legal claims (GDPR Art. 17(3)(e), 18(2), 21(1))."),
                    ("others", "The answer would adversely affect the rights of others (GDPR Art. 15(4), 20(4))."),
                    ("accurate", "The data are accurate and complete (GDPR Art. 16)."),
                    ("not_portable", "The data rest neither on consent nor on a contract (GDPR Art. 20(1))."),
                    ("compelling", "Compelling legitimate grounds override your interests (GDPR Art. 21(1))."),
                    (
                        "stays",
                        "The change stays: you can end the contract before it takes effect, with your export and at no cost (GDPR Art. 28(2)).",
                    ),
                    ("lawful", "The conditions of a restriction are not met (GDPR Art. 18(1))."),
                ],
                max_length=20,
                verbose_name="ground",
            ),
        ),
        migrations.AlterField(
            model_name="request",
            name="right",
            field=models.CharField(
                choices=[
                    ("15", "ACCESS"),
                    ("16", "RECTIFICATION"),
                    ("17", "ERASURE"),
                    ("18", "RESTRICTION"),
                    ("20", "PORTABILITY"),
                    ("21", "OBJECTION"),
                    ("22", "HUMAN_DECISION"),
                    ("7.3", "WITHDRAWAL"),
                    ("L1111-8", "HOSTING_OBJECTION"),
                    ("LIL 85", "DIRECTIVES"),
                    ("15, 32", "QUESTIONED_ACCESS"),
                    ("28.2", "SUBPROCESSORS"),
                    ("38.4", "QUESTION"),
                ],
                max_length=10,
                verbose_name="right",
            ),
        ),
        migrations.AddConstraint(
            model_name="duty",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["hosting", "audit", "training", "agreement", "other"])),
                name="duty_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="duty",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind", "agreement"), ("subprocessor", ""), _connector="XOR"),
                name="duty_of_a_subprocessor",
            ),
        ),
    ]
