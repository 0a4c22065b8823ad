"""Which image shelving took, so that unshelving can discard it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("compute", "0010_kept_flavor")]
    operations = [
        migrations.AddField(
            model_name="instance",
            name="shelved_image",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="compute.image",
            ),
        ),
    ]
