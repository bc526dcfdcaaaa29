"""A process of its own that runs the services, for tests to kill.

Usage: python host.py DATA_DIR [thread]. Prints the URLs once the services answer, then runs
until its standard input ends.
"""

import json
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from smartpass.embedded import services


def hold(data_dir: str) -> None:
    """Run the services until standard input ends."""
    with services(Path(data_dir)) as urls:
        print(json.dumps(urls), flush=True)  # noqa: T201  (how we answer)
        sys.stdin.read()


if sys.argv[2:] == ["thread"]:
    threading.Thread(target=hold, args=[sys.argv[1]]).start()
else:
    hold(sys.argv[1])
