"""An agent in a process of its own, for the bench: checks who asks, and answers at once that it is done.

Prints its address and its public key as one line of JSON.
"""

import json
import socket
import sys
from datetime import UTC, datetime

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.servers import LOOPBACK
from scheduler.core.agent_wire import PublicKey
from scheduler.core.lam_protocol import MessageFactory, reply_to
from scheduler.security.lam_signatures import SigningKey, check_signature, seal_of, sign


def main() -> None:
    theirs, ours = PublicKey(x=sys.argv[1]), SigningKey.generate()

    async def take(request: Request) -> Response:
        asked = json.loads(await request.body())
        check_signature(asked, seal_of(asked), theirs)
        answer = reply_to(MessageFactory.from_dict(asked), "done", payload={"result": {"text": "42"}})
        body = json.dumps(sign(answer.to_dict(), ours, datetime.now(UTC)))
        return Response(body, status_code=202, media_type="application/json")

    listener = socket.create_server((LOOPBACK, 0))
    print(json.dumps({"port": listener.getsockname()[1], "x": ours.public.x}), flush=True)
    app = Starlette(routes=[Route("/tasks", take, methods=["POST"])])
    uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off")).run(sockets=[listener])


if __name__ == "__main__":
    main()
