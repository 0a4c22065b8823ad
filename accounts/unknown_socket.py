"""Websockets of addresses that do not exist."""

from channels.generic.websocket import AsyncWebsocketConsumer


class Unknown(AsyncWebsocketConsumer):
    """Refuse every handshake."""

    async def connect(self) -> None:
        await self.close()
