from django.apps import AppConfig

APIS = (
    ("compute", "nova", "/compute/v2.1"),
    ("image", "glance", "/image"),
    ("network", "neutron", "/network"),
)


class ComputeConfig(AppConfig):
    name = "compute"

    def ready(self) -> None:
        """Register kinds, actions, rules, quotas, APIs and retention; rows and actions exist only once apps are loaded."""
        from accounts import policy
        from accounts.services import announcements, catalog, retention
        from compute.engine import kinds
        from compute.engine import policy as engine
        from compute.engine import retention as kept_operations
        from compute.engine.actions import registry
        from compute.engine.services import belongings as engine_belongings
        from compute.engine.services import broadcast
        from compute.hosts import policy as hosts
        from compute.images import policy as images
        from compute.images import retention as kept_images
        from compute.images.kind import IMAGE
        from compute.images.services import belongings as image_belongings
        from compute.instances import policy as instances
        from compute.instances import retention as kept_instances
        from compute.instances.kind import INSTANCE
        from compute.instances.services import belongings, boot_images, host_occupants, resources, words
        from compute.management import policy as management
        from compute.networks import policy as networks
        from compute.networks.services import belongings as network_belongings
        from compute.networks.services import host_networks

        for area in (engine, hosts, networks, images, instances, management):
            policy.register(area.RULES)
        kinds.register(IMAGE)
        kinds.register(INSTANCE)
        registry.discover("compute.images.actions")
        registry.discover("compute.instances.actions")
        registry.add_words("instance", words.STEP_TASKS)
        retention.register((*kept_operations.RULES, *kept_images.RULES, *kept_instances.RULES))
        resources.register()
        boot_images.register()
        host_occupants.register()
        host_networks.register()
        for kind, name, path in APIS:
            catalog.register(catalog.OwnService(type=kind, name=name, path=path))
        for belonging in (belongings, image_belongings, network_belongings, engine_belongings):
            belonging.register()
        announcements.register(broadcast.announce)
