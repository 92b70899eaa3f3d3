"""Makes what deals with agents. For the container alone."""

import ipaddress
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass

from scheduler.agents.a2a_agents import A2aAgents
from scheduler.agents.agent_catalog import AgentCatalog
from scheduler.agents.agent_hands import AgentHands
from scheduler.agents.agent_registry import AgentRegistry
from scheduler.agents.artifact_exchange import ArtifactExchange
from scheduler.agents.choosing import AgentSelector, Choosing
from scheduler.agents.contract_net import ContractNet
from scheduler.agents.conversation import Conversation
from scheduler.agents.dial_in import DialIn
from scheduler.agents.enrolment import EnrolmentService
from scheduler.agents.job_sessions import JobSessions
from scheduler.agents.lam_gateway import JobState, LamGateway
from scheduler.agents.outbox import Outbox
from scheduler.agents.remote_executor import RemoteExecutor
from scheduler.agents.transports.a2a_transport import A2aTransport
from scheduler.agents.transports.by_agent import TransportByAgent
from scheduler.agents.transports.http_transport import HttpTransport
from scheduler.agents.transports.in_process import InProcessTransport
from scheduler.audit.audit_log import AuditLog
from scheduler.core.actions import ActionCatalog
from scheduler.core.clock import Clock, SystemClock
from scheduler.core.ids import JobId, TenantId, new_id
from scheduler.core.site_book import Sites
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.executors.files import ArtifactStore
from scheduler.executors.web_allowance import Network
from scheduler.repository.agent_repository import HeartbeatStore
from scheduler.repository.sqlite_agents import SQLiteAgentRepository, SQLiteHeartbeatStore
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_lam import SQLiteLamRepository
from scheduler.repository.sqlite_repository import SQLiteAuditRepository, SQLiteJobRepository
from scheduler.security.lam_signatures import SigningKey
from scheduler.security.secrets_manager import SecretsManager
from scheduler.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Agents:
    """Everything between the scheduler and its agents."""

    key: SigningKey
    registry: AgentRegistry
    catalog: AgentCatalog
    enrolment: EnrolmentService
    gateway: LamGateway
    dial_in: DialIn
    here: InProcessTransport
    http: HttpTransport
    a2a: A2aTransport
    a2a_agents: A2aAgents
    remote: RemoteExecutor
    outbox: Outbox
    files: ArtifactExchange

    def hands(self, here: ExecutorRegistry) -> AgentHands:
        """Return what does steps: the agents, and the executors of this process."""
        return AgentHands(here=here, remote=self.remote, registry=self.registry)

    async def close(self) -> None:
        """Close connections to agents and to Redis."""
        await self.remote.close()
        await self.a2a.close()
        await self.http.close()
        await self.registry.close()


async def opened_agents(
    stack: AsyncExitStack,
    settings: Settings,
    database: SQLiteDatabase,
    own: ActionCatalog,
    secrets: SecretsManager,
    sites: Sites,
    selector: AgentSelector | None = None,
) -> Agents:
    """Return what `make_agents` makes, knowing who is registered; it is closed with the stack."""
    agents = make_agents(settings, database, own, secrets, sites, selector)
    stack.push_async_callback(agents.close)
    await agents.registry.refresh()
    return agents


def make_agents(
    settings: Settings,
    database: SQLiteDatabase,
    own: ActionCatalog,
    secrets: SecretsManager,
    sites: Sites,
    selector: AgentSelector | None = None,
) -> Agents:
    """Return it all, over the store and, where there is one, Redis. `own` are the actions of this process.

    `selector` is asked where the settings say that a model chooses.
    """
    clock = SystemClock()
    key = SigningKey.load(settings.store.data_dir / "lam-key.json")
    agents, messages = SQLiteAgentRepository(database), SQLiteLamRepository(database)
    registry = AgentRegistry(agents=agents, beats=_beats(settings, database), clock=clock, random=random.random)
    gateway = _gateway(database, registry, messages, key, clock)
    here, http = InProcessTransport(), HttpTransport(networks=lambda tenant: _networks(settings, tenant))
    a2a = _a2a(settings, secrets, gateway, clock)
    transport = TransportByAgent(here=here, called=http, a2a=a2a)
    catalog = AgentCatalog(own, registry)
    conversation = Conversation(messages=messages, gateway=gateway, transport=transport, changes=database, clock=clock)
    files = ArtifactExchange(ArtifactStore(settings.store.data_dir / "artifacts"), messages)
    choice = settings.agents.choice
    remote = RemoteExecutor(
        registry=registry,
        messages=messages,
        conversation=conversation,
        choosing=Choosing(registry, database, sites, selector if choice == "model" else None),
        sessions=JobSessions(messages, catalog.of),
        files=files,
        clock=clock,
        net=ContractNet(registry=registry, conversation=conversation, clock=clock) if choice == "bids" else None,
    )
    return Agents(
        key=key,
        here=here,
        http=http,
        a2a=a2a,
        a2a_agents=A2aAgents(registry=registry, transport=a2a, new_id=new_id),
        remote=remote,
        files=files,
        outbox=Outbox(registry=registry, messages=messages, gateway=gateway, transport=transport, clock=clock),
        registry=registry,
        enrolment=EnrolmentService(registry=registry, agents=agents, key=key, clock=clock, new_id=new_id, known=own),
        catalog=catalog,
        gateway=gateway,
        dial_in=DialIn(registry=registry, messages=messages, gateway=gateway, changes=database, clock=clock),
    )


def _gateway(
    database: SQLiteDatabase, registry: AgentRegistry, messages: SQLiteLamRepository, key: SigningKey, clock: Clock
) -> LamGateway:
    return LamGateway(
        registry=registry,
        messages=messages,
        audit=AuditLog(entries=SQLiteAuditRepository(database), clock=clock, new_id=new_id),
        key=key,
        clock=clock,
        job_state=_job_state(database),
    )


def _job_state(database: SQLiteDatabase) -> JobState:
    jobs = SQLiteJobRepository(database)

    async def job_state(job_id: JobId, tenant: TenantId) -> str | None:
        job = await jobs.get(job_id, tenant)
        return None if job is None else job.status.value

    return job_state


def _networks(settings: Settings, tenant: TenantId) -> tuple[Network, ...]:
    """Return which private networks agents of the tenant may be called in; without a key there is this machine only."""
    own = () if settings.api.tenant_keys else (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
    return (*settings.agents.networks.get(tenant, ()), *own)


def _beats(settings: Settings, database: SQLiteDatabase) -> HeartbeatStore:
    url = settings.store.queue_url
    if not url or url.startswith("sqlite:"):
        return SQLiteHeartbeatStore(database, SystemClock())
    from redis.asyncio import Redis  # noqa: PLC0415 - only those who use Redis pay for its import

    from scheduler.agents.redis_heartbeats import RedisHeartbeatStore  # noqa: PLC0415

    client: Redis = Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
    return RedisHeartbeatStore(client, settings.queue.prefix)


def _a2a(settings: Settings, secrets: SecretsManager, gateway: LamGateway, clock: Clock) -> A2aTransport:
    return A2aTransport(
        networks=lambda tenant: _networks(settings, tenant),
        folder=settings.store.data_dir / "a2a",
        secret=secrets.get_secret,
        receive=gateway.receive,
        clock=clock,
    )
