"""Images and networks, as far as clients of Compute look them up, and the catalog that names them."""

import uuid
from typing import Any

import pytest

from accounts.models import Project
from compute.images.models import Image
from compute.networks.models import Network
from tests import factories
from tests.compute.api.compute_calls import Compute

pytestmark = pytest.mark.django_db
Wish = dict[str, Any]


def test_images(member: Compute, blue: Project, red: Project, image: Image) -> None:
    factories.ImageFactory(name="theirs", visibility="private", project=red)
    assert member.call("GET", "/image").status_code == 300
    (row,) = member.get("/image/v2/images")["images"]
    assert (row["id"], row["name"], row["status"]) == (str(image.pk), "tiny", "active")
    assert member.get(f"/image/v2/images?name={image.name}")["images"]
    assert member.get("/image/v2/images?name=tin")["images"] == []
    assert member.get(f"/image/v2/images?id=in:{image.pk},{uuid.uuid4()}")["images"]
    assert member.get(f"/image/v2/images/{image.pk}") == row
    assert member.get("/image/v2/images/tiny", 404)["message"]
    member.get("/image/v2/images?marker=x", 400)
    factories.ImageFactory(name="other")
    page = member.get("/image/v2/images?limit=1")
    assert page["next"].startswith("/v2/images?limit=1&marker=")
    assert member.get("/image/v2/schemas/image")["name"] == "image"


def test_networks(member: Compute, red: Project, network: Network) -> None:
    factories.NetworkFactory(name="theirs", project=red)
    for path in ("/network", "/network/", "/network/v2.0", "/network/v2.0/"):
        Compute().get(path)
    (row,) = member.get("/network/v2.0/networks")["networks"]
    assert (row["id"], row["shared"]) == (str(network.pk), True)
    assert member.get("/network/v2.0/networks?name=default&name=other&fields=id")["networks"] == [
        {"id": str(network.pk)}
    ]
    assert member.get("/network/v2.0/networks?name=def")["networks"] == []
    assert member.get("/network/v2.0/networks?shared=True")["networks"] == [row]
    assert member.get(f"/network/v2.0/networks/{network.pk}")["network"] == row
    assert "NeutronError" in member.get("/network/v2.0/networks/default", 404)
    (subnet,) = row["subnets"]
    assert member.get(f"/network/v2.0/subnets/{subnet}")["subnet"]["cidr"] == network.cidr
    assert member.get("/network/v2.0/extensions") == {"extensions": []}


def test_the_catalog_names_them(member: Compute) -> None:
    from accounts.services import catalog

    catalog.ensure()
    entries = member.get("/identity/v3/auth/catalog")["catalog"]
    found = {entry["type"]: entry["endpoints"][0]["url"] for entry in entries}
    assert found["compute"].endswith("/compute/v2.1")
    assert found["image"].endswith("/image")
    assert found["network"].endswith("/network")
