"""The launch page: a refusal keeps what was typed, twice sent is once launched, the preview tells the truth."""

import pytest
from django.test import Client

from accounts.models import Project, Quota, User
from compute.images.models import Image
from compute.instances.models import Flavor, Instance
from compute.volumes.models import Volume
from portal import launch_plan
from portal.launch_source import Source
from tests import factories


@pytest.fixture
def form(blue: Project) -> dict[str, str]:
    factories.NetworkFactory()
    flavor, image = factories.FlavorFactory(name="tiny"), factories.ImageFactory(name="Tiny Linux")
    return {
        "name": "web",
        "image_id": str(image.pk),
        "flavor_id": flavor.pk,
        "count": "1",
        "key_from": "none",
        "key": "0" * 32,
    }


@pytest.fixture
def browser(alice: User) -> Client:
    client = Client()
    client.force_login(alice, backend="accounts.authentication.PasswordBackend")
    return client


def test_sent_twice_is_launched_once(browser: Client, form: dict[str, str]) -> None:
    for _time in range(2):
        answer = browser.post("/instances/launch/", form)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/instances/")
    assert Instance.objects.count() == 1


def test_a_refusal_names_every_field_and_keeps_every_value(browser: Client, form: dict[str, str]) -> None:
    form |= {"name": " ", "key_from": "pasted", "public_key": "no key", "user_data": "#cloud-config\na: ["}
    answer = browser.post("/instances/launch/", form)
    text = answer.content.decode()
    assert answer.status_code == 400
    assert Instance.objects.count() == 0
    for error in ("Give a name.", "not an OpenSSH public key", "not valid YAML"):
        assert error in text
    assert "no key</textarea>" in text
    assert "#cloud-config\na: [</textarea>" in text
    assert f'value="{form["flavor_id"]}"' in text


def test_too_small_a_quota_says_what_is_short(browser: Client, form: dict[str, str], blue: Project) -> None:
    Quota.objects.create(project=blue, resource="cores", limit=1)
    answer = browser.post("/instances/launch/", form | {"count": "2"})
    assert answer.status_code == 403
    assert "Not enough quota for vCPUs: 2 requested, 1 of 1 available." in answer.content.decode()


@pytest.mark.parametrize("count", ["500", "0", "-1", "many"])
def test_too_many_are_refused_while_one_types(browser: Client, form: dict[str, str], count: str) -> None:
    text = browser.post("/instances/launch/preview/", form | {"count": count}).content.decode()
    assert "From 1 to 50 at once." in text
    assert "data-once disabled" in text
    fine = browser.post("/instances/launch/preview/", form | {"count": "50"}).content.decode()
    assert "at once" not in fine
    assert "data-once disabled" not in fine


def test_the_preview_takes_an_old_refusal_away(browser: Client, form: dict[str, str], blue: Project) -> None:
    Quota.objects.create(project=blue, resource="cores", limit=1)
    refused = browser.post("/instances/launch/", form | {"count": "2"}).content.decode()
    start = refused.index('id="launch-refusal"')
    assert "Not enough quota for vCPUs" in refused[start : start + 800]
    preview = browser.post("/instances/launch/preview/", form).content.decode()
    assert '<div id="launch-refusal" hx-swap-oob="true"></div>' in preview


def test_the_image_of_a_shelved_instance_is_none_to_launch(
    browser: Client, form: dict[str, str], blue: Project
) -> None:
    copy = factories.ImageFactory(name="web-shelved", project=blue)
    assert "web-shelved" in browser.get("/instances/launch/").content.decode()
    factories.InstanceFactory(project=blue, shelved_image=copy)
    assert "web-shelved" not in browser.get("/instances/launch/").content.decode()
    listed = browser.get("/images/").content.decode()
    assert "goes when it is unshelved" in listed
    assert f"/instances/launch/?image={copy.pk}" not in listed


def test_the_preview_shows_what_is_added_and_what_does_not_fit(browser: Client, form: dict[str, str]) -> None:
    factories.ImageFactory(name="Big", min_ram_mib=512)
    big = browser.post("/instances/launch/preview/", form | {"count": "3"}).content.decode()
    assert "+3" in big
    assert "Launch 3 instances" in big
    assert "--min 3 --max 3" in big
    assert 'hx-swap-oob="morph"' in big


def test_the_command_is_quoted_for_a_shell() -> None:
    image, flavor = (
        factories.ImageFactory.build(name="Tiny Linux"),
        factories.FlavorFactory.build(name="tiny"),
    )
    command = launch_plan.shell_command(
        "it's; rm -rf /", Source(image=image), flavor, 1, key_name="", user_data=False
    )
    assert command == "openstack server create --image 'Tiny Linux' --flavor tiny 'it'\"'\"'s; rm -rf /'"


def test_what_begins_with_a_hyphen_is_no_option_of_the_command() -> None:
    image = factories.ImageFactory.build(name="-tiny")
    command = launch_plan.shell_command(
        "--help", Source(image=image), None, 1, description="-v", tags=["-a"], metadata={"-k": "1"}
    )
    words = "openstack server create --image=-tiny --description=-v --property=-k=1 --tag=-a -- --help"
    assert command == words


def test_all_that_was_typed_is_launched(browser: Client, form: dict[str, str]) -> None:
    form |= {"description": "For the course", "tags": "web, blue", "metadata": "owner=ann\n\nstage = dev"}
    assert browser.post("/instances/launch/", form).status_code == 302
    instance = Instance.objects.get()
    assert (instance.description, instance.tags) == ("For the course", ["blue", "web"])
    assert instance.metadata == {"owner": "ann", "stage": "dev"}
    command = browser.post("/instances/launch/preview/", form).content.decode()
    for word in ("--description", "owner=ann", "--tag web"):
        assert word in command


def test_a_line_that_is_no_pair_is_named(browser: Client, form: dict[str, str]) -> None:
    answer = browser.post("/instances/launch/", form | {"metadata": "a=1\nnonsense"})
    assert answer.status_code == 400
    assert "Line 2 is no key=value." in answer.content.decode()
    assert "a=1\nnonsense</textarea>" in answer.content.decode()


def test_another_like_it_begins_with_its_values(browser: Client, form: dict[str, str], bob: User) -> None:
    typed = form | {
        "description": "For the course",
        "tags": "web",
        "metadata": "owner=ann",
        "user_data": "#!/bin/sh\necho é\n",
    }
    browser.post("/instances/launch/", typed)
    instance = Instance.objects.get()
    page = browser.get(f"/instances/launch/?like={instance.pk}").content.decode()
    for value in ('value="web"', "owner=ann</textarea>", "echo é", 'value="For the course"'):
        assert value in page
    Instance.objects.update(user_data="H4sIAP/+")
    page = browser.get(f"/instances/launch/?like={instance.pk}").content.decode()
    assert "copied as they are" in page
    again = form | {"name": "again", "user_data_of": str(instance.pk), "key": "another"}
    browser.post("/instances/launch/", again)
    assert Instance.objects.get(name="again").user_data == "H4sIAP/+"
    assert browser.get("/instances/launch/?like=nonsense").status_code == 404
    browser.force_login(bob, backend="accounts.authentication.PasswordBackend")
    assert browser.get(f"/instances/launch/?like={instance.pk}").status_code == 404


@pytest.mark.parametrize(
    ("user_data", "said"),
    [
        ("#cloud-config\na: b\nc: [", "This is not valid YAML: expected the node content, but found"),
        ("#cloud-config\n- a", "A cloud-config is a mapping of keys to values."),
        ("#!/bin/sh\na: [", ""),
    ],
)
def test_user_data_are_checked_while_they_are_typed(
    browser: Client, form: dict[str, str], user_data: str, said: str
) -> None:
    text = browser.post("/instances/launch/preview/", form | {"user_data": user_data}).content.decode()
    error = text.partition('id="user-data-error" hx-swap-oob="true">')[2].partition("</p>")[0]
    assert error.startswith(said)
    assert bool(error) is bool(said)


def test_it_boots_from_a_volume(browser: Client, form: dict[str, str], blue: Project, red: Project) -> None:
    system = factories.VolumeFactory(project=blue, name="system", bootable=True, size_gib=3)
    empty = factories.VolumeFactory(project=blue, name="empty")
    foreign = factories.VolumeFactory(project=red, name="foreign", bootable=True)
    page = browser.get(f"/instances/launch/?volume={system.pk}").content.decode()
    assert "system – 3 GiB" in page
    assert "empty – " not in page
    assert "foreign" not in page
    form |= {"source": "volume", "volume_id": str(system.pk)}
    shown = browser.post("/instances/launch/preview/", form).content.decode()
    assert "openstack server create --volume system --flavor tiny" in shown
    for wrong in (str(empty.pk), str(foreign.pk), "", "x"):
        answer = browser.post("/instances/launch/", form | {"volume_id": wrong})
        assert answer.status_code == 400, wrong
        assert 'id="volume-error"' in answer.content.decode()
    assert browser.post("/instances/launch/", form).status_code == 302
    instance = Instance.objects.get()
    assert instance.image is None
    assert [attachment.volume for attachment in instance.attachments.all()] == [system]


def test_it_boots_from_a_new_volume(browser: Client, form: dict[str, str], blue: Project) -> None:
    Image.objects.update(min_disk_gib=2)
    Flavor.objects.update(disk_gib=1)
    assert "needs 2 GiB of disk" in browser.post("/instances/launch/preview/", form).content.decode()
    form |= {"source": "image", "on_volume": "1", "volume_size": "5"}
    shown = browser.post("/instances/launch/preview/", form).content.decode()
    assert "--boot-from-volume 5 --flavor tiny" in shown
    assert "needs 2 GiB of disk" not in shown
    assert ">Volumes<" in shown
    too_small = browser.post("/instances/launch/", form | {"volume_size": "1"})
    assert too_small.status_code == 400
    assert 'id="volume-size-error"' in too_small.content.decode()
    assert browser.post("/instances/launch/", form).status_code == 302
    volume = Volume.objects.get()
    assert (volume.size_gib, str(volume.image_id), volume.project) == (5, form["image_id"], blue)
    assert Instance.objects.get().image is None


def test_it_boots_from_a_copy_of_a_snapshot_or_a_backup(
    browser: Client, form: dict[str, str], blue: Project
) -> None:
    system = factories.VolumeFactory(project=blue, name="system", bootable=True, size_gib=3)
    snapshot = factories.VolumeSnapshotFactory(volume=system, name="moment")
    backup = factories.BackupFactory(volume=system, name="nightly", bootable=True)
    for kind, row, word in (("snapshot", snapshot, "--snapshot moment"), ("backup", backup, "nightly")):
        assert (
            f'value="{row.pk}" selected'
            in browser.get(f"/instances/launch/?{kind}={row.pk}").content.decode()
        )
        fields = form | {"source": kind, f"{kind}_id": str(row.pk), "key": kind}
        assert word in browser.post("/instances/launch/preview/", fields).content.decode()
        answer = browser.post("/instances/launch/", fields | {f"{kind}_id": "x"})
        assert f'id="{kind}-error"' in answer.content.decode()
        assert browser.post("/instances/launch/", fields).status_code == 302
    assert Volume.objects.filter(snapshot=snapshot).exists()
    assert Volume.objects.filter(backup=backup).exists()


def test_without_images_a_volume_will_do(browser: Client, form: dict[str, str], blue: Project) -> None:
    Image.objects.all().delete()
    assert "There is no image yet" in browser.get("/instances/launch/").content.decode()
    factories.VolumeFactory(project=blue, name="system", bootable=True)
    assert "There is no image yet" not in browser.get("/instances/launch/").content.decode()
