"""What a tenant's plans may name: the actions of this process, and those that its registered agents bring besides."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from scheduler.agents.agent_index import Need, Unfit
from scheduler.agents.agent_registry import AgentRegistry
from scheduler.core.actions import ActionCatalog
from scheduler.core.errors import NoFreeAgentError
from scheduler.core.ids import TenantId
from scheduler.core.offered_action import OfferedAction

_MOST_SHOWN: Final = 30
_Offered = dict[str, OfferedAction]


class _Made(NamedTuple):
    versions: tuple[int, int]
    offered: _Offered
    catalog: ActionCatalog


class AgentCatalog:
    """One catalog for each tenant, made anew only when its agents, or we, bring something else. `own` are ours."""

    def __init__(self, own: ActionCatalog, registry: AgentRegistry) -> None:
        self._own = own
        self._registry = registry
        self._made: dict[TenantId, _Made] = {}

    @property
    def own(self) -> ActionCatalog:
        """The actions of this process."""
        return self._own

    def of(self, tenant: TenantId) -> ActionCatalog:
        """Return the catalog as of the last look at the store."""
        versions, made = (self._registry.version, self._own.version), self._made.get(tenant)
        if made is None or made.versions != versions:
            offered = self._offered(tenant)
            if made is not None and made.offered == offered and made.versions[1] == versions[1]:
                catalog = made.catalog
            elif offered:
                catalog = ActionCatalog((*self._own, *(action.spec() for action in offered.values())))
            else:
                catalog = self._own
            made = self._made[tenant] = _Made(versions, offered, catalog)
        return made.catalog

    async def now(self, tenant: TenantId) -> ActionCatalog:
        """Return the catalog as it is now."""
        await self._registry.refresh()
        return self.of(tenant)

    async def check_alive(self, actions: Iterable[str], tenant: TenantId) -> None:
        """Raise NoFreeAgentError for the first action that only agents bring, none of whom is at work."""
        for action in actions:
            if action not in self._own:
                found = await self._registry.choose(Need(action=action, tenant=tenant))
                if isinstance(found, Unfit) and not found.soon:
                    raise NoFreeAgentError(action, found.reasons)

    def at_work(self, tenant: TenantId) -> Sequence[str]:
        """Return who of the tenant can act now, and what each can do, in words for a model."""
        found = self._registry.at_work(tenant)[:_MOST_SHOWN]
        return [f"{one.name} ({one.type}): {', '.join(one.capabilities)}" for one in found]

    def _offered(self, tenant: TenantId) -> _Offered:
        """Return what agents bring, by name: as the newest says, but repeatable only if all agree."""
        offered: _Offered = {}
        for action in self._registry.offered(tenant):
            known = offered.get(action.name)
            repeatable = action.repeatable and (known is None or known.repeatable)
            if action.name not in self._own:
                offered[action.name] = action.model_copy(update={"repeatable": repeatable})
        return offered
