"""Starts an agent of a kind from the command line: `python -m agents.web --url … --token …`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agents.runtime.agent_options import AgentOptions
from agents.runtime.agent_process import run_agent
from scheduler.core import crash_points
from scheduler.core.agent import AgentType
from scheduler.core.errors import EnrolmentRefusedError
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.security.secrets_manager import SecretsManager
from scheduler.settings import FaultSettings, Settings, load_settings
from scheduler.telemetry.logs import set_up_logs
from scheduler.telemetry.telemetry import set_up_traces

ENDED, FAILED, USAGE, REFUSED = 0, 1, 2, 3


@dataclass(frozen=True, kw_only=True)
class AgentKind:
    """A kind of agent: `make_executors` makes what it can do; `lacks` says what one might expect of it in vain."""

    type: AgentType
    make_executors: Callable[[Settings, SecretsManager], ExecutorRegistry]
    lacks: str = ""


@dataclass(frozen=True, kw_only=True)
class StartOptions:
    """What the command line says; what is left out comes from the settings, or is chosen."""

    url: str
    token: str = ""
    name: str = ""
    host: str = "127.0.0.1"
    port: int = 0
    endpoint: str = ""
    concurrency: int = 1
    new_key: bool = False
    tags: Sequence[str] = ()
    domains: Sequence[str] = ()
    applications: Sequence[str] = ()
    dial: Literal["socket", "poll"] = "socket"


def start_agent(kind: AgentKind, asked: StartOptions, settings: Settings) -> int:
    """Be an agent of that kind until SIGTERM; return the exit code. Raises ValueError or OSError for unfit settings."""
    _arm(settings.fault)
    secrets = SecretsManager(settings.store.secrets_file)
    set_up_logs(settings.log.level, settings.log.format, secrets.redact)
    set_up_traces("cpa-agent")
    token = asked.token or (settings.agents.token.get_secret_value() if settings.agents.token is not None else "")
    name = asked.name or f"{kind.type}-1"
    options = AgentOptions(
        type=kind.type,
        name=name,
        url=asked.url,
        token=token,
        folder=_folder(settings.store.data_dir, name),
        artifacts=settings.store.data_dir / "artifacts",
        host=asked.host,
        port=asked.port,
        endpoint=asked.endpoint,
        concurrency=asked.concurrency,
        new_key=asked.new_key,
        tags=tuple(asked.tags),
        domains=tuple(asked.domains),
        applications=tuple(asked.applications),
        grace=settings.worker.grace,
        dial=asked.dial,
    )
    executors = kind.make_executors(settings, secrets)
    if kind.lacks:
        _say(kind.lacks)
    try:
        ended_well = run_agent(
            options, executors, redact=secrets.redact, started=lambda url: _say(f"Agent {name}: {url}")
        )
    except EnrolmentRefusedError as error:
        _say(str(error))
        return REFUSED
    return ENDED if ended_well else FAILED


def main(kind: AgentKind, arguments: Sequence[str] | None = None) -> None:
    """Start an agent of that kind as the command line says."""
    defaults = StartOptions(url="")
    parser = argparse.ArgumentParser(description=f"An agent of CPA: {kind.type}. {kind.lacks}".strip())
    parser.add_argument("--url", required=True, help="address of the scheduler")
    parser.add_argument("--token", default="", help="enrolment token; better in CPA_AGENTS_TOKEN, where nobody sees it")
    parser.add_argument("--name", default="", help=f"name of the agent, by default {kind.type}-1")
    parser.add_argument("--host", default=defaults.host, help="address at which it listens")
    parser.add_argument("--port", type=int, default=defaults.port, help="port at which it listens; 0: any")
    parser.add_argument("--endpoint", default="", help="where the scheduler calls it; by default it dials out")
    parser.add_argument("--concurrency", type=int, default=defaults.concurrency, help="tasks at once")
    parser.add_argument("--new-key", action="store_true", help="change its signing key for a new one")
    for name, words in (("tag", "what plans may ask for"), ("domain", "where it acts"), ("application", "with what")):
        many = {"action": "append", "default": [], "dest": f"{name}s", "help": f"{words}; may be given again"}
        parser.add_argument(f"--{name}", metavar=name.upper(), **many)  # type: ignore[arg-type]
    parser.add_argument("--dial", choices=("socket", "poll"), default=defaults.dial, help="how it dials out")
    asked = StartOptions(**vars(parser.parse_args(arguments)))
    try:
        code = start_agent(kind, asked, load_settings())
    except (ValueError, OSError) as error:
        _say(str(error))
        code = USAGE
    sys.exit(code)


def _folder(data: Path, name: str) -> Path:
    """Return where the agent of that name keeps its things. Raises ValueError for a name that is no file name."""
    if not name or name.startswith(".") or set(name) & set("/\\\0"):
        raise ValueError(f"--name {name!r} cannot be the name of a folder; please choose another")
    return data / "agents" / name


def _arm(fault: FaultSettings) -> None:
    if fault.at:
        point, _, visit = fault.at.partition(":")
        crash_points.arm(crash_points.CrashPoint(point), int(visit or 1))


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
