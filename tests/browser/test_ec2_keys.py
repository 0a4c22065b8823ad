"""An EC2 key is made, its secret shown once, and deleted once somebody has confirmed it."""

from playwright.sync_api import Page, expect

from tests.browser import looks, verbs
from tests.browser.verbs import Faults


def test_a_key_is_made_shown_once_and_deleted(page: Page, faults: Faults) -> None:
    page.goto("/credentials/")
    expect(page.get_by_role("heading", name="EC2 keys")).to_be_visible()
    page.get_by_role("button", name="Create a key for").click()
    made = page.get_by_role("region", name="An EC2 key for")
    expect(made).to_be_focused()
    secret = made.locator(".secret").inner_text()
    access = made.locator("code").first.inner_text()
    assert len(secret) == len(access) == 32
    looks.settle(page)
    assert looks.inspect(page, "ec2-key-made") + faults == []
    page.goto("/credentials/")
    expect(page.get_by_text(secret)).to_have_count(0)
    key = page.get_by_role("listitem").filter(has_text=access)
    expect(key).to_be_visible()
    with verbs.without_reload(page):
        key.get_by_role("button", name=f"Delete {access}").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(key).to_have_count(0)
    assert looks.inspect(page, "ec2-keys") + faults == []
