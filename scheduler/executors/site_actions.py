"""What can be asked of a site that has a profile."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from scheduler.core.actions import ActionSpec, Risk, SessionUse

_Words = Annotated[str, StringConstraints(max_length=1000)]


class SiteParams(BaseModel):
    """`site` is the key of a profile: the name of its file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    site: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class SiteDownloadParams(SiteParams):
    """`slots` fill the places of the profile: `document_id` and whatever else it asks for."""

    slots: dict[str, _Words] = Field(default_factory=dict)


LOGIN = ActionSpec(
    name="site.login",
    result=frozenset({"site", "url"}),
    session=SessionUse.CHANGES,
    description="Log in to a site by its profile",
    params=SiteParams,
    risk=Risk.MEDIUM,
    repeatable=True,
)
DOWNLOAD = ActionSpec(
    name="site.download",
    result=frozenset({"site", "artifact", "name", "bytes", "sha256", "media_type"}),
    session=SessionUse.NEEDS,
    description="Find a document on a site by its profile and fetch it; logs in again when the session has ended",
    params=SiteDownloadParams,
    repeatable=True,
)
SITE_ACTIONS = (LOGIN, DOWNLOAD)
