"""What is in the queue, over HTTP: a tenant sees its own, an operator everybody's."""

import pytest

from tests.support.services import KEY_A, TWO_TENANTS, Api, OpenApi, bearer

pytestmark = pytest.mark.component

OPERATOR = "the-key-of-the-operator"
NONE = {"ready": 0, "delayed": 0, "leased": 0, "parked": 0, "dead": 0}


async def test_the_queue_is_counted(api: Api) -> None:
    job = await api.submit()
    await api.submit()
    await api.client.post("/schedule", json={"text": "Schick eine Mail an Anna"})
    later = {"intent": "fetch_and_send", "description": job["description"], "delay_seconds": 60}
    await api.client.post("/jobs", json=later)

    answer = await api.client.get("/queue")

    counts = NONE | {"ready": 2, "parked": 1, "delayed": 1}
    assert answer.json() == counts | {"at_least": [], "tenants": {"default": counts}}


async def test_a_tenant_sees_its_own_and_an_operator_all(open_api: OpenApi) -> None:
    async with open_api(keys=TWO_TENANTS, operator_key=OPERATOR) as api:
        for key in TWO_TENANTS.values():
            await api.submit(headers=bearer(key))
        await api.submit(headers=bearer(KEY_A))
        acme, globex = NONE | {"ready": 2}, NONE | {"ready": 1}

        own = await api.client.get("/queue", headers=bearer(KEY_A))
        own_by_name = await api.client.get("/queue?tenant=acme", headers=bearer(KEY_A))
        everybody = await api.client.get("/queue", headers=bearer(OPERATOR))
        one = await api.client.get("/queue?tenant=globex", headers=bearer(OPERATOR))

        assert own.json() == own_by_name.json() == acme | {"at_least": [], "tenants": {"acme": acme}}
        assert everybody.json()["tenants"] == {"acme": acme, "globex": globex}
        assert everybody.json()["ready"] == 3
        assert one.json() == globex | {"at_least": [], "tenants": {"globex": globex}}


async def test_jobs_are_listed_by_tenant_for_those_who_may_see_several(open_api: OpenApi) -> None:
    async with open_api(keys=TWO_TENANTS, operator_key=OPERATOR) as api:
        jobs = {tenant: (await api.submit(headers=bearer(key)))["job_id"] for tenant, key in TWO_TENANTS.items()}

        listed = {
            tenant: (await api.client.get(f"/jobs?tenant={tenant}&status=pending", headers=bearer(OPERATOR))).json()
            for tenant in (*TWO_TENANTS, "nobody")
        }
        own = await api.client.get("/jobs?tenant=acme", headers=bearer(KEY_A))
        nobodys = await api.client.get("/jobs", headers=bearer(OPERATOR) | {"Accept-Language": "en"})

        found = {tenant: [job["job_id"] for job in page["jobs"]] for tenant, page in listed.items()}
        assert found == {tenant: [job_id] for tenant, job_id in jobs.items()} | {"nobody": []}
        assert [job["job_id"] for job in own.json()["jobs"]] == [jobs["acme"]]
        assert (nobodys.status_code, nobodys.json()["field"]) == (422, "tenant")


@pytest.mark.parametrize("path", ["/queue", "/jobs"])
async def test_another_tenant_is_not_shown(open_api: OpenApi, path: str) -> None:
    async with open_api(keys=TWO_TENANTS) as api:
        theirs = await api.client.get(f"{path}?tenant=globex", headers=bearer(KEY_A))
        nobody = await api.client.get(f"{path}?tenant=acme", headers=bearer(OPERATOR))

        problem = theirs.json()
        assert (theirs.status_code, problem["code"], problem["field"]) == (403, "tenant_forbidden", "tenant")
        assert nobody.status_code == 401


async def test_the_operators_key_opens_nothing_else(open_api: OpenApi) -> None:
    async with open_api(keys=TWO_TENANTS, operator_key=OPERATOR) as api:
        job = (await api.submit(headers=bearer(KEY_A)))["job_id"]

        answers = [
            await api.client.get(f"/jobs/{job}", headers=bearer(OPERATOR)),
            await api.client.delete(f"/jobs/{job}", headers=bearer(OPERATOR)),
            await api.client.post("/jobs", json={"intent": "x"}, headers=bearer(OPERATOR)),
        ]

        assert [answer.status_code for answer in answers] == [401] * 3
