"""A real OpenID Connect provider (django-oauth-toolkit) in an interpreter of its own, with people in it."""

import html
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from accounts.federation import OidcProvider
from tests.venvs import venv_of

HERE = Path(__file__).parent
CLIENT_ID, CLIENT_SECRET = "meridian", "secret of the client +/%"
PASSWORD = "pass phrase of the provider"
CALLBACK = "/sign-in/provider/callback/"


@dataclass(frozen=True, slots=True)
class Provider:
    """A running provider with the people `lea` and `sam`; everybody's password is `PASSWORD`."""

    folder: Path
    port: int

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.port}"

    def settings(self, **changes: Any) -> OidcProvider:
        """What the settings of a client would say."""
        given = {
            "issuer": self.issuer,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "label": "Example",
        }
        return OidcProvider(**(given | changes))

    def says(self, name: str, **claims: Any) -> None:
        """Let the provider tell this about somebody from now on; None leaves a claim out."""
        file = self.folder / "claims.json"
        known = json.loads(file.read_text())
        known[name] |= claims
        file.write_text(json.dumps(known))

    def sign_in(self, address: str, name: str = "lea") -> str:
        """Do as a person's browser that was sent to `address`; where the provider sends it back to."""
        browser = requests.Session()
        answer = browser.get(address)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', answer.text)
        if token is None:
            raise AssertionError(
                f"no sign-in page but {answer.status_code}: {html.unescape(answer.text)[:500]}"
            )
        form = {"csrfmiddlewaretoken": token[1], "username": name, "password": PASSWORD}
        answer = browser.post(answer.url, data=form, allow_redirects=False)
        while self.issuer in (following := requests.compat.urljoin(answer.url, answer.headers["Location"])):
            if not following.startswith(self.issuer):
                break
            answer = browser.get(following, allow_redirects=False)
        return following


@contextmanager
def running(port: int, *clients: str) -> Iterator[Provider]:
    """A started provider whose client lives at these addresses, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="meridian-provider-"))
    issuer = f"http://localhost:{port}"
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    configuration = {
        "folder": str(folder),
        "issuer": issuer,
        "key": key.decode(),
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uris": " ".join(client + CALLBACK for client in clients),
        "post_logout_redirect_uris": " ".join(f"{client}/sign-in/" for client in clients),
        "people": ["lea", "sam"],
        "password": PASSWORD,
    }
    (folder / "claims.json").write_text(
        json.dumps(
            {
                name: {
                    "sub": f"subject-of-{name}",
                    "preferred_username": name,
                    "email": f"{name}@example.org",
                    "email_verified": True,
                }
                for name in ("lea", "sam")
            }
        )
    )
    (folder / "configuration.json").write_text(json.dumps(configuration))
    try:
        python = venv_of(HERE / "requirements.txt") / "python"
        command = [python, HERE / "provider.py", folder / "configuration.json", str(port)]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
        try:
            _wait_for_answer(issuer, process, folder / "log")
            yield Provider(folder, port)
        finally:
            process.terminate()
            process.wait(10)
    finally:
        shutil.rmtree(folder)


def _wait_for_answer(issuer: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert process.poll() is None, f"the provider ended:\n{log.read_text()}"
        try:
            requests.get(f"{issuer}/.well-known/openid-configuration", timeout=5).raise_for_status()
        except requests.ConnectionError:
            assert time.monotonic() < deadline, f"the provider does not answer:\n{log.read_text()}"
            time.sleep(0.1)
        else:
            return
