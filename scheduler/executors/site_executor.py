"""Does `site.*`: logs in to a site and fetches documents there, as its profile says."""

from typing import Any, ClassVar

from scheduler.core.actions import ActionSpec
from scheduler.core.errors import CPAError, InvalidInputError, UnknownActionError
from scheduler.core.site_book import Sites
from scheduler.core.task_executor_interface import Verification, parse_params
from scheduler.core.todo import ToDo
from scheduler.executors.base_executor import AD_HOC, BaseExecutor, ExecutionContext, Performed
from scheduler.executors.playwright_executor import PlaywrightExecutor
from scheduler.executors.site_actions import DOWNLOAD, LOGIN, SITE_ACTIONS, SiteDownloadParams, SiteParams
from scheduler.executors.site_visit import SiteVisit
from scheduler.security.secrets_manager import SecretsManager


class SiteExecutor(BaseExecutor):
    """Uses the pages that `browser` holds for the jobs. A profile is read when a step runs: a mended one counts."""

    actions: ClassVar[tuple[ActionSpec, ...]] = SITE_ACTIONS

    def __init__(self, *, browser: PlaywrightExecutor, sites: Sites, secrets: SecretsManager) -> None:
        self._secrets = secrets
        self._browser = browser
        self._sites = sites

    def require(self, todo: ToDo) -> None:
        """Raise SecretMissingError for what the login of a known site needs and nobody has set, and what the browser
        lacks."""
        if todo.action != LOGIN.name:
            return
        try:
            profile = self._sites.keyed(str(todo.params.get("site"))).profile
        except CPAError:  # the step itself says so, or an earlier one names the site
            return
        for name in profile.secret_names if profile.login is not None else ():
            self._secrets.get_secret(name)
        self._browser.require(todo)

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        visit = self._visit(todo, context)
        if todo.action == LOGIN.name:
            result = await visit.log_in()
        elif todo.action == DOWNLOAD.name:
            result = await visit.download(parse_params(SiteDownloadParams, todo).slots)
        else:
            raise UnknownActionError(todo.action, field="action", known=[spec.name for spec in self.actions])
        return Performed(result=result, evidence=tuple(dict.fromkeys(visit.evidence)))

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:
        """Say whether somebody is logged in, or whether the file that was reported lies there unchanged."""
        if todo.action == DOWNLOAD.name:
            fetched = todo.model_copy(update={"action": "web.download", "params": {}})
            seen = await self._browser.verify(fetched, context)
            result: dict[str, Any] | None = seen.result and {"site": todo.params["site"], **seen.result}
            return seen.model_copy(update={"result": result})
        visit = self._visit(todo, context)
        if visit.profile.login is None or await visit.logged_in():
            return Verification(happened=True, result=await visit.log_in())
        return Verification(happened=False, detail=f"{visit.profile.login.logged_in} is not to be seen")

    async def evidence_of_failure(self, todo: ToDo, context: ExecutionContext) -> tuple[str, ...]:
        return await self._browser.evidence_of_failure(todo, context)

    def _visit(self, todo: ToDo, context: ExecutionContext) -> SiteVisit:
        params = parse_params(SiteParams, todo.model_copy(update={"params": {"site": todo.params.get("site")}}))
        try:
            site = self._sites.keyed(params.site)
        except CPAError as error:
            raise InvalidInputError(f"{todo.id}.params.site", str(error)) from error
        return SiteVisit(site=site, browser=self._browser, context=context)
