"""The Chinese catalogue is whole, and its sentences take the same values as the English ones."""

import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

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
