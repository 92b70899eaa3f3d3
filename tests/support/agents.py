"""An agent as tests play it: joins over HTTP, and signs what it says."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from scheduler.core.agent import SCHEDULER_URI
from scheduler.core.ids import new_id
from scheduler.security.lam_signatures import SigningKey, sign

FIELDS = {"name": "web-1", "type": "web", "capabilities": ["web.*"]}


@dataclass
class PlayedAgent:
    """Registered and able to sign. `joined` is what it was answered."""

    client: httpx.AsyncClient
    key: SigningKey
    joined: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(self.joined["agent_id"])

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.joined['token']}"}

    def says(self, kind: str, **fields: object) -> dict[str, Any]:
        """Return a message of this agent, unsigned."""
        return {
            "id": new_id(),
            "ts": datetime.now(UTC).isoformat(),
            "type": kind,
            "version": "1.0",
            "sender": self.joined["uri"],
            "to": [SCHEDULER_URI],
            **fields,
        }

    async def post(self, document: dict[str, Any], *, at: timedelta = timedelta(0), **how: Any) -> httpx.Response:  # noqa: ANN401
        return await self.client.post("/lam/message", json=sign(document, self.key, datetime.now(UTC) + at, **how))


async def join(client: httpx.AsyncClient, headers: dict[str, str] | None = None, **changes: object) -> PlayedAgent:
    """Have an agent join."""
    key = SigningKey.generate()
    body = FIELDS | {"key": key.public.model_dump()} | changes
    answer = await client.post("/agents/register", json=body, headers=headers or {})
    assert answer.status_code == 201, answer.text
    return PlayedAgent(client, key, answer.json())
