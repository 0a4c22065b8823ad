"""Every address of the pages, APIs and websockets."""

from django.urls import include, path

from accounts.api import discovery
from accounts.api import urls as identity
from portal.consumers.live import Live
from portal.consumers.serial import Serial
from portal.pages import (
    activity,
    api,
    audit,
    console,
    credentials,
    domains,
    groups,
    health,
    instance,
    instances,
    keypairs,
    launch,
    oidc,
    overview,
    palette,
    preferences,
    project,
    projects,
    quota_requests,
    roles,
    roles_given,
    setup,
    sign_in,
    user,
    users,
)

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-in/provider/", oidc.begin, name="oidc"),
    path("sign-in/provider/callback/", oidc.callback, name="oidc-callback"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("setup/<str:token>/", setup.set_up, name="setup"),
    path("alive/", sign_in.alive, name="alive"),
    path("instances/", instances.listing, name="instances"),
    path("instances/launch/", launch.new, name="launch"),
    path("instances/launch/preview/", launch.preview, name="launch-preview"),
    path("instances/actions/<slug:verb>/", instances.act_on_many, name="instances-action"),
    path("instances/<uuid:instance_id>/", instance.overview, name="instance"),
    path("instances/<uuid:instance_id>/activity/", instance.activity, name="instance-activity"),
    path("instances/<uuid:instance_id>/actions/<slug:verb>/", instance.act, name="instance-action"),
    *console.urlpatterns,
    path("recycle-bin/", instances.recycle_bin, name="recycle-bin"),
    path("keypairs/", keypairs.listing, name="keypairs"),
    path("keypairs/generate/", keypairs.generate, name="keypair-generate"),
    path("keypairs/delete/", keypairs.delete, name="keypair-delete"),
    path("credentials/", credentials.listing, name="credentials"),
    path("credentials/delete/", credentials.delete, name="credential-delete"),
    path("activity/", activity.activity, name="activity"),
    path("activity/in-progress/", activity.in_progress, name="operations"),
    path("audit/", audit.log, name="audit"),
    path("audit/audit.csv", audit.download, name="audit-download"),
    path("health/", health.checks, name="health"),
    path("projects/switch/", preferences.switch_project, name="project-switch"),
    path("quota-requests/", quota_requests.listing, name="quota-requests"),
    path("quota-requests/waiting/", quota_requests.waiting, name="quota-requests-waiting"),
    path("quota-requests/ask/", quota_requests.ask, name="quota-request-ask"),
    path("quota-requests/<str:key>/approve/", quota_requests.approve, name="quota-request-approve"),
    path("quota-requests/<str:key>/refuse/", quota_requests.refuse, name="quota-request-refuse"),
    path("palette/", palette.palette, name="palette"),
    path("preferences/", preferences.preferences, name="preferences"),
    # Last, because an id may be any word: whoever adds an address below /users/ wants it to be found first.
    *projects.urlpatterns,
    *project.urlpatterns,
    *users.urlpatterns,
    *user.urlpatterns,
    *groups.urlpatterns,
    *roles_given.urlpatterns,
    *roles.urlpatterns,
    *domains.urlpatterns,
    path("api/", api.document, name="api-document"),
    path("api/schema/", api.schema, name="api-schema"),
    path("identity", discovery.Versions.as_view(), name="identity"),
    path("identity/", include(identity)),
]
websockets = [
    path("ws/live/", Live.as_asgi()),
    path("ws/instances/<uuid:instance_id>/serial/", Serial.as_asgi()),
]

handler400 = "portal.pages.errors.bad_request"
handler403 = "portal.pages.errors.forbidden"
handler404 = "portal.pages.errors.not_found"
handler500 = "portal.pages.errors.server_error"
