from django.apps import AppConfig


class ComputeConfig(AppConfig):
    name = "compute"

    def ready(self) -> None:
        """Tell accounts what to count, and the engine which actions there are."""
        from compute import actions  # noqa: F401 - rows exist only once apps are loaded
        from compute.services import belongings, resources

        resources.register()
        belongings.register()
