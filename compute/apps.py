from django.apps import AppConfig

APIS = (
    ("compute", "nova", "/compute/v2.1"),
    ("image", "glance", "/image"),
    ("network", "neutron", "/network"),
    ("block-storage", "cinder", "/volume/v3"),
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
        from compute.engine.services import broadcast
        from compute.engine.services import project_contents as operation_contents
        from compute.hosts import policy as hosts
        from compute.images import policy as images
        from compute.images import retention as kept_images
        from compute.images.kind import IMAGE
        from compute.images.services import image_quota, properties
        from compute.images.services import project_contents as image_contents
        from compute.instances import policy as instances
        from compute.instances import retention as kept_instances
        from compute.instances.kind import INSTANCE, INSTANCE_SNAPSHOT
        from compute.instances.services import (
            boot_images,
            hardware_options,
            host_occupants,
            instance_snapshots,
            resources,
            status_labels,
        )
        from compute.instances.services import project_contents as instance_contents
        from compute.management import policy as management
        from compute.networks import policy as networks
        from compute.networks.services import host_networks
        from compute.networks.services import project_contents as network_contents
        from compute.volumes import policy as volumes
        from compute.volumes import retention as kept_volumes
        from compute.volumes.kind import BACKUP, VOLUME, VOLUME_SNAPSHOT
        from compute.volumes.services import project_contents as volume_contents
        from compute.volumes.services import volume_image_users, volume_quota
        from compute.volumes.states import BORROWED_TASKS

        for area in (engine, hosts, networks, images, volumes, instances, management):
            policy.register(area.RULES)
        kinds.register(IMAGE)
        kinds.register(VOLUME)
        kinds.register(VOLUME_SNAPSHOT)
        kinds.register(BACKUP)
        kinds.register(INSTANCE)
        kinds.register(INSTANCE_SNAPSHOT)
        registry.discover("compute.images.actions")
        registry.discover("compute.volumes.actions")
        registry.discover("compute.instances.actions")
        registry.add_task_labels("instance", status_labels.STEP_TASKS)
        registry.add_task_labels("volume", BORROWED_TASKS)
        retention.register(
            (*kept_operations.RULES, *kept_images.RULES, *kept_volumes.RULES, *kept_instances.RULES)
        )
        resources.register()
        volume_quota.register()
        instance_snapshots.register()
        volume_image_users.register()
        image_quota.register()
        boot_images.register()
        properties.register(hardware_options.property_error)
        host_occupants.register()
        host_networks.register()
        for kind, name, path in APIS:
            catalog.register(catalog.OwnService(type=kind, name=name, path=path))
        for contents in (
            instance_contents,
            volume_contents,
            image_contents,
            network_contents,
            operation_contents,
        ):
            contents.register()
        announcements.register(broadcast.announce)
