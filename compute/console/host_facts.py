"""How this machine is, as its kernel says."""

import os
import time
from pathlib import Path


def read() -> dict[str, str]:
    """Return {"uptime": …} in the form of the command of that name, which clients take apart."""
    seconds = float(Path("/proc/uptime").read_text().split()[0])
    days, rest = divmod(int(seconds), 86_400)
    loads = ", ".join(f"{load:.2f}" for load in os.getloadavg())
    clock, hours = time.strftime("%H:%M:%S", time.gmtime()), f"{rest // 3600}:{rest // 60 % 60:02d}"
    return {"uptime": f"{clock} up {days} days, {hours},  0 users,  load average: {loads}"}
