"""`python -m scheduler.api.schema > docs/openapi.json` renews the description of the API that is in the repository."""

import json
import sys

from scheduler.api.app import build_app, describe
from scheduler.settings import ApiSettings


def openapi_json() -> str:
    """Return the OpenAPI document as it is committed."""
    document = describe(build_app(ApiSettings.model_construct()))
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(openapi_json())
