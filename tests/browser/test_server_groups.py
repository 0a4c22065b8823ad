"""A server group is made, chosen at launch, and deleted once somebody has confirmed it."""

from playwright.sync_api import Page, expect

from tests.browser import looks, verbs
from tests.browser.verbs import Faults
from tests.stack import Stack


def test_a_group_is_made_chosen_and_deleted(stack: Stack, page: Page, faults: Faults, steady: str) -> None:
    page.goto("/server-groups/new/")
    page.get_by_role("textbox", name="Name").fill("front ends")
    page.get_by_label("Where its instances go").select_option("Together where possible")
    page.get_by_role("button", name="Create group").click()
    row = page.get_by_role("row", name="front ends")
    expect(row).to_contain_text("Together where possible")
    page.goto("/instances/launch/")
    page.get_by_role("heading", name="Placement").click()
    with verbs.without_reload(page):
        page.get_by_label("Server group").select_option("front ends – Together where possible")
        expect(page.locator("#placement-hint")).to_have_text("front ends")
        expect(page.locator("#launch-summary code")).to_contain_text("--hint group=")
    assert looks.inspect(page, "launch-placement") + faults == []
    page.goto("/server-groups/")
    with verbs.without_reload(page):
        row.get_by_role("button", name="Delete the server group front ends").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(row).to_have_count(0)
    assert faults == []
