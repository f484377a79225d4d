"""Whoever answers in Xoxzo's place gets nothing, and Envoy waits longer than the gate does."""

import copy
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import yaml

from court import Court
from demo import configuration
from provider import HEAD, Hostile
from world import World

SECONDS = 31  # The longest xoxzo.timeout_milliseconds, and one more.


def openssl(*arguments: str, at: Path) -> None:
    subprocess.run(["openssl", *arguments], cwd=at, check=True, capture_output=True)


def certificates(at: Path) -> None:
    """An authority, and what it says of Xoxzo and of somebody else; and what Xoxzo would say of itself."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    openssl("req", "-x509", *key, "-subj", "/CN=authority", "-keyout", "authority.key", "-out", "authority.pem", at=at)
    for name, host in {"right": "api.xoxzo.com", "other": "api.xoxzo.com.evil.example"}.items():
        signed = ("-CA", "authority.pem", "-CAkey", "authority.key", "-addext", f"subjectAltName=DNS:{host}")
        openssl(
            "req",
            "-x509",
            *key,
            *signed,
            "-subj",
            f"/CN={host}",
            "-keyout",
            f"{name}.key",
            "-out",
            f"{name}.pem",
            at=at,
        )
    own = ("-addext", "subjectAltName=DNS:api.xoxzo.com", "-subj", "/CN=api.xoxzo.com")
    openssl("req", "-x509", *key, *own, "-keyout", "own.key", "-out", "own.pem", at=at)


def impostors(court: Court) -> None:
    """The cluster as it is shipped asks only who has Xoxzo's certificate from an authority: else account and code would be told."""
    assert shutil.which("openssl"), "openssl is not installed"
    at = court.world.directory
    certificates(at)
    shipped = yaml.safe_load(configuration.SOURCE.read_text())
    layer = configuration.cluster(shipped, "xoxzo")["transport_socket"]
    for name, asked in {"right": True, "other": False, "own": False}.items():
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(at / f"{name}.pem", at / f"{name}.key")
        provider = Hostile(context)
        provider.pieces = (HEAD + b"content-length: 14\r\n\r\n" + b'[{"msgid":"a"}]'[:14],)

        def change(config: dict[str, Any]) -> None:
            own = copy.deepcopy(layer)
            own["typed_config"]["common_tls_context"]["validation_context"]["trusted_ca"] = {
                "filename": str(at / "authority.pem")
            }
            configuration.cluster(config, "xoxzo")["transport_socket"] = own

        base = f"https://127.0.0.1:{provider.address[1]}"
        with World({"two_factor": {"xoxzo": {"base_url": base}}}, xoxzo=provider.address, change=change) as world:
            person = world.person()
            person.step()
            answer = person.press("start")
            court.hold(f"certificate {name}", provider.asked == int(asked), (answer, provider.asked))
            court.failed += world.alive()
        provider.stop()


def patience(court: Court) -> None:
    """Envoy's own ends of time come after that of the longest call, or a message would be on its way and the user would see an error."""
    manager = configuration.connection_manager(yaml.safe_load(configuration.SOURCE.read_text()))
    for name in ("request_timeout", "stream_idle_timeout"):
        court.hold(name, float(manager[name].rstrip("s")) >= SECONDS, manager[name])


def slow_but_sent(court: Court) -> None:
    """An answer after three seconds is still one."""
    world = court.world
    person = world.person(phone="+819000000012")
    person.start()
    court.hold("a slow answer", person.verify(person.pin()).status == 200)
    world.reach(person, "/account")


ALL = (impostors, patience, slow_but_sent)
