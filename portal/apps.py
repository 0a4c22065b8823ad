from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        """Every process can hand work to the workers."""
        from portal import celery  # noqa: F401
