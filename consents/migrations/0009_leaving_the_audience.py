from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consents", "0008_audience"),
    ]

    operations = [
        migrations.AddField(
            model_name="audiencemember",
            name="leaving_since",
            field=models.DateTimeField(null=True, verbose_name="being taken out since"),
        ),
    ]
