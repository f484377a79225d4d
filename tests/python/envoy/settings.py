"""Settings that are wrong stop Envoy before it starts, and what it says holds no secret."""

import copy
import itertools
import json
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from court import Court
from demo import configuration, envoy

Settings = dict[str, Any]
CANARY = "canary-7f3a"
SHORT = "x2fk1_" + "A" * 48


def put(path: str, value: Any) -> Callable[[Settings], None]:
    """Sets one member; `None` takes it out."""
    *way, last = path.split(".")

    def change(settings: Settings) -> None:
        for name in way:
            settings = settings.setdefault(name, {})
        if value is None:
            settings.pop(last, None)
        else:
            settings[last] = value

    return change


def members() -> list[tuple[str, Any]]:
    """One wrong member each."""
    gate, two = "gate", "two_factor"
    places = ("", "gate.", "two_factor.", "envoy.", "gate.identity.", "gate.pass.")
    wrong: list[tuple[str, Any]] = [(f"{place}colour", CANARY) for place in places]
    wrong += [
        (two, None),
        (gate, None),
        (f"{gate}.origin", None),
        (f"{two}.version", 2),
        (f"{two}.keys", []),
        (f"{two}.xoxzo", None),
    ]
    wrong += [
        (f"{two}.keys", [key]) for key in (CANARY, SHORT, {"env": "NOT_THERE"}, {"env": ""}, {"file": "/etc/passwd"}, 7)
    ]
    wrong += [(f"{two}.guard.key", key) for key in (SHORT, {"env": "NOT_THERE"}, None)]
    wrong += [(f"{two}.xoxzo.auth_token", {"env": "NOT_THERE"}), (f"{two}.xoxzo.sid", f"{CANARY}:x")]
    origins = [
        "http://app.example.com",
        "https://app.example.com/",
        "app.example.com",
        "*",
        "null",
        "",
        "https://user@app.example.com",
    ]
    origins += [
        "https://APP.example.com",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "https://a.example\r\nx: y",
    ]
    wrong += [(f"{gate}.origin", origin) for origin in origins]
    wrong += [(f"{gate}.purpose", purpose) for purpose in ("payment", 7)]
    paths = (
        "transfer",
        "",
        "/a/../b",
        "//a",
        "/a%2fb",
        "/a;b",
        "/a\\b",
        "/a?b",
        "/a#b",
        "/%61",
        "/é",
        "/a b",
        "/.2fa",
        7,
    )
    lists = itertools.cycle(("step_up.paths", "exempt.paths", "exempt.under"))
    wrong += [(f"{gate}.{name}", [path]) for path, name in zip(paths, lists, strict=False)]
    wrong += [(f"{gate}.exempt.paths", "/login"), (f"{gate}.exempt.under", ["/static/"])]
    lives = ((600, 599), (59, 600), (86_401, 90_000), (60, 2_592_001), (-1, 600), (1.5, 600), ("60", 600))
    wrong += [(f"{gate}.pass", {"idle_seconds": idle, "life_seconds": life}) for idle, life in lives]
    wrong += [(f"{gate}.step_up.max_age_seconds", 59), (f"{gate}.step_up.max_age_seconds", 86_401)]
    wrong += [(f"{gate}.identity.session", ""), (f"{gate}.identity.subject", 7), (f"{gate}.identity.source", "headers")]
    wrong += [(f"{gate}.recovery_url", url) for url in ("javascript:alert(1)", "//evil.example", "https://a\r\nx: y")]
    wrong += [(f"{gate}.sign_in_url", "data:text/html,x"), (f"{gate}.brand.color", "red;}"), (f"{gate}.brand.name", "")]
    wrong += [
        (f"{gate}.brand.logo", logo)
        for logo in ("https://evil.example/x.svg", "data:text/html,x", 'data:image/png;base64,"><script>')
    ]
    wrong += [
        (f"{gate}.cors_preflight", "yes"),
        ("envoy.cluster", 7),
        (f"{two}.xoxzo.base_url", "http://api.xoxzo.com"),
    ]
    wrong += [(f"{two}.test", False)]  # The cooldown of a second is for tests only.
    return wrong


def headers_odd(name: str) -> Callable[[Settings], None]:
    def change(settings: Settings) -> None:
        settings["gate"]["identity"] = configuration.IDENTITY | {"subject": name}

    return change


def documents() -> dict[str, Callable[[dict[str, Any]], None]]:
    """Configurations that are no such object at all."""

    def value(text: str) -> Callable[[dict[str, Any]], None]:
        return lambda plugin: plugin["configuration"].update(value=text)

    def struct(plugin: dict[str, Any]) -> None:
        settings = json.loads(plugin["configuration"]["value"])
        plugin["configuration"] = {"@type": "type.googleapis.com/google.protobuf.Struct", "value": settings}

    return {
        "Struct": struct,
        "none": lambda plugin: plugin.pop("configuration"),
        "empty": value(""),
        "no JSON": value("{" + CANARY),
        "list": value("[]"),
        "text": value(f'"{CANARY}"'),
        "deep": value("[" * 10_000),
        "no names": lambda plugin: plugin["vm_config"].pop("environment_variables"),
    }


def wrong_settings(court: Court) -> None:
    """Each is refused, and only for what is wrong: the settings that were changed are good."""
    world = court.world
    plain = world.config
    cases: list[tuple[str, dict[str, Any], dict[str, str]]] = [("as they are", plain, world.environment)]

    def case(name: str, plugin_change: Callable[[dict[str, Any]], None]) -> None:
        config = copy.deepcopy(plain)
        plugin_change(configuration.http_filter(config, configuration.GATE)["config"])
        cases.append((name, config, world.environment))

    def setting(change: Callable[[Settings], None]) -> Callable[[dict[str, Any]], None]:
        def at(plugin: dict[str, Any]) -> None:
            settings = json.loads(plugin["configuration"]["value"])
            change(settings)
            plugin["configuration"]["value"] = json.dumps(settings)

        return at

    for path, value in members():
        case(f"{path} = {str(value)[:40]!r}", setting(put(path, value)))
    for name in ("X-User", "", ":path", "x_user", "x-user\r\n"):
        case(f"header {name!r}", setting(headers_odd(name)))
    for name, change in documents().items():
        case(name, change)
    for name in world.environment:
        cases.append((f"{name} missing", plain, {key: text for key, text in world.environment.items() if key != name}))
        cases.append((f"{name} empty", plain, world.environment | {name: ""}))
        cases.append((f"{name} with a line feed", plain, world.environment | {name: world.environment[name] + "\n"}))
    cases.append(("no key", plain, world.environment | {"XOXZO_2FA_KEY": CANARY}))
    with ThreadPoolExecutor(2) as pool, tempfile.TemporaryDirectory(prefix="xoxzo-2fa-") as directory:
        numbered = enumerate(cases)
        said = list(
            pool.map(
                lambda one: envoy.validate(one[1][1], Path(directory) / str(one[0]), environment=one[1][2]), numbered
            )
        )
    court.hold("settings as they are", said[0] is None, said[0])
    secrets = [*world.environment.values(), CANARY, world.session_key.hex()]
    for (name, _, _), text in list(zip(cases, said, strict=True))[1:]:
        court.hold(name, text is not None, "taken")
        court.hold(f"{name}: says no secret", not any(secret in (text or "") for secret in secrets), text)


ALL = (wrong_settings,)
