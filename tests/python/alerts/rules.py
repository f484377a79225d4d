"""The rules and the dashboard as Prometheus reads them, and `promtool`, which judges them."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from story import PUMPING, STEP, Series
from world import ROOT

ALERTS = ROOT / "docs/alerts.yml"
OPERATIONS = ROOT / "docs/operations.md"
DASHBOARD = ROOT / "docs/dashboard.json"
UNITS = Path(__file__).with_name("units.yml")
# A folder of an unpacked Debian package may come before the system's own.
PLACES = os.environ.get("XOXZO_2FA_PROMETHEUS", "") + "/usr/bin:" + os.environ["PATH"]
# What Prometheus makes itself.
OWN = {"up"}


def promtool(*arguments: str | Path, text: str = "") -> list[str]:
    """What promtool has against something, or against a text; nothing if it is right."""
    program = shutil.which("promtool", path=PLACES)
    assert program, "promtool is not installed; on Debian it is in the package prometheus"
    done = subprocess.run([program, *map(str, arguments)], input=text, capture_output=True, text=True, check=False)
    return [] if done.returncode == 0 else (done.stdout + done.stderr).splitlines()


def groups() -> list[str]:
    """The names of the groups in their order, which promtool does not keep by itself."""
    return [group["name"] for group in yaml.safe_load(ALERTS.read_text())["groups"]]


def rules() -> Iterator[dict[str, Any]]:
    for group in yaml.safe_load(ALERTS.read_text())["groups"]:
        yield from group["rules"]


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


def untested() -> list[str]:
    """The alerts without a test in which they fire, or without one in which they do not, and runbooks that are not there."""
    cases = [case for one in yaml.safe_load(UNITS.read_text())["tests"] for case in one["alert_rule_test"]]
    fires = {case["alertname"] for case in cases if case["exp_alerts"]}
    rests = {case["alertname"] for case in cases if not case["exp_alerts"]}
    titles = re.findall(r"^#+ (.*)$", OPERATIONS.read_text(), re.MULTILINE)
    anchors = {f"docs/operations.md#{re.sub('[^a-z0-9 -]', '', title.lower()).replace(' ', '-')}" for title in titles}
    wrong = [f"{rule['alert']} has no test" for rule in alerts() if rule["alert"] not in fires & rests]
    return wrong + [
        f"{rule['alert']}: no runbook" for rule in alerts() if rule["annotations"]["runbook"] not in anchors
    ]


def documented(scraped: Iterable[Series]) -> list[str]:
    """The metrics that docs/operations.md lists and nobody emits, or the other way round."""
    listed = set(re.findall(r"^\| `(xoxzo_2fa\w*)`", OPERATIONS.read_text(), re.MULTILINE))
    # Parts of a histogram, and what a library adds.
    emitted = {
        re.sub(r"(_seconds|_total)?_(bucket|sum|count|created)$", r"\1", name)
        for series in scraped
        for name, _ in series.values
    }
    emitted = {name for name in emitted if f"{name}_total" not in emitted} - OWN
    return [f"{name} is only listed, or only emitted" for name in sorted(listed ^ emitted)]


def names(expression: str) -> set[str]:
    """The metrics that an expression reads."""
    bare = re.sub(r'"[^"]*"', "", expression)
    return set(re.findall(r"\bxoxzo_2fa[\w:]*", bare)) | set(re.findall(r"\bup\b", bare))


def matched(expression: str) -> set[tuple[str, str]]:
    """The labels and values that an expression selects by."""
    pairs = re.findall(r'\b(\w+)(?:=|=~)"([^"]*)"', expression)
    return {(label, value) for label, text in pairs for value in text.split("|")}


def unknown(expressions: Iterable[str], scraped: Iterable[Series]) -> list[str]:
    """The metrics, labels and values that no host emitted and no rule records."""
    every = list(scraped)
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    emitted = {name for series in every for name, _ in series.values} | recorded | OWN
    values = {pair for series in every for _, labels in series.values for pair in labels}
    values |= {("alarm", alarm) for name in emitted if (alarm := name.removeprefix("xoxzo_2fa_alarm_")) != name}
    wrong = []
    for expression in expressions:
        wrong += [f"no host emits {name}" for name in sorted(names(expression) - emitted)]
        asked = {pair for pair in matched(expression) if pair[0] not in ("job", "instance", "source")}
        wrong += [f'no host emits {label}="{value}"' for label, value in sorted(asked - values)]
    return wrong


def written(series: Series) -> list[dict[str, str]]:
    """The series as promtool takes them. When a host no longer answers, Prometheus marks its series as stale."""
    lines = []
    for (name, labels), values in series.values.items():
        told = [("job", f"xoxzo-2fa-{series.host}"), ("instance", "a"), *labels]
        inner = ", ".join(f"{label}={json.dumps(value)}" for label, value in told)
        points = ["_" if value is None else f"{value:.12g}" for value in values]
        points += ["stale"] * (len(values) < series.looks)
        lines.append({"series": f"{name}{{{inner}}}", "values": " ".join(points)})
    return lines


def test(series: Series, expressions: list[dict[str, Any]]) -> dict[str, Any]:
    """A test of promtool that replays what was scraped. What alerts read is counted before them."""
    return {
        "rule_files": [str(ALERTS)],
        "evaluation_interval": "1m",
        "group_eval_order": groups(),
        "tests": [
            {"interval": f"{STEP}m", "input_series": written(series), "promql_expr_test": expressions},
        ],
    }


def firing(minute: int, wanted: Iterable[str]) -> dict[str, Any]:
    """Expects that exactly these alerts fire."""
    return {
        "expr": 'group by (alertname) (ALERTS{alertstate="firing"})',
        "eval_time": f"{minute}m",
        "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(wanted)],
    }


def panels() -> list[str]:
    """The expressions of the dashboard, with what Grafana puts in for its variables."""
    board = json.loads(DASHBOARD.read_text())
    variables = {"$__rate_interval": "5m", "$job": board["templating"]["list"][1]["allValue"]}
    found = []
    for panel in board["panels"]:
        for target in panel["targets"]:
            expression: str = target["expr"]
            for name, value in variables.items():
                expression = expression.replace(name, value)
            assert "$" not in expression, expression
            found.append(expression)
    return found


def shown(expression: str) -> dict[str, Any]:
    """Expects that a panel has something to show when messages are pumped."""
    return {
        "expr": f"clamp_max(count({expression}), 1)",
        "eval_time": f"{PUMPING}m",
        "exp_samples": [{"labels": "{}", "value": 1}],
    }


def empty(scraped: Iterable[Series], folder: Path) -> list[str]:
    """The expressions of the dashboard that Prometheus cannot read, or that show nothing of any host."""
    every, wrong = list(scraped), []
    for at, expression in enumerate(panels()):
        said = []
        for series in every:
            file = folder / f"panel-{at}-{series.host}.yml"
            file.write_text(yaml.safe_dump(test(series, [shown(expression)]), width=1000))
            said.append(promtool("test", "rules", file))
        if all(said):
            wrong.append(f"nothing to show: {expression}: {said[0]}")
    return wrong
