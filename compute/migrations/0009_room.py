"""How far a running guest can grow."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("compute", "0008_taken_images")]
    operations = [
        migrations.AddField(model_name="instance", name="room", field=models.JSONField(null=True)),
    ]
