"""Images of all formats for Tempest, in the folder and by the list that its tests of formats read."""

from pathlib import Path

import yaml

from tests.compute.images.hostile_images import BACKED, FLAT, SPLIT, Maker, qemu

USABLE: dict[str, tuple[str, Maker]] = {
    "qcow2": ("qcow2", qemu("qcow2")),
    "raw": ("raw", qemu("raw")),
    "vdi": ("vdi", qemu("vdi")),
    "vhd": ("vhd", qemu("vpc")),
    "vhdx": ("vhdx", qemu("vhdx")),
    "vmdk-sparse": ("vmdk", qemu("vmdk", "-o", "subformat=monolithicSparse")),
    "vmdk-stream": ("vmdk", qemu("vmdk", "-o", "subformat=streamOptimized")),
}
UNUSABLE: dict[str, tuple[str, Maker]] = {
    "qcow2-backing": ("qcow2", BACKED),
    "qcow2-data-file": ("qcow2", SPLIT),
    "vmdk-flat": ("vmdk", FLAT),
}


def write(folder: Path) -> Path:
    """Write the images; the path of their list."""
    folder.mkdir()
    canary = folder / "canary"
    canary.write_text("canary")
    listed = []
    for usable, images in ((True, USABLE), (False, UNUSABLE)):
        for name, (form, make) in images.items():
            (folder / f"{name}.image").write_bytes(make(folder, canary))
            listed.append({"name": name, "format": form, "usable": usable, "filename": f"{name}.image"})
    manifest = folder / "manifest.yaml"
    manifest.write_text(yaml.safe_dump({"images": listed}))
    return manifest
