from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_safety")]

    operations = [
        migrations.CreateModel(
            name="Epoch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mark", models.CharField(max_length=32)),
            ],
        ),
    ]
