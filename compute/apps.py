from django.apps import AppConfig

APIS = (
    ("compute", "nova", "/compute/v2.1"),
    ("image", "glance", "/image"),
    ("network", "neutron", "/network"),
)


class ComputeConfig(AppConfig):
    name = "compute"

    def ready(self) -> None:
        """Tell accounts what to count, which APIs there are and how pages hear of changes, and the engine which actions."""
        from accounts.services import announcements, catalog
        from compute.engine.services import broadcast
        from compute.instances import actions  # noqa: F401 - rows exist only once apps are loaded
        from compute.instances.services import belongings, resources

        resources.register()
        for kind, name, path in APIS:
            catalog.register(catalog.OwnService(type=kind, name=name, path=path))
        belongings.register()
        announcements.register(broadcast.accounts_changed)
