"""Becomes one process of the stack: `python -m stack.launch FILE`.

The file (0600) holds command line and environment, so that no secret stands in the runner's
configuration or in a command line. The pid file lets a later command find the process when
the runner that started it was killed.
"""

import json
import os
import sys
from pathlib import Path
from typing import TypedDict


class Launch(TypedDict):
    argv: list[str]
    env: dict[str, str]
    cwd: str
    pid_file: str


def main() -> None:
    launch: Launch = json.loads(Path(sys.argv[1]).read_text())
    Path(launch["pid_file"]).write_text(str(os.getpid()))
    os.chdir(launch["cwd"])
    os.umask(0o077)
    try:
        os.execvpe(launch["argv"][0], launch["argv"], launch["env"])  # noqa: S606 - no shell
    except OSError as error:
        sys.exit(f"{launch['argv'][0]} cannot be run: {error.strerror}")


if __name__ == "__main__":
    main()
