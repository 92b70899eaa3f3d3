"""An agent changes its key: from then on it signs with the new one, and the old one is worth nothing."""

from pathlib import Path

import pytest

from scheduler.core.intent_router import IntentRouter
from scheduler.security.lam_signatures import SigningKey
from tests.agents.runtime.test_agent_files import an_agent, there_are
from tests.support.agent_processes import neighbourhood
from tests.support.services import clean_environment, router, running_api, some_settings

pytestmark = pytest.mark.integration

__all__ = ["clean_environment", "router"]


@pytest.mark.usefixtures("clean_environment")
async def test_an_agent_goes_on_with_a_new_key_also_when_it_died_while_changing_it(
    tmp_path: Path, store_path: Path, router: IntentRouter
) -> None:
    file, next_file = tmp_path / "agent" / "key.json", tmp_path / "agent" / "next-key.json"
    step = {"id": "write", "action": "data.write_table", "params": {"name": "a.csv", "rows": [{"a": "1"}]}}
    settings = some_settings(tmp_path / "data", store_path, hosts=("testserver", "127.0.0.1"))
    kids, ended = [], []
    async with running_api(settings, router, worker=True) as api, neighbourhood(api, tmp_path) as near:
        token = await near.enrolment()
        for new_key, died_before in ((False, False), (True, False), (False, True)):
            if died_before:
                SigningKey.load(next_file)
            async with an_agent(tmp_path, near.url, token, "data.write_table", new_key=new_key):
                await there_are(api, 1)
                accepted = await api.client.post("/jobs", json={"task_graph": {"tasks": [step]}})
                ended.append((await api.ended(accepted.json()["job_id"]))["status"])
            kids.append(SigningKey.load(file).kid)
        (agent,) = (await api.client.get("/agents")).json()["agents"]
        shown = (await api.client.get(f"/agents/{agent['agent_id']}")).json()

    assert ended == ["done"] * 3
    assert len(set(kids)) == 3
    assert (shown["keys"], next_file.exists()) == ([kids[-1]], False)
