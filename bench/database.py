"""The limit of the database: the services' own statements, sent by pgbench."""

import re
import subprocess
import tempfile

from sqlalchemy import ClauseElement
from sqlalchemy.dialects import postgresql

from bench.meter import Row
from stack.cluster import programs

TPS = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)
LATENCY = re.compile(r"^latency average = ([\d.]+) ms", re.MULTILINE)


def sql_of(statement: ClauseElement) -> str:
    """The statement with its values written in, as one line that ends like pgbench wants it."""
    compiled = statement.compile(
        dialect=postgresql.dialect(),  # type: ignore[no-untyped-call]
        compile_kwargs={"literal_binds": True},
    )
    return " ".join(str(compiled).split()) + ";\n"


def pgbench(name: str, url: str, sql: str, *, clients: int, seconds: int) -> Row:
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(sql)
        script.flush()
        command = [
            str(programs() / "pgbench"), "--no-vacuum", f"--client={clients}",
            f"--time={seconds}", "--protocol=prepared", f"--file={script.name}", url,
        ]  # fmt: skip
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found, latency = TPS.search(ran.stdout), LATENCY.search(ran.stdout)
    if found is None or latency is None:
        raise RuntimeError(f"pgbench said nothing usable:\n{ran.stdout}{ran.stderr}")
    return Row(name, float(found[1]), float(latency[1]), float("nan"))
