from django.db import migrations, models

NAME = "quota_requests_by_state"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RemoveIndex(model_name="quotarequest", name=NAME),
        migrations.AlterModelOptions(name="quotarequest", options={"ordering": ["-created_at", "id"]}),
        migrations.RenameField(model_name="quotarequest", old_name="wanted", new_name="limit"),
        migrations.RenameField(model_name="quotarequest", old_name="asked_at", new_name="created_at"),
        migrations.AddIndex(
            model_name="quotarequest", index=models.Index(fields=["state", "-created_at"], name=NAME)
        ),
    ]
