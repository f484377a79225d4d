"""All attacks, each group in the world that it is for."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import bodies
import cookies
import crowd
import forms
import headers
import identity
import kubernetes
import leaks
import limits
import methods
import modes
import paths
import payments
import provider
import returns
import settings
import tours
import trust
import vectors
import watch
from court import Court
from demo import configuration
from world import World, bare

Group = Callable[[Court], None]
SHORT = {"two_factor": {"sends": {"cooldown_seconds": 60}, "xoxzo": {"timeout_milliseconds": 4000}}}


def alone(config: dict[str, Any]) -> None:
    """Without jwt_authn, so that whoever reaches the port writes the headers that say who he is."""
    bare(config)
    manager = configuration.connection_manager(config)
    manager["http_filters"] = [part for part in manager["http_filters"] if part["name"] != configuration.JWT_AUTHN]


def lost(config: dict[str, Any]) -> None:
    """Without the cluster that the settings name."""
    resources = config["static_resources"]
    resources["clusters"] = [one for one in resources["clusters"] if one["name"] != "xoxzo"]


GATE = (
    identity.odd_claims,
    identity.one_session,
    identity.forged_tokens,
    identity.forged_headers,
    identity.misleading_headers,
    cookies.kept,
    *forms.ALL,
    *returns.ALL,
    *methods.ALL,
    *bodies.ALL,
    *leaks.ALL,
    *cookies.ALL,
    *payments.ALL,
)
SHIPPED = (
    identity.two_sessions, identity.one_session, identity.forged_tokens, identity.forged_headers, identity.misleading_headers, cookies.kept,
    paths.as_shipped, paths.resemblances, paths.forms_of_target, *methods.ALL, *bodies.ALL, leaks.shown, cookies.doubled, cookies.ended, *payments.ALL,
)  # fmt: skip
PLACES: tuple[tuple[str, dict[str, Any], Sequence[Group]], ...] = (
    ("counters", {"change": bare}, leaks.FIRST),
    ("vectors", {"settings": vectors.SETTINGS, "change": bare}, vectors.ALL),
    ("paths", {"change": bare}, paths.ALL),
    ("the gate alone", {"change": bare}, GATE),
    ("as shipped", {}, SHIPPED),
    ("step-up, bare", {"change": bare, "settings": paths.STEPS}, (paths.step_up_spellings,)),
    ("step-up, as shipped", {"settings": paths.STEPS}, (paths.step_up_spellings,)),
    ("identity by headers", {"headers": True, "believing": True, "change": alone}, headers.BELIEVING),
    ("headers by jwt_authn", {"headers": True}, headers.WRITTEN),
    ("preflight", {"change": bare, "settings": modes.PREFLIGHT}, (modes.preflight,)),
    ("outlives", {"settings": modes.OUTLIVES}, (modes.outlives,)),
    ("trusted", {"settings": modes.TRUSTED}, (modes.trusted,)),
    ("limits", {"settings": limits.FEW}, limits.ALL),
    ("locks", {"settings": limits.LOCK}, (limits.failures,)),
    ("addresses", {"settings": limits.CLIENT}, (limits.addresses,)),
    ("provider", {"settings": SHORT}, provider.ALL),
    ("client gone", {"settings": SHORT}, (provider.gone,)),
    ("crowd", {"change": bare}, crowd.ALL),
    ("trust", {}, trust.ALL),
    ("no cluster", {"change": lost}, (provider.no_cluster,)),
    ("settings", {}, settings.ALL),
    ("Istio", {"change": kubernetes.istio(one_port=False)}, (kubernetes.login, *SHIPPED)),
    ("Istio on one port", {"change": kubernetes.istio(one_port=True)}, (kubernetes.login,)),
    ("Envoy Gateway", {"change": kubernetes.envoy_gateway}, (kubernetes.login, *SHIPPED)),
    ("resources of Kubernetes", {}, kubernetes.ALL),
    ("the demo", {}, tours.ALL),
    ("bodies kept back", {"change": watch.without_the_knob}, (watch.named,)),
    ("slow bodies", {"concurrency": 1}, (watch.patient,)),
)


@contextmanager
def place(name: str, options: dict[str, Any], failed: list[str]) -> Iterator[Court]:
    """A world to attack, in which everything must be well afterwards."""
    with World(**options) as world:
        court = Court(world)
        yield court
        court.failed += [f"afterwards: {wrong}" for wrong in world.alive()]
        failed += [f"{name}: {text}" for text in court.failed]


def run(only: str = "") -> tuple[int, list[str]]:
    """Attacks everything; how many attacks there were, and which got through."""
    attacks, failed = 0, list[str]()
    for name, options, groups in PLACES:
        chosen = [group for group in groups if only in f"{name}.{group.__module__}.{group.__name__}"]
        if not chosen:
            continue
        try:
            with place(name, options, failed) as court:
                court.run(chosen)
                attacks += court.attacks
        except Exception as failure:  # noqa: BLE001 - a world that cannot start is a failure of its own
            failed.append(f"{name}: {type(failure).__name__}: {failure}")
        print(f"{name}: {attacks} attacks so far, {len(failed)} let through", flush=True)
    return attacks, failed
