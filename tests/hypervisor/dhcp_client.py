"""A DHCP client of a few lines: asks as any card would, without a guest."""

import os
import socket
import struct
import time

DISCOVER, OFFER, REQUEST, ACK, NAK = 1, 2, 3, 5, 6
AGAIN = 0.5  # s; a bridge that has just been plugged together loses the first frames


class DhcpClient:
    """Speaks raw frames on `interface`, which is plugged into the network's bridge."""

    def __init__(self, interface: str) -> None:
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        self.socket.bind((interface, 0))

    def close(self) -> None:
        self.socket.close()

    def ask(self, mac: str, patience: float = 1.5) -> tuple[str, int] | None:
        """The address `mac` is given and its lease time in seconds; None when an answer is not there in time."""
        hardware = bytes.fromhex(mac.replace(":", ""))
        transaction = os.urandom(4)
        offer = self._exchange(_frame(hardware, transaction, DISCOVER, b""), transaction, {OFFER}, patience)
        if offer is None:
            return None
        _, address, options = offer
        wanted = b"\x32\x04" + address + b"\x36\x04" + options[54]
        request = _frame(hardware, transaction, REQUEST, wanted)
        answer = self._exchange(request, transaction, {ACK, NAK}, patience)
        if answer is None or answer[0] != ACK:
            return None
        return socket.inet_ntoa(answer[1]), struct.unpack("!I", answer[2][51])[0]

    def _exchange(
        self, question: bytes, transaction: bytes, kinds: set[int], patience: float
    ) -> tuple[int, bytes, dict[int, bytes]] | None:
        """The first answer of one of the kinds; asks again and again."""
        deadline, ask_at = time.monotonic() + patience, 0.0
        while (now := time.monotonic()) < deadline:
            if now >= ask_at:
                self.socket.send(question)
                ask_at = now + AGAIN
            self.socket.settimeout(min(deadline, ask_at) - now)
            try:
                frame = self.socket.recv(2048)
            except TimeoutError:
                continue
            message = frame[42:]
            if frame[23] == 17 and frame[36:38] == b"\x00\x44" and message[4:8] == transaction:
                options = _options(message[240:])
                if options[53][0] in kinds:
                    return options[53][0], message[16:20], options
        return None


def _frame(hardware: bytes, transaction: bytes, kind: int, more: bytes) -> bytes:
    message = struct.pack("!4B4sHH16x", 1, 1, 6, 0, transaction, 0, 0x8000)
    message += (
        hardware
        + bytes(10 + 192)
        + b"\x63\x82\x53\x63\x35\x01"
        + bytes([kind])
        + more
        + b"\x37\x02\x01\x03\xff"
    )
    message = message.ljust(300, b"\x00")
    udp = struct.pack("!4H", 68, 67, 8 + len(message), 0) + message
    header = struct.pack("!2B3H2BH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes(4), b"\xff" * 4)
    total = sum(struct.unpack("!10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    header = header[:10] + struct.pack("!H", ~total & 0xFFFF) + header[12:]
    return b"\xff" * 6 + hardware + b"\x08\x00" + header + udp


def _options(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    position = 0
    while position < len(data) and data[position] != 255:
        if data[position] == 0:
            position += 1
            continue
        length = data[position + 1]
        found[data[position]] = data[position + 2 : position + 2 + length]
        position += 2 + length
    return found
