"""What `xoxzo-2fa-serve render` prints for Istio and Envoy Gateway, in the real Envoy: each patch is made to a listener as those control planes write
it, and volumes and variables are those that are printed."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import yaml

from demo import configuration, envoy, tokens
from world import COMMAND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from court import Court

Resource = dict[str, Any]
SERVE = COMMAND.with_name("xoxzo-2fa-serve")
README = Path(__file__).resolve().parents[3] / "host/serve/README.md"
MANAGER = "envoy.filters.network.http_connection_manager"
ROUTER = {
    "name": "envoy.filters.http.router",
    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
}
CORS = {
    "name": "envoy.filters.http.cors",
    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors"},
}
KEPT: list[tempfile.TemporaryDirectory[str]] = []
# What a pod or a control plane has beside what is printed.
DEPLOYMENT = {"selector": {"matchLabels": {"app": "a"}}, "template": {"metadata": {"labels": {"app": "a"}}}}


def rendered(*arguments: str, settings: str) -> list[Resource]:
    """The resources that the command prints."""
    with tempfile.TemporaryDirectory(prefix="xoxzo-2fa-") as folder:
        path = Path(folder) / "settings.json"
        path.write_text(settings)
        command = [str(SERVE), "render", *arguments, "--settings", str(path)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return list(yaml.safe_load_all(printed))


def of_kind(resources: list[Resource], kind: str) -> Resource:
    [found] = [one for one in resources if one["kind"] == kind]
    return found


def of_the_world(config: Resource, folder: Path) -> str:
    """The settings of a world for the command: those of its filter, and its sessions with the keys in a file."""
    provider = configuration.http_filter(config, configuration.JWT_AUTHN)["providers"]["first_factor"]
    (folder / "jwks.json").write_text(provider["local_jwks"]["inline_string"])
    gate = json.loads(configuration.http_filter(config, configuration.GATE)["config"]["configuration"]["value"])
    jwt = {"algorithm": "HS256", "jwks_file": f"{folder}/jwks.json", "issuer": provider["issuer"]}
    return json.dumps(gate | {"serve": {"jwt": jwt | {"audience": provider["audiences"][0]}}}, indent=2)


def listener(config: Resource, name: str, manager: Resource, filters: list[Resource]) -> Resource:
    """A listener as a control plane writes one, but that its routes are in it, and lead to the app."""
    own = configuration.connection_manager(config)
    route = {"match": {"prefix": "/"}, "route": {"cluster": "app"}}
    routes = {"virtual_hosts": [{"name": "app", "domains": ["*"], "routes": [route]}]}
    typed = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "public",
        "route_config": routes,
        "access_log": own["access_log"],
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "http_filters": [*filters, ROUTER],
        **manager,
    }
    [public] = config["static_resources"]["listeners"]
    chain = {"filters": [{"name": MANAGER, "typed_config": typed}]}
    return {"name": name, "address": public["address"], "filter_chains": [chain]}


def merged(base: Any, over: Any) -> Any:
    """As protocol buffers are merged: lists are joined."""
    if isinstance(base, dict) and isinstance(over, dict):
        return base | {name: merged(base[name], value) if name in base else value for name, value in over.items()}
    return [*base, *over] if isinstance(base, list) and isinstance(over, list) else over


def patched_by_istio(resources: Resource, patches: list[Resource]) -> None:
    """Makes the patches of an EnvoyFilter to a gateway, as istiod does: those of network filters before those of HTTP filters."""
    [public] = resources["listeners"]
    for patch in patches:
        made, match = patch["patch"], patch["match"]
        assert match["context"] == "GATEWAY"
        if patch["applyTo"] == "CLUSTER":
            assert made["operation"] == "ADD"
            resources["clusters"].append(made["value"])
            continue
        port = match["listener"].get("portNumber", public["address"]["socket_address"]["port_value"])
        wanted = match["listener"]["filterChain"]["filter"]
        for found in [one for chain in public["filter_chains"] for one in chain["filters"]]:
            if found["name"] != wanted["name"] or port != public["address"]["socket_address"]["port_value"]:
                continue
            if patch["applyTo"] == "NETWORK_FILTER":
                assert made["operation"] == "MERGE"
                found |= merged(found, made["value"])
                continue
            assert (patch["applyTo"], made["operation"]) == ("HTTP_FILTER", "INSERT_BEFORE")
            filters = found["typed_config"]["http_filters"]
            names = [one["name"] for one in filters]
            filters.insert(names.index(wanted["subFilter"]["name"]), copy.deepcopy(made["value"]))


def selected(node: Any, name: str) -> Iterator[Resource]:
    """What `..filters[?(@.name=='NAME')].typed_config` selects."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "filters":
                yield from (one["typed_config"] for one in value if one.get("name") == name)
            yield from selected(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from selected(value, name)


def patched_by_envoy_gateway(resources: Resource, patches: list[Resource]) -> None:
    """Makes the patches of an EnvoyPatchPolicy, in their order."""
    for patch in patches:
        operation = patch["operation"]
        assert operation["op"] == "add"
        if patch["type"].endswith(".Cluster"):
            assert operation["path"] == "" and patch["name"] == operation["value"]["name"]
            resources["clusters"].append(operation["value"])
            continue
        places = [one for one in resources["listeners"] if one["name"] == patch["name"]]
        [name] = re.findall(r"^\.\.filters\[\?\(@\.name=='([^']+)'\)\]\.typed_config$", operation["jsonPath"])
        chosen = list(selected(places, name))
        assert chosen, f"no listener {patch['name']}"
        for place in chosen:
            *way, last = operation["path"].strip("/").split("/")
            node: Any = place
            for step in way:
                node = node.setdefault(step, {})
            if isinstance(node, list):
                node.insert(int(last), copy.deepcopy(operation["value"]))
            else:
                node[last] = operation["value"]


def mounted(config: Resource, container: Resource, volumes: list[Resource], folder: Path) -> None:
    """Lets files lie where they do on this machine, as the pod's volumes let them lie elsewhere."""
    places = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert set(places) == {volume["name"] for volume in volumes}
    (folder / "plugin.wasm").unlink(missing_ok=True)
    (folder / "plugin.wasm").symlink_to(configuration.WASM)
    text = json.dumps(config).replace(places["xoxzo-2fa-filter"], str(folder))
    assert places["xoxzo-2fa-sessions"] == str(folder)
    config |= json.loads(text)


def names(container: Resource) -> set[str]:
    """The variables that a container gets from the Secret."""
    return {one["name"] for one in container["env"] if one["valueFrom"]["secretKeyRef"]["key"] == one["name"]}


def kept() -> Path:
    """A folder that is there until the tests end."""
    KEPT.append(tempfile.TemporaryDirectory(prefix="xoxzo-2fa-"))
    return Path(KEPT[-1].name)


def istio(*, one_port: bool) -> Callable[[Resource], None]:
    """Puts a world's Envoy in the place of a gateway of Istio."""

    def change(config: Resource) -> None:
        folder = kept()
        settings = of_the_world(config, folder)
        [public] = config["static_resources"]["listeners"]
        arguments = ("--port", str(public["address"]["socket_address"]["port_value"])) if one_port else ()
        resources = rendered("istio", *arguments, settings=settings)
        # As istiod writes it for a gateway.
        manager = {
            "use_remote_address": True,
            "forward_client_cert_details": "SANITIZE_SET",
            "normalize_path": True,
            "server_name": "istio-envoy",
            "stream_idle_timeout": "0s",
            "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        }
        own = config["static_resources"]
        own["listeners"] = [listener(config, "0.0.0.0_8443", manager, [CORS])]
        own["clusters"] = [one for one in own["clusters"] if one["name"] != "xoxzo"]
        patched_by_istio(own, of_kind(resources, "EnvoyFilter")["spec"]["configPatches"])
        pod = of_kind(resources, "Deployment")["spec"]["template"]["spec"]
        [container] = pod["containers"]
        assert container["name"] == "istio-proxy"
        mounted(config, container, pod["volumes"], folder)

    return change


def envoy_gateway(config: Resource) -> None:
    """Puts a world's Envoy in the place of a gateway of Envoy Gateway."""
    folder = kept()
    settings = of_the_world(config, folder)
    resources = rendered("envoy-gateway", "--namespace", "shop", settings=settings)
    manager = {
        "use_remote_address": True,
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "UNESCAPE_AND_REDIRECT",
        "server_header_transformation": "PASS_THROUGH",
        "common_http_protocol_options": {"headers_with_underscores_action": "REJECT_REQUEST"},
    }
    own = config["static_resources"]
    own["listeners"] = [listener(config, "shop/eg/https", manager, [CORS])]
    own["clusters"] = [one for one in own["clusters"] if one["name"] != "xoxzo"]
    patched_by_envoy_gateway(own, of_kind(resources, "EnvoyPatchPolicy")["spec"]["jsonPatches"])
    deployment = of_kind(resources, "EnvoyProxy")["spec"]["provider"]["kubernetes"]["envoyDeployment"]
    mounted(config, deployment["container"], deployment["pod"]["volumes"], folder)


def login(court: Court) -> None:
    """From the first page to a pass, with the counters and variables of the pod."""
    world = court.world
    person = world.person()
    court.attack("without a pass", court.plain("/account", person), 401)
    person.sign_in()
    seen = world.reach(person, "/account", [("authorization", "Bearer x"), ("x-forwarded-host", "evil.example")])
    court.hold("a receipt", len(seen.header("x-2fa-receipt")) == 1, seen)
    court.hold("no second user", not seen.header("authorization") and not seen.header("x-forwarded-host"), seen)
    court.attack("an escaped slash", court.plain("/static%2f..%2faccount", None), 400)
    court.attack("an underscore", court.plain("/static/x", None, [("x_2fa_receipt", "1")]), 400)


def as_printed(court: Court) -> None:
    """For the settings in the README: no key, each resource by the schema of Kubernetes, and a whole Envoy that starts with it."""
    [settings] = re.findall(r"```json\n( *\{.*?\n *\})\n *```", README.read_text(), re.DOTALL)[:1]
    keys = set(court.world.environment)
    image = ("--filter-image", "registry.example/gate:1")
    sidecar = ("sidecar", "--deployment", "shop", "--container", "nginx", "--proxy", "nginx", "--image", "a/serve:1")
    for arguments in (("istio",), ("istio", *image), ("envoy-gateway",), ("envoy-gateway", *image), sidecar):
        resources = rendered(*arguments, settings=settings)
        court.hold(f"{arguments}: no key", not re.search("x2f[a-z]1_", json.dumps(resources)))
        for resource in resources:
            name = f"{arguments}: {resource['kind']}"
            court.hold(name, {"apiVersion", "kind", "metadata"} <= set(resource), resource)
            if resource["kind"] == "Deployment":
                whole = copy.deepcopy(resource)
                whole["spec"] = configuration.merge(DEPLOYMENT, whole["spec"])
                pod = resource["spec"]["template"]["spec"]
                court.hold(f"{name}: variables", any(names(one) == keys for one in pod["containers"] if "env" in one))
            elif resource["kind"] == "EnvoyProxy":
                own = resource["spec"]["provider"]["kubernetes"]["envoyDeployment"]
                container = {"name": "envoy", **own["container"]}
                pod = {"containers": [container], **own["pod"]}
                whole = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}
                whole["spec"] = configuration.merge(DEPLOYMENT, {"template": {"spec": pod}})
                court.hold(f"{name}: variables", names(container) == keys)
            elif resource["kind"] == "ConfigMap":
                whole = resource
                court.hold("the server's settings", json.loads(resource["data"]["serve.json"]) == json.loads(settings))
            else:
                continue
            try:
                kubernetes_validate.validate(whole, "1.37", strict=True)
            except kubernetes_validate.ValidationError as error:
                court.hold(f"{name}: by its schema", False, error.message)
    hardened = of_kind(rendered(*sidecar, settings=settings), "Deployment")["spec"]["template"]["spec"]["containers"][1]
    security = hardened["securityContext"]
    court.hold(
        "the server has no rights",
        security["runAsNonRoot"] and security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"],
        security,
    )


def for_production(court: Court) -> None:
    """For the settings in the README, with Xoxzo's own address and certificate: Envoy takes the whole."""
    [settings] = re.findall(r"```json\n( *\{.*?\n *\})\n *```", README.read_text(), re.DOTALL)[:1]
    with tempfile.TemporaryDirectory(prefix="xoxzo-2fa-") as name:
        folder = Path(name)
        (folder / "jwks.json").write_text(tokens.key_set(court.world.session_key))
        settings = settings.replace("/etc/xoxzo-2fa/sessions.json", f"{folder}/jwks.json")
        for kind, patch, resource, patches in (
            ("istio", patched_by_istio, "EnvoyFilter", "configPatches"),
            ("envoy-gateway", patched_by_envoy_gateway, "EnvoyPatchPolicy", "jsonPatches"),
        ):
            config = copy.deepcopy(court.world.config)
            own = config["static_resources"]
            [public] = own["listeners"]
            typed = public["filter_chains"][0]["filters"][0]["typed_config"]
            typed["http_filters"] = [ROUTER]
            public["name"] = "default/eg/https"
            own["clusters"] = [one for one in own["clusters"] if one["name"] != "xoxzo"]
            patch(own, of_kind(rendered(kind, settings=settings), resource)["spec"][patches])
            config = json.loads(
                json.dumps(config).replace("/etc/xoxzo-2fa-filter/plugin.wasm", str(configuration.WASM))
            )
            said = envoy.validate(config, folder / kind, environment=court.world.environment)
            court.hold(f"{kind}: Envoy takes it", said is None, said)
            [made] = [one for one in config["static_resources"]["clusters"] if one["name"] == "xoxzo"]
            context = made["transport_socket"]["typed_config"]["common_tls_context"]["validation_context"]
            court.hold(f"{kind}: the certificate is Xoxzo's", "match_typed_subject_alt_names" in context, context)


ALL = (as_printed, for_production)
