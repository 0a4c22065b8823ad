"""Tell an open page which topics have changed. The page then asks for what it may see."""

import asyncio
import contextlib
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.db.models import Count, Max, QuerySet
from redis.exceptions import RedisError

from accounts import policy, socket_sessions
from accounts.context import Context
from accounts.models import QuotaRequest
from accounts.rights_watch import rights_watch
from compute.engine.models import Operation
from compute.engine.services import broadcast
from compute.hosts.models import Hypervisor
from compute.instances.models import Instance

log = structlog.get_logger(__name__)

CHECK_SECONDS = 25
COMMITTING = timedelta(seconds=0.25)
"""How long a change that has its time already may take to be seen by others."""
SIGNED_OUT, UNSUPPORTED = 4401, 1003

Stamp = tuple[Any, ...]


class Live(AsyncJsonWebsocketConsumer):
    """An open page's websocket. It sends {"topics": [...]}; the topic "refresh" means: ask for everything again.

    `since` in the query is when the page was asked for: it is refreshed at once if something has changed meanwhile.
    A websocket outlives its session and roles, so both are checked when rights change, and every CHECK_SECONDS. The
    same check compares a stamp of the rows, and refreshes a page that missed a message.
    """

    groups_joined: frozenset[str] = frozenset()
    checker: asyncio.Task[None] | None = None
    stamp: Stamp = ()
    mark = ""

    async def connect(self) -> None:
        """Accept a signed-in user, close for others. Without Redis, close so that the page tries again later."""
        self.mark = await rights_watch().mark()
        context = await socket_sessions.context_of(self.scope)
        await self.accept()
        if context is None:
            await self.close(code=SIGNED_OUT)
            return
        try:
            await self._join(context)
        except (RedisError, OSError) as error:
            log.warning("channel layer away", error=str(error))
            await self.close(code=1013)
            return
        self.stamp = await self._stamp(context)
        await self.send_json({"topics": ["refresh"] if self._has_missed() else []})
        self.checker = asyncio.create_task(self._keep_checking())

    async def disconnect(self, code: int) -> None:
        if self.checker is not None:
            self.checker.cancel()
        with contextlib.suppress(RedisError, OSError):
            for group in self.groups_joined:
                await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **_: Any) -> None:
        """Close: our pages send nothing here."""
        log.info("unexpected frame", user=str(self.scope["user"]), socket="live")
        await self.close(code=UNSUPPORTED, reason="Nothing may be sent here.")

    async def changed(self, event: dict[str, Any]) -> None:
        """Pass on a broadcast of `compute.engine.services.broadcast`."""
        await self.send_json({"topics": event["topics"]})

    async def signed_out(self, _event: dict[str, Any]) -> None:
        await self.close(code=SIGNED_OUT)

    async def _keep_checking(self) -> None:
        while True:
            self.mark = await rights_watch().wait(self.mark, CHECK_SECONDS)
            try:
                if not await self.check():
                    return
            except (RedisError, OSError) as error:
                log.warning("channel layer away", error=str(error))
                await self.close(code=1013)
                return

    async def check(self) -> bool:
        """Return whether the connection may stay. Adopt changed roles, and send a refresh if a message was missed.

        Something is sent in any case: by that the page knows that the connection lives.
        """
        context = await socket_sessions.context_of(self.scope)
        if context is None:
            await self.close(code=SIGNED_OUT)
            return False
        moved = await self._join(context)
        stamp = await self._stamp(context)
        has_missed = moved or stamp != self.stamp
        self.stamp = stamp
        await self.send_json({"topics": ["refresh"] if has_missed else []})
        return True

    def _has_missed(self) -> bool:
        """Return whether something changed between the page and its connection; without a time nobody knows."""
        query = parse_qs(self.scope["query_string"].decode())
        try:
            since = datetime.fromisoformat(query["since"][0])
            return any(part > since - COMMITTING for part in self.stamp if isinstance(part, datetime))
        except (KeyError, ValueError, TypeError):
            return False

    async def _join(self, context: Context) -> bool:
        """Join exactly the groups that the roles allow now. Return whether they changed."""
        groups = {socket_sessions.group_of(self.scope["session"].session_key)}
        if policy.allows(context, "instance:read"):
            groups.add(broadcast.EVERYBODY)
            if context.is_admin:
                groups.add(broadcast.ADMINISTRATORS)
            elif context.project is not None:
                groups.add(f"project.{context.project.id}")
        for group in groups - self.groups_joined:
            await self.channel_layer.group_add(group, self.channel_name)
        for group in self.groups_joined - groups:
            await self.channel_layer.group_discard(group, self.channel_name)
        moved = bool(self.groups_joined) and self.groups_joined != groups
        self.groups_joined = frozenset(groups)
        return moved

    @database_sync_to_async
    def _stamp(self, context: Context) -> Stamp:
        """Return a value that changes whenever a visible row is added or changed.

        Each part reads one row, the open requests, or the hosts. No row goes without a change before: deleted
        instances stay, and a closed request is not open.
        """
        everything = context.is_admin
        requests = QuotaRequest.objects.filter(state=QuotaRequest.State.OPEN)
        if not everything:
            requests = requests.filter(project=context.project)
        return (
            newest_change(Instance.objects.visible_to(context, all_projects=everything)),
            newest_change(Operation.objects.visible_to(context, all_projects=everything)),
            *requests.aggregate(count=Count("pk"), newest=Max("created_at")).values(),
            *Hypervisor.objects.values_list("name", "state"),
        )


def newest_change(rows: QuerySet[Any]) -> datetime | None:
    """Return when the last of the rows changed, by one look-up in an index."""
    moments: QuerySet[Any, datetime] = rows.order_by("-updated_at").values_list("updated_at", flat=True)
    return moments.first()
