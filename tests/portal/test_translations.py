"""The Chinese catalogue is whole, and its sentences take the same values as the English ones."""

import html
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from compute.driver.host import virtualization
from tests import factories

CATALOGUES = sorted(Path(settings.BASE_DIR).glob("locale/*/LC_MESSAGES/django.po"))
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")


def messages(catalogue: Path) -> list[tuple[str, str]]:
    """Every sentence, singular and plural in one, with its translation."""
    text = re.sub(r'"\n"', "", catalogue.read_text())
    return re.findall(r'^msgid "(.+(?:"\nmsgid_plural ".+)?)"\nmsgstr(?:\[0\])? "(.*)"$', text, re.M)


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.parts[-3])
def test_nothing_is_left_in_english(catalogue: Path) -> None:
    subprocess.run(["msgfmt", "--check-format", "--output-file=/dev/null", catalogue], check=True)
    assert "fuzzy" not in catalogue.read_text()
    assert [english for english, translated in messages(catalogue) if not translated] == []


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.parts[-3])
def test_translations_use_only_values_that_are_given(catalogue: Path) -> None:
    for english, translated in messages(catalogue):
        assert set(PLACEHOLDER.findall(translated)) <= set(PLACEHOLDER.findall(english)), english


@pytest.mark.django_db
def test_what_a_host_says_of_itself_is_translated_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings, root: User
) -> None:
    """It is stored in English, by a process that knows no languages."""
    for catalogue in CATALOGUES:
        compiled = (tmp_path / catalogue.relative_to(settings.BASE_DIR / "locale")).with_suffix(".mo")
        compiled.parent.mkdir(parents=True)
        subprocess.run(["msgfmt", f"--output-file={compiled}", catalogue], check=True)
    settings.LOCALE_PATHS = [tmp_path]
    monkeypatch.setattr(virtualization, "_SOFTWARE_KVM", Path("/"))
    reason = virtualization._missing_requirement()
    assert reason is not None
    host = factories.HypervisorFactory(virt_type="qemu", virt_reason=reason)
    browser = Client()
    browser.force_login(root, backend="accounts.authentication.PasswordBackend")
    for address in ("/", f"/hosts/{host.pk}/"):
        answers = [browser.get(address, headers={"Accept-Language": each}) for each in ("en", "zh-hans")]
        english, chinese = (answer.content.decode() for answer in answers)
        assert reason in html.unescape(english)
        assert reason not in html.unescape(chinese)
        assert "kvm_pvm" in chinese


@pytest.mark.proof
def test_the_catalogue_has_every_sentence_and_no_other(tmp_path: Path) -> None:
    """As `manage.py makemessages` finds them."""
    copy = tmp_path / "copy"
    others = shutil.ignore_patterns("node_modules", ".venv", "var", "tests", ".git", "__pycache__", "static")
    shutil.copytree(settings.BASE_DIR, copy, ignore=others, symlinks=True)
    command = [sys.executable, "manage.py", "makemessages", "--all", "--no-location", "--no-obsolete"]
    subprocess.run(command, cwd=copy, check=True, capture_output=True)
    for catalogue in CATALOGUES:
        found = messages(copy / catalogue.relative_to(settings.BASE_DIR))
        assert {english for english, _ in found} == {english for english, _ in messages(catalogue)}


RETIRED = (
    "Name and password do not fit together",
    "Nothing has been done",
    "The same by command",
    "How many",
    "Words between commas",
    "See what is marked below",
    "More was asked for",
    "Nobody waits",
    "Has its address",
    "Answers SSH",
    "Nothing fits",
    "What is it for?",
    "There is a picture once",
    "Nothing is scheduled",
    "What is to be done",
    "It never expires",
    "Grow while it runs",
    "Go back to the earlier size",
    "It makes no sense",
    "No guest agent answers",
    "Nothing of it can be taken back",
    "Removed for good",
    "What instances are launched from",
    "Taken of",
    "For everybody",
    "Make a pair",
    "kept nowhere",
    "in your place",
    "API’s document",
    "Stands below",
    "Nobody works here yet",
    "Where it counts",
    "Invite a person",
    "if you like",
    "Pass this link on",
    "Make a reset link",
    "on the place itself",
    "Its sizes stay as they are",
    "Make the flavor",
    "Like the system",
    "Present password",
    "Switch it on",
    "You may not do this.",
    "There is no such thing here",
    "Type text into the instance",
    "Take it over",
)
"""Of the first version: the consoles of the large clouds say it shorter and in the field's words."""


@pytest.mark.parametrize("words", RETIRED)
def test_the_first_versions_words_do_not_come_back(words: str) -> None:
    (catalogue,) = CATALOGUES
    assert [english for english, _translated in messages(catalogue) if words in english] == []
