"""wrk, with cookies and forms, and what it counted."""

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from client import Text, octets

# Each thread goes through all requests in turn. Statuses are counted by each thread and added up at the end.
SCRIPT = """
local requests = {%s}
local at = 0
statuses = {}
local threads = {}
function setup(thread) table.insert(threads, thread) end
function request() at = at %% #requests + 1; return requests[at] end
%s
function done(summary, latency)
  local parts = {}
  for _, thread in ipairs(threads) do
    for status, count in pairs(thread:get("statuses")) do parts[#parts + 1] = string.format('["%%d",%%d]', status, count) end
  end
  local lost = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format('\\n{"requests":%%d,"microseconds":%%d,"lost":%%d,"refused":%%d,"p50":%%d,"p99":%%d,"statuses":[%%s]}\\n',
    summary.requests, summary.duration, lost, summary.errors.status, latency:percentile(50), latency:percentile(99), table.concat(parts, ",")))
end
"""
COUNT = "function response(status) statuses[status] = (statuses[status] or 0) + 1 end"


def quoted(data: bytes) -> str:
    """A literal of Lua."""
    return '"' + "".join(f"\\{byte:03}" for byte in data) + '"'


def start(
    port: int,
    requests: Sequence[bytes],
    *,
    seconds: int,
    threads: int = 2,
    connections: int = 16,
    cpu: int | None = None,
) -> subprocess.Popen[str]:
    """Starts wrk with whole requests. With `cpu` it is bound to that, and does not count statuses, which would cost it time."""
    script = tempfile.NamedTemporaryFile("w", suffix=".lua", delete=False)  # noqa: SIM115
    with script:
        script.write(SCRIPT % (",".join(map(quoted, requests)), COUNT if cpu is None else ""))
    command = [] if cpu is None else ["taskset", "-c", str(cpu)]
    command += [
        "wrk",
        f"-t{threads}",
        f"-c{connections}",
        f"-d{seconds}s",
        "-s",
        script.name,
        f"http://127.0.0.1:{port}/",
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Waits for its end. `statuses` are the numbers of answers by status."""
    said, _ = process.communicate()
    assert isinstance(process.args, list)
    Path(str(process.args[process.args.index("-s") + 1])).unlink()
    assert process.returncode == 0, said
    told: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    statuses: dict[int, int] = {}
    for status, count in told["statuses"]:
        statuses[int(status)] = statuses.get(int(status), 0) + count
    return told | {"statuses": statuses}


def kept(
    port: int, method: str, target: Text, headers: Sequence[tuple[Text, Text]], body: bytes | None = None
) -> bytes:
    """A request on a connection that is kept."""
    every = [("host", f"localhost:{port}"), *headers]
    if body is not None:
        every.append(("content-length", str(len(body))))
    lines = [octets(method) + b" " + octets(target) + b" HTTP/1.1"]
    lines += [octets(name) + b": " + octets(value) for name, value in every]
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


def rate(told: Mapping[str, Any]) -> float:
    """Requests in a second."""
    return float(told["requests"]) / float(told["microseconds"]) * 1e6
