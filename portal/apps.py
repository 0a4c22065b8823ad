from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        """Load Celery, and close the live connections of sessions that end."""
        from accounts.services import sessions
        from portal import celery, signed_out  # noqa: F401

        sessions.ended.connect(signed_out.tell)
