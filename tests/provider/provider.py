"""The provider: a Django project in one file. Run by its own interpreter: provider.py CONFIGURATION PORT."""

import json
import sys
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command

configuration = json.loads(Path(sys.argv[1]).read_text())
folder = Path(configuration["folder"])
PAGE = """<!doctype html><title>Example</title><link rel="icon" href="data:,"><h1>Example</h1>
<form method="post">{% csrf_token %}{{ form.as_p }}<button>Continue</button></form>"""
LEAVE = """<!doctype html><title>Leave</title><link rel="icon" href="data:,"><h1>Leave Example?</h1>
<form method="post">{% csrf_token %}{{ form.as_p }}<button name="allow" value="yes">Leave</button></form>"""

settings.configure(
    SECRET_KEY="of no worth",
    ROOT_URLCONF="__main__",
    ALLOWED_HOSTS=["localhost"],
    SESSION_COOKIE_NAME="provider-session",  # cookies do not tell ports apart, and the client is on localhost too
    CSRF_COOKIE_NAME="provider-csrf",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "oauth2_provider",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "context_processors": ["django.template.context_processors.request"],
                "loaders": [
                    (
                        "django.template.loaders.locmem.Loader",
                        {"registration/login.html": PAGE, "oauth2_provider/logout_confirm.html": LEAVE},
                    ),
                    "django.template.loaders.app_directories.Loader",
                ],
            },
        }
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "database"}},
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    LOGIN_URL="/login/",
    USE_TZ=True,
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": True,
        "OIDC_ISS_ENDPOINT": configuration["issuer"],
        "OIDC_RSA_PRIVATE_KEY": configuration["key"],
        "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
        "OAUTH2_VALIDATOR_CLASS": "__main__.Validator",
        "PKCE_REQUIRED": True,
        "SCOPES": {"openid": "", "profile": "", "email": ""},
    },
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.contrib.auth.views import LoginView  # noqa: E402
from django.urls import include, path  # noqa: E402
from oauth2_provider.models import Application  # noqa: E402
from oauth2_provider.oauth2_validators import OAuth2Validator  # noqa: E402


class Validator(OAuth2Validator):  # type: ignore[misc]
    """Tells about people what claims.json says at the moment."""

    oidc_claim_scope = None

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        known = json.loads((folder / "claims.json").read_text())[request.user.username]
        return {name: value for name, value in known.items() if value is not None}


urlpatterns = [path("login/", LoginView.as_view()), path("", include("oauth2_provider.urls"))]

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    for name in configuration["people"]:
        User.objects.create_user(name, password=configuration["password"])
    Application.objects.create(
        client_id=configuration["client_id"],
        client_secret=configuration["client_secret"],
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        algorithm=Application.RS256_ALGORITHM,
        redirect_uris=configuration["redirect_uris"],
        post_logout_redirect_uris=configuration["post_logout_redirect_uris"],
        skip_authorization=True,
    )
    call_command("runserver", f"127.0.0.1:{sys.argv[2]}", use_reloader=False)
