"""HTTP as it is served: a request is one thread's from end to end, and what is made while it is sent is sent so."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from portal.handler import ThreadHandler

PARTS = 3
busy, most = 0, 0
turn = threading.Barrier(2)
lock = threading.Lock()
let_go = threading.Event()


def whole(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(f"{request.method} {request.GET.get('name', '')} {len(request.body)}")
    response.set_cookie("one", "1")
    response.set_cookie("two", "2")
    response["X-Thread"] = threading.current_thread().name
    return response


def streamed(_request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[str]:
        for _part in range(PARTS):
            yield threading.current_thread().name + "\n"

    return StreamingHttpResponse(parts(), headers={"X-Thread": threading.current_thread().name})


def meeting(_request: HttpRequest) -> HttpResponse:
    """Answers only where two are asked at once."""
    global busy, most
    with lock:
        busy += 1
        most = max(most, busy)
    turn.wait(timeout=10)
    with lock:
        busy -= 1
    return HttpResponse()


def held(_request: HttpRequest) -> HttpResponse:
    let_go.wait(timeout=10)
    return HttpResponse()


def broken(_request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


urlpatterns = [
    path("whole", whole),
    path("streamed", streamed),
    path("meeting", meeting),
    path("held", held),
    path("broken", broken),
]


@pytest.fixture(autouse=True)
def routes() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]):
        yield


def scope_of(target: str, method: str = "GET", address: str = "192.0.2.1") -> dict[str, Any]:
    place, _mark, query = target.partition("?")
    return {
        "type": "http",
        "method": method,
        "path": place,
        "query_string": query.encode("latin-1"),
        "headers": [(b"host", b"localhost")],
        "http_version": "1.1",
        "scheme": "http",
        "client": (address, 1024),
    }


async def ask(handler: ThreadHandler, scope: dict[str, Any], *parts: dict[str, Any]) -> list[dict[str, Any]]:
    waiting = list(parts) or [{"type": "http.request", "body": b""}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await handler(scope, receive, send)
    return sent


def test_a_whole_answer() -> None:
    body = [
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.request", "body": b"c"},
    ]
    start, content = asyncio.run(ask(ThreadHandler(1, 1), scope_of("/whole?name=ann", "POST"), *body))
    assert (start["status"], content["body"]) == (200, b"POST ann 3")
    assert [value for name, value in start["headers"] if name == b"Set-Cookie"] == [
        b"one=1; Path=/",
        b"two=2; Path=/",
    ]


def test_an_answer_that_is_made_while_it_is_sent_stays_in_its_thread() -> None:
    start, *parts = asyncio.run(ask(ThreadHandler(4, 1), scope_of("/streamed")))
    thread = dict(start["headers"])[b"X-Thread"]
    assert [part["body"] for part in parts[:PARTS]] == [thread + b"\n"] * PARTS
    assert not parts[-1].get("more_body", False)


def test_as_many_at_once_as_there_are_threads() -> None:
    async def four() -> list[list[dict[str, Any]]]:
        handler = ThreadHandler(2, 1)
        places = [scope_of("/meeting", address=f"192.0.2.{number}") for number in range(4)]
        return await asyncio.gather(*(ask(handler, place) for place in places))

    assert [sent[0]["status"] for sent in asyncio.run(four())] == [200] * 4
    assert most == 2


def test_one_address_leaves_half_of_the_threads_to_others() -> None:
    """However much it asks for at once, an answer to another does not wait for it."""
    let_go.clear()

    async def story() -> int:
        handler = ThreadHandler(4, 1)
        many = [asyncio.create_task(ask(handler, scope_of("/held"))) for _one in range(4)]
        await asyncio.sleep(0)
        start, _content = await asyncio.wait_for(
            ask(handler, scope_of("/whole", address="192.0.2.2")), timeout=5
        )
        let_go.set()
        await asyncio.gather(*many)
        return int(start["status"])

    assert asyncio.run(story()) == 200


def test_whoever_leaves_before_the_end_of_the_request_gets_nothing() -> None:
    left = [
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.disconnect"},
    ]
    assert asyncio.run(ask(ThreadHandler(1, 1), scope_of("/whole", "POST"), *left)) == []


@pytest.mark.parametrize(
    ("target", "status"), [("/whole?name=\xff", 400), ("/nowhere", 404), ("/broken", 500)]
)
def test_what_cannot_be_answered(target: str, status: int) -> None:
    start, _content = asyncio.run(ask(ThreadHandler(1, 1), scope_of(target)))
    assert start["status"] == status
