"""The configuration of Envoy for the demo and for tests: `../envoy.yaml`, with places and an origin of this machine.

What is not named here stays as it is in `envoy.yaml`, so that what is tried is what is deployed. The result is plain
data: a test may change it further before it starts Envoy.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from . import tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = Path(__file__).parents[1] / "envoy.yaml"
WASM = Path(__file__).parents[1] / "xoxzo-2fa-envoy.wasm"

JWT_AUTHN = "envoy.filters.http.jwt_authn"
GATE = "envoy.filters.http.wasm"

# The headers by which the gate knows the user with `Setup.headers`, and the claims they hold.
HEADERS = {"x-user": "sub", "x-user-phone": "phone_number", "x-user-session": "sid", "x-user-version": "cv"}
IDENTITY = {
    "source": "danger_headers",
    "subject": "x-user",
    "phone": "x-user-phone",
    "session": "x-user-session",
    "credential_version": "x-user-version",
}


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What differs from `envoy.yaml`."""

    port: int
    """Of the listener on 127.0.0.1, without TLS: HTTP/1.1, and HTTP/2 with prior knowledge."""
    app: tuple[str, int]
    """Where the app listens: address and port."""
    xoxzo: tuple[str, int]
    """Where Xoxzo, or what plays it, listens."""
    session_key: bytes
    """The key of `tokens.sign`."""
    gate: Path | None = WASM
    """The filter; `None` leaves it out, and lets everybody through."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Laid over the filter's configuration by `merge`, such as `{"gate": {"pass": {"idle_seconds": 60}}}`."""
    headers: bool = False
    """Whether the gate knows the user by headers (`danger_headers`) that jwt_authn sets, and not by metadata."""
    failure_policy: str | None = None
    """Another than that of `envoy.yaml`, such as FAIL_CLOSED."""
    enable_trailers: bool = False
    """Whether HTTP/1.1 has trailers. HTTP/2 always has."""

    @property
    def origin(self) -> str:
        """Where browsers find the app. They take its cookies there without TLS."""
        return f"http://localhost:{self.port}"


def load(places: Mapping[str, Path] | None = None) -> dict[str, Any]:
    """Give `envoy.yaml` itself. `places` are files and folders of this machine by what they are called there.

    With all of them it is what runs in production, and `envoy.validate` can check it.
    """
    text = SOURCE.read_text()
    # The longest first: the name of a folder begins the names of its files.
    for name in sorted(places or {}, key=len, reverse=True):
        text = text.replace(name, str((places or {})[name]))
    config: dict[str, Any] = yaml.safe_load(text)
    return config


def build(setup: Setup) -> dict[str, Any]:
    """Give the configuration of Envoy for `setup`."""
    config = load()
    resources = config["static_resources"]
    [listener] = resources["listeners"]
    listener["address"] = address("127.0.0.1", setup.port)
    [chain] = listener["filter_chains"]
    del chain["transport_socket"]
    manager = connection_manager(config)
    manager["http_protocol_options"]["enable_trailers"] = setup.enable_trailers
    manager["route_config"]["virtual_hosts"][0]["domains"] = ["localhost", "127.0.0.1"]
    authenticate(http_filter(config, JWT_AUTHN), setup)
    if setup.gate is None:
        manager["http_filters"] = [part for part in manager["http_filters"] if part["name"] != GATE]
    else:
        guard(http_filter(config, GATE)["config"], setup, setup.gate)
    for name, place in (("app", setup.app), ("xoxzo", setup.xoxzo)):
        lead(cluster(config, name), place)
    # Any free port, which Envoy writes down.
    config["admin"]["address"] = address("127.0.0.1", 0)
    return config


def authenticate(filter_config: dict[str, Any], setup: Setup) -> None:
    """Let jwt_authn check the sessions of the demo's shop."""
    [provider] = filter_config["providers"].values()
    provider["local_jwks"] = {"inline_string": tokens.key_set(setup.session_key)}
    if setup.headers:
        provider["claim_to_headers"] = [{"header_name": name, "claim_name": claim} for name, claim in HEADERS.items()]


def guard(plugin: dict[str, Any], setup: Setup, gate: Path) -> None:
    """Let the gate know the demo's origin and Xoxzo, and merge the settings of `setup`."""
    plugin["vm_config"]["code"]["local"]["filename"] = str(gate)
    if setup.failure_policy is not None:
        plugin["failure_policy"] = setup.failure_policy
    host, port = setup.xoxzo
    settings = json.loads(plugin["configuration"]["value"])
    settings = merge(settings, {"two_factor": {"test": True, "xoxzo": {"base_url": f"http://{host}:{port}"}}})
    # All clients have one address here.
    settings = merge(settings, {"two_factor": {"sends": {"per_client": None}, "failures": {"per_client": None}}})
    settings = merge(settings, {"gate": {"origin": setup.origin, "recovery_url": None}})
    if setup.headers:
        settings["gate"]["identity"] = IDENTITY
    plugin["configuration"]["value"] = json.dumps(merge(settings, setup.settings))


def session_rules() -> tuple[str, str, str]:
    """Give what `envoy.yaml` says of sessions: issuer, audience, and the name of their cookie."""
    config = load()
    [provider] = http_filter(config, JWT_AUTHN)["providers"].values()
    return provider["issuer"], provider["audiences"][0], provider["from_cookies"][0]


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay `over` over `base`: objects are merged, anything else is replaced, and `None` takes a member out."""
    merged = dict(base)
    for name, value in over.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict) and isinstance(merged.get(name), dict):
            merged[name] = merge(merged[name], value)
        else:
            merged[name] = value
    return merged


def connection_manager(config: Mapping[str, Any]) -> dict[str, Any]:
    """Give the HTTP connection manager of a configuration, to change it."""
    manager: dict[str, Any] = config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0][
        "typed_config"
    ]
    return manager


def http_filter(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Give the settings of an HTTP filter, to change them."""
    [found] = [part["typed_config"] for part in connection_manager(config)["http_filters"] if part["name"] == name]
    settings: dict[str, Any] = found
    return settings


def cluster(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Give a cluster, to change it."""
    [found] = [part for part in config["static_resources"]["clusters"] if part["name"] == name]
    settings: dict[str, Any] = found
    return settings


def lead(settings: dict[str, Any], place: tuple[str, int]) -> None:
    """Let a cluster lead to a place of this machine, without TLS."""
    settings.pop("transport_socket", None)
    settings.pop("dns_lookup_family", None)
    settings["type"] = "STATIC"
    settings["load_assignment"]["endpoints"] = [{"lb_endpoints": [{"endpoint": {"address": address(*place)}}]}]


def address(host: str, port: int) -> dict[str, Any]:
    """Give an address as Envoy writes it."""
    return {"socket_address": {"address": host, "port_value": port}}
