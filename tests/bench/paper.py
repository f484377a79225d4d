"""docs/scale.md: what many logins take, by what was measured."""

from __future__ import annotations

import math
from typing import Any

from targets import Figures
from words import decimals, table

# The figures without which there is no page.
NEEDS = {"bench", "scale"}

# The load that the page is about, and what it takes for granted.
RATE, DAY = 10_000, 100_000_000
# Times that the busiest hour of a day is as busy as the average.
PEAK = 4
# The share of a core that is planned with.
BUSY = 0.6
_PERCENT = f"{BUSY * 100:.0f} %"
# Seconds that Xoxzo takes to answer, and those after which it is given up by default.
ANSWER, TIMEOUT = 0.5, 10
# The hosts that the page counts cores for, each with its counters in Redis.
HOSTS = ("Rust: blocking, Redis", "Rust: tokio, Redis", "Python: blocking, Redis", "Python: asyncio, Redis")

_PAGE = """\
# Ten thousand logins a second, and a hundred million a day

This page is written from what `tests/all bench` and `tests/all scale` measured on {machine}, with a load average of {load} at the end. It says what a service with very many users
needs, and which limit it reaches first. Measure on your own machines before you buy: `tests/all scale`.

## What is assumed

- **The peak** is {rate:,} logins a second. {day:,} logins a day are {average:,.0f} a second on average, and {busiest:,.0f} in an hour that is {peak} times as busy. So the peak determines the cores, and the day's total the memory.
- **A login** in the figures of Redis is a start, one wrong code and the right code. That is more than most users need: it makes {lists} lists of charges and one request to Xoxzo.
- **A core** is planned at {busy}. Xoxzo answers within {answer} s.

## Cores for the engine

Operations keep nothing between calls, so hosts are added as load grows, and any host can serve any user. Counters are in Redis; the CPU time of the host includes its
client.

{hosts}

These figures are for a start and the right code, without a wrong one. If every user mistypes once, plan a third more cores.

## Redis

{users:,} users logged in, one after the other, with a server on the same machine.

| what | measured |
|---|---|
| CPU time of the server for a login | {server} µs |
| logins that one core of a server bears, at {busy} | {one:,.0f} a second |
| counters that a user leaves | {counters} |
| memory for a counter | {counter} bytes |
| memory for a user | {user} bytes |
| traffic between host and server for a login, both ways | {traffic:,} bytes |

**Memory.** Counters of messages and of failures live for a day. If each of {day:,} logins a day is by another user, at most {memory:,.0f} GB are in use; counters of a
challenge end with it, so it is less. **Network.** {rate:,} logins a second are {network:,.0f} Mbit/s between hosts and servers.

**A cluster** of {masters} masters spreads users over its servers, but the counters of the whole service are on one of them, and each login charges them. The busiest master
spends {busiest_master} µs on a login, the others {others} µs. So a cluster bears {gain} times as many logins as one server: {ceiling:,.0f} a second at
{busy} of a core, however many masters it has.

## Which limit comes first

1. **The counters of the whole service** in Redis: {one:,.0f} logins a second on one server, {ceiling:,.0f} in a cluster. {more}
2. **Caps.** A cap counts at most 1,000,000 in its window. For {rate:,} logins a second set `sends.per_audience`, and `failures.per_audience` where it is reached, to a window of
   60 s: 1,000,000 in it are 16,666 a second. The defaults are for small services: 1,000 messages an hour.
3. **Waiting for Xoxzo.** At {rate:,} starts a second and {answer} s for each, {in_flight:,.0f} starts wait at once. On tokio each takes {waiting:,} bytes: {waiting_mb:,.0f} MB over all hosts. If Xoxzo stops
   answering, starts are given up after {timeout} s by default, {in_flight_worst:,.0f} of them, {worst_mb:,.0f} MB. A thread for each start is out of the question at that rate: use
   tokio, or asyncio.
4. **The account at Xoxzo**: its rate limit and its credits. Ask Xoxzo before a launch.

## Machines

For {rate:,} logins a second, with Rust on tokio, and one machine more than needed of each kind:

| machine | number | what each does |
|---|---|---|
| host, 8 cores | {machines} + 1 | {per_machine:,.0f} logins a second |
| Redis, one core for commands, {redis_memory:,.0f} GB | {shards}, one for each audience, and a replica each | {per_shard:,.0f} logins a second |

One process can count for fewer users without Redis: with counters in its memory, {memory_users:,} users took {memory_counter} bytes a counter and {memory_user} bytes a user; a list took
{memory_list} µs, and the slowest {memory_slowest} ms. Its counters end with the process, and all tokens with them.
"""


def written(figures: Figures) -> str:
    """Return the page."""
    rows, scale = figures["bench"]["rows"], figures["scale"]
    redis, cluster, memory = scale["redis"], scale["cluster"], scale["memory"]
    one = 1e6 / redis["server_us_per_login"] * BUSY
    ceiling = 1e6 / cluster["busiest_us_per_login"] * BUSY
    shards = math.ceil(RATE / one)
    tokio = 1e9 / _login(rows, "Rust: tokio, Redis") * BUSY
    gigabytes = DAY * redis["bytes_per_user"] / 1e9
    waiting = scale["waiting"]["bytes_per_start"]
    return _PAGE.format(
        machine=scale["machine"],
        load=scale["load"],
        rate=RATE,
        day=DAY,
        average=DAY / 86_400,
        busiest=DAY / 86_400 * PEAK,
        peak=PEAK,
        busy=_PERCENT,
        answer=ANSWER,
        lists=decimals(redis["lists_per_login"]),
        hosts=_hosts(rows),
        users=redis["users"],
        server=redis["server_us_per_login"],
        one=one,
        counters=redis["counters_per_user"],
        counter=redis["bytes_per_counter"],
        user=redis["bytes_per_user"],
        traffic=redis["network_bytes_per_login"],
        memory=gigabytes,
        network=RATE * redis["network_bytes_per_login"] * 8 / 1e6,
        masters=cluster["masters"],
        busiest_master=cluster["busiest_us_per_login"],
        others=" and ".join(str(each) for each in cluster["others_us_per_login"]),
        gain=decimals(redis["server_us_per_login"] / cluster["busiest_us_per_login"]),
        ceiling=ceiling,
        more=_more(one),
        in_flight=RATE * ANSWER,
        waiting=waiting,
        waiting_mb=RATE * ANSWER * waiting / 1e6,
        timeout=TIMEOUT,
        in_flight_worst=RATE * TIMEOUT,
        worst_mb=RATE * TIMEOUT * waiting / 1e6,
        machines=math.ceil(RATE / (tokio * 8)),
        per_machine=tokio * 8,
        shards=shards,
        per_shard=RATE / shards,
        redis_memory=math.ceil(gigabytes / shards * 1.5),
        memory_users=memory["users"],
        memory_counter=memory["bytes_per_counter"],
        memory_user=memory["bytes_per_user"],
        memory_list=memory["list_us"],
        memory_slowest=memory["slowest_list_ms"],
    )


def _login(rows: dict[str, Any], name: str) -> float:
    """Nanoseconds of CPU for a start and a verify."""
    return float(rows[name]["start"]["cpu"][0] + rows[name]["verify"]["cpu"][0])


def _hosts(rows: dict[str, Any]) -> str:
    lines = []
    for name in HOSTS:
        login = _login(rows, name)
        each = 1e9 / login * BUSY
        lines.append([name, decimals(login / 1e3), f"{each:,.0f}", f"{math.ceil(RATE / each):,}"])
    return table(["host", "µs a login", f"logins a second and core at {_PERCENT}", f"cores for {RATE:,} a second"], lines)


def _more(one: float) -> str:
    """Tell how to go beyond one place for the counters of a service."""
    if one >= RATE:
        return "That is more than the load of this page."
    parts = math.ceil(RATE / one)
    return (
        f"For {RATE:,} a second divide users among {parts} audiences, by a hash of the user's id, each with a server of its own. A cap of the whole\n"
        f"   service is then {parts} caps, each for its share of the users. Every other limit is of one user, and holds as before."
    )
