"""Give installations that were set up before inferences were rows the rules of the default roles."""

from django.db import migrations

LADDER = ("admin", "manager", "member", "reader")


def add_inferences(apps, schema_editor):
    roles = {role.name: role for role in apps.get_model("accounts", "Role").objects.filter(name__in=LADDER)}
    RoleInference = apps.get_model("accounts", "RoleInference")
    for place, prior in enumerate(LADDER):
        for steps, implied in enumerate(LADDER[place + 1:]):
            if prior in roles and implied in roles:
                RoleInference.objects.get_or_create(
                    prior=roles[prior], implied=roles[implied], defaults={"is_direct": steps == 0}
                )


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_identity'),
    ]

    operations = [
        migrations.RunPython(add_inferences, migrations.RunPython.noop),
    ]
