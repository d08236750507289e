"""`python -m tests.faults.tomorrow worker ...`: Celery in a process whose clock is a day ahead."""

import sys
from datetime import UTC, datetime, timedelta

import time_machine
from celery.__main__ import main

if __name__ == "__main__":
    time_machine.travel(datetime.now(UTC) + timedelta(days=1), tick=True).start()
    sys.argv[1:1] = ["-A", "prm.celery:app"]
    main()
