"""Screenshots are PNG, or are refused with a sentence."""

import pytest

from compute.driver.errors import Unsupported
from compute.driver.guest.screenshot import check_png


def test_png_stays_as_it_is() -> None:
    assert check_png(b"\x89PNG\r\n\x1a\nrest") == b"\x89PNG\r\n\x1a\nrest"


@pytest.mark.parametrize("picture", [b"P6\n3 2\n255\n", b"GIF89a", b""])
def test_anything_else_is_refused(picture: bytes) -> None:
    with pytest.raises(Unsupported, match="upgrade QEMU"):
        check_png(picture)
