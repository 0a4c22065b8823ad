from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        """Every process can hand work to the workers, and closes what stands on sessions that it ends."""
        from accounts.services import sessions
        from portal import celery, signed_out  # noqa: F401

        sessions.ended.connect(signed_out.tell)
