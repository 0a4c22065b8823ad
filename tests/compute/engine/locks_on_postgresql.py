"""Everything that is proved of locks on PostgreSQL, in one process on one database: the races and the story.

Run with a DATABASE_URL of its own, so that real transactions count, and the number of rounds of each race.
Prints what each came to as JSON.
`tests/compute/engine/test_lock_order.py` reads it.
"""

import json
import os
import sys

import django
from django.core.management import call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    from tests.compute.engine import capacity_races, lock_races, lock_story

    rounds = int(sys.argv[1])
    answer = {
        "races": lock_races.run(rounds),
        "story": lock_story.run(),
        "capacity": capacity_races.run(rounds),
    }
    print(json.dumps(answer))  # noqa: T201 - this is its answer


if __name__ == "__main__":
    sys.exit(main())
