from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("compute", "0005_groups"),
    ]

    operations = [
        migrations.AddField(
            model_name="hypervisor",
            name="features",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="image",
            name="properties",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="instance",
            name="hardware",
            field=models.JSONField(default=dict),
        ),
    ]
