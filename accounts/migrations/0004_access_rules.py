"""Make access rules rows of their users, those of present credentials too."""

import accounts.models.identifier
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def keep_present_rules(apps, schema_editor):
    AccessRule = apps.get_model("accounts", "AccessRule")
    for credential in apps.get_model("accounts", "ApplicationCredential").objects.exclude(access_rules=[]):
        for rule in credential.access_rules:
            row, _made = AccessRule.objects.get_or_create(
                user_id=credential.user_id,
                service=rule["service"],
                method=rule["method"],
                path=rule["path"],
                defaults={"id": rule["id"]},
            )
            rule["id"] = row.id
        credential.save(update_fields=["access_rules"])


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_role_inferences'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccessRule',
            fields=[
                ('id', models.CharField(default=accounts.models.identifier.new_id, editable=False, max_length=64, primary_key=True, serialize=False)),
                ('service', models.CharField(max_length=128)),
                ('method', models.CharField(max_length=8)),
                ('path', models.CharField(max_length=128)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='access_rules', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['service', 'path', 'method'],
                'constraints': [models.UniqueConstraint(fields=('user', 'service', 'method', 'path'), name='access_rule_once')],
            },
        ),
        migrations.RunPython(keep_present_rules, migrations.RunPython.noop),
    ]
