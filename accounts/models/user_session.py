"""Browser sessions of users, as listed on their account page."""

from django.contrib.sessions.models import Session
from django.db import models

from accounts.models.identifier import IdentifiedModel
from accounts.models.user import User


class UserSession(IdentifiedModel):
    """A browser session, deleted with Django's. Pages name it by its own id, since the session's key is secret."""

    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=512, blank=True)
    began_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["-seen_at"]

    def __str__(self) -> str:
        return f"session of {self.user_id} since {self.began_at:%Y-%m-%d %H:%M}"
