from django.apps import AppConfig

APIS = (
    ("compute", "nova", "/compute/v2.1"),
    ("image", "glance", "/image"),
    ("network", "neutron", "/network"),
)


class ComputeConfig(AppConfig):
    name = "compute"

    def ready(self) -> None:
        """Register our rules, quotas, APIs, retention and announcements with accounts; load the actions."""
        from accounts import policy
        from accounts.services import announcements, catalog, retention
        from compute.engine import policy as engine
        from compute.engine import retention as kept_operations
        from compute.engine.services import broadcast
        from compute.hosts import policy as hosts
        from compute.images import policy as images
        from compute.instances import actions  # noqa: F401 - rows exist only once apps are loaded
        from compute.instances import policy as instances
        from compute.instances import retention as kept_instances
        from compute.instances.services import project_contents, resources
        from compute.management import policy as management
        from compute.networks import policy as networks

        for area in (engine, hosts, networks, images, instances, management):
            policy.register(area.RULES)
        retention.register((*kept_operations.RULES, *kept_instances.RULES))
        resources.register()
        for kind, name, path in APIS:
            catalog.register(catalog.OwnService(type=kind, name=name, path=path))
        project_contents.register()
        announcements.register(broadcast.accounts_changed)
