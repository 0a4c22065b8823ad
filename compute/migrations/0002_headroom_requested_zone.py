from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("compute", "0001_initial")]

    operations = [
        migrations.RenameField("instance", "room", "headroom"),
        migrations.RenameField("instance", "wanted_zone", "requested_zone"),
    ]
