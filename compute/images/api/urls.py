"""Every address below /image/. None but version documents ends in a slash."""

from django.urls import path, re_path

from compute.images.api import (
    descriptions,
    discovery,
    image_file,
    image_parts,
    images,
    imports,
    members,
    tasks,
)

urlpatterns = [
    path("", discovery.Versions.as_view(), name="image-versions"),
    re_path(r"^versions/?\Z", discovery.Versions.as_view(), name="image-versions-named"),
    path("v2/images", images.Images.as_view(), name="image-images"),
    path("v2/images/<str:key>", images.OneImage.as_view(), name="image-image"),
    path("v2/images/<str:key>/file", image_file.ImageFile.as_view(), name="image-image-file"),
    path("v2/images/<str:key>/members", members.Members.as_view(), name="image-image-members"),
    path("v2/images/<str:key>/members/<str:project>", members.OneMember.as_view(), name="image-image-member"),
    path("v2/images/<str:key>/tags/<str:tag>", image_parts.Tag.as_view(), name="image-image-tag"),
    re_path(
        r"^v2/images/(?P<key>[^/]+)/actions/(?P<verb>deactivate|reactivate)\Z",
        image_parts.Activation.as_view(),
        name="image-image-activation",
    ),
    path("v2/images/<str:key>/stage", image_file.StagedFile.as_view(), name="image-image-stage"),
    path("v2/images/<str:key>/import", imports.Import.as_view(), name="image-image-import"),
    path("v2/images/<str:key>/tasks", tasks.ImageTasks.as_view(), name="image-image-tasks"),
    path("v2/tasks", tasks.Tasks.as_view(), name="image-tasks"),
    path("v2/tasks/<str:key>", tasks.OneTask.as_view(), name="image-task"),
    path("v2/info/import", imports.ImportMethods.as_view(), name="image-info-import"),
    path("v2/info/stores", imports.Stores.as_view(), name="image-info-stores"),
    path("v2/cache", imports.Cache.as_view(), name="image-cache"),
    re_path(
        r"^v2/schemas/(?P<name>image|images|member|members|task|tasks)\Z",
        descriptions.Description.as_view(),
        name="image-schema",
    ),
    re_path(r"^.*\Z", discovery.Unknown.as_view(), name="image-unknown"),
]
