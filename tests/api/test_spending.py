"""What models have cost is told over HTTP, to each tenant its own."""

import pytest

from scheduler.llm.mock_provider import MockProvider
from scheduler.settings import LLMSettings
from tests.support.services import KEY_A, KEY_B, TWO_TENANTS, OpenApi, bearer

pytestmark = pytest.mark.component


async def test_each_tenant_sees_what_it_has_spent_and_what_is_left(open_api: OpenApi) -> None:
    llm = LLMSettings(provider="ollama", model="llama3.1", tenant_tokens_a_day=1_000)
    async with open_api(provider=MockProvider(), llm=llm, keys=TWO_TENANTS) as api:
        today = (await api.client.get("/spending", headers=bearer(KEY_A))).json()["day"]
        await api.run_sql(f"INSERT INTO spending VALUES ('tenant acme {today}', 400, 0)")  # noqa: S608 - ours
        acme, globex = [(await api.client.get("/spending", headers=bearer(key))).json() for key in (KEY_A, KEY_B)]

    assert (acme["tenant"]["tokens"], acme["tenant"]["tokens_left"]) == (400, 600)
    assert (globex["tenant"]["tokens"], globex["tenant"]["tokens_left"]) == (0, 1_000)
    assert (acme["everybody"], acme["unpriced"], acme["currency"]) == (None, ["llama3.1"], "USD")
    assert acme["prices_as_of"] == "2025-08-01"
