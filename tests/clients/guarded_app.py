"""A service that knows nothing but keystonemiddleware: says who it was told that asks. Run by the services' Python.

Its arguments: port, address of Identity, password of the user `swift`, seconds that tokens are cached.
"""

import json
import sys
from wsgiref.simple_server import make_server

from keystonemiddleware.auth_token import AuthProtocol


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({key: value for key, value in environ.items() if key.startswith("HTTP_X_")}).encode()]


port, identity, password, cache_seconds = sys.argv[1:]
guard = {
    "auth_type": "password",
    "auth_url": identity,
    "www_authenticate_uri": identity,
    "username": "swift",
    "password": password,
    "project_name": "services",
    "user_domain_id": "default",
    "project_domain_id": "default",
    "token_cache_time": cache_seconds,
}
make_server("127.0.0.1", int(port), AuthProtocol(app, guard)).serve_forever()
