"""Instances keep their flavor's id and name, which its deletion took from them before."""

from typing import Any

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def copy(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    names: dict[str, str] = dict(apps.get_model("compute", "Flavor").objects.values_list("pk", "name"))
    rows: Any = apps.get_model("compute", "Instance").objects
    for key, name in names.items():
        rows.filter(flavor_id=key).update(flavor_name=name)
    for row in rows.exclude(resized_from=None):
        key = row.resized_from.pop("flavor", None) or ""
        row.resized_from |= {"flavor_id": key, "flavor_name": names.get(key, "")}
        row.save(update_fields=["resized_from"])


class Migration(migrations.Migration):
    dependencies = [("compute", "0009_room")]
    operations = [
        migrations.AlterField(
            model_name="instance",
            name="flavor",
            field=models.CharField(blank=True, db_column="flavor_id", default="", max_length=255),
            preserve_default=False,
        ),
        migrations.RenameField(model_name="instance", old_name="flavor", new_name="flavor_id"),
        migrations.AlterField(
            model_name="instance", name="flavor_id", field=models.CharField(blank=True, max_length=255)
        ),
        migrations.AddField(
            model_name="instance",
            name="flavor_name",
            field=models.CharField(blank=True, default="", max_length=255),
            preserve_default=False,
        ),
        migrations.RunPython(copy, migrations.RunPython.noop),
    ]
