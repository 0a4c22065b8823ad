from django.apps import AppConfig


class ComputeConfig(AppConfig):
    name = "compute"

    def ready(self) -> None:
        """Tell accounts what to count and how pages hear of changes, and the engine which actions there are."""
        from accounts.services import announcements
        from compute import actions  # noqa: F401 - rows exist only once apps are loaded
        from compute.services import belongings, broadcast, resources

        resources.register()
        belongings.register()
        announcements.register(broadcast.accounts_changed)
