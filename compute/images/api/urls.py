"""Every address below /image/. None but version documents ends in a slash."""

from django.urls import path, re_path

from compute.images.api import discovery, images

urlpatterns = [
    path("", discovery.Versions.as_view(), name="image-versions"),
    re_path(r"^versions/?\Z", discovery.Versions.as_view(), name="image-versions-named"),
    path("v2/images", images.Images.as_view(), name="image-images"),
    path("v2/images/<str:key>", images.OneImage.as_view(), name="image-image"),
    path("v2/images/<str:key>/tasks", images.Tasks.as_view(), name="image-image-tasks"),
    re_path(r"^v2/schemas/(?P<name>image|images)\Z", images.Schema.as_view(), name="image-schema"),
    re_path(r"^.*\Z", discovery.Unknown.as_view(), name="image-unknown"),
]
