"""What clients of each API read when something breaks."""

import json

import pytest
from django.test import RequestFactory

from portal.pages.errors import server_error


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/identity/v3/users", "error"),
        ("/compute/v2.1/servers", "computeFault"),
        ("/image/v2/images", "message"),
        ("/network/v2.0/networks", "NeutronError"),
    ],
)
def test_a_bug_is_told_in_the_form_of_the_service(path: str, field: str) -> None:
    answer = server_error(RequestFactory().get(path))
    assert answer.status_code == 500
    assert field in json.loads(answer.content)
