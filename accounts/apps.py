from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        """Register our own API and retention. The catalog's rows follow the code after every migration."""
        from accounts import epochs  # models can be imported only once apps are loaded
        from accounts import retention as own
        from accounts.openstack import expressions
        from accounts.services import catalog, retention, sessions

        catalog.register(catalog.OwnService(type="identity", name="keystone", path="/identity"))
        retention.register(own.RULES)
        post_migrate.connect(epochs.install, sender=self)
        post_migrate.connect(_ensure_catalog, sender=self)
        user_logged_in.connect(sessions.on_login)
        connection_created.connect(expressions.install)


def _ensure_catalog(**_signal: Any) -> None:
    from accounts.services import catalog

    catalog.ensure()
