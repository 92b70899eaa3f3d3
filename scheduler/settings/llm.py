"""Which language model is asked."""

from pathlib import Path
from typing import Literal, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from scheduler.core.problems import unfit
from scheduler.core.sentences import Sentence
from scheduler.settings.parts import WebAddress, config

_NO_MODEL = Sentence(
    "zum Anbieter gehört der Name eines Modells (CPA_LLM_MODEL)", "a provider needs the name of a model (CPA_LLM_MODEL)"
)


class LLMSettings(BaseSettings):
    """Which language model is asked, and how much that may cost; without a provider none is. Times are in seconds."""

    model_config = config("CPA_LLM_")

    provider: Literal["", "openai", "ollama"] = Field(default="", description="none, or who runs the model")
    model: str = Field(default="", description="the name of the model; must be given with a provider")
    url: WebAddress | None = Field(
        default=None, description="its address; default: OpenAI's, or Ollama on this machine"
    )
    key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("CPA_LLM_KEY", "CPA_OPENAI_API_KEY", "OPENAI_API_KEY"),
        description="for `url` alone; or OPENAI_API_KEY",
    )
    embedding_model: str = ""
    fallback_provider: Literal["", "openai", "ollama"] = Field(default="", description="who is asked when it is away")
    fallback_model: str = ""
    fallback_url: WebAddress | None = None
    fallback_key: SecretStr | None = Field(
        default=None, description="of the fall-back; may be left out where it is at the same address as the first"
    )
    deadline_seconds: float = Field(default=60.0, gt=0, le=3600, description="for one question, all tries included")
    try_seconds: float = Field(
        default=30.0, gt=0, le=3600, description="for one try; of an answer in pieces: until the next piece"
    )
    request_seconds: float = Field(
        default=60.0, gt=0, le=3600, description="for all questions over one request; then it goes on by rules, or asks"
    )
    tries: int = Field(default=4, ge=1, le=20)
    at_once: int = Field(default=8, ge=1, le=1000, description="calls under way at the same time")
    job_tokens: int | None = Field(default=None, ge=0, description="what one job may use in all")
    tenant_tokens_a_day: int | None = Field(default=None, ge=0)
    tokens_a_day: int | None = Field(default=None, ge=0, description="what all tenants may use a day (UTC)")
    job_cost: float | None = Field(default=None, ge=0, description="in the currency of the price list")
    tenant_cost_a_day: float | None = Field(default=None, ge=0)
    cost_a_day: float | None = Field(default=None, ge=0)
    repairs: int = Field(
        default=2, ge=0, le=10, description="how often in all the model may look at a job that failed; 0: never"
    )
    prices_file: Path | None = None
    cache_likeness: float | None = Field(
        default=None, gt=0, le=1, description="give answers again to questions this much alike; 1: to the same; off"
    )

    @model_validator(mode="after")
    def _model_is_named(self) -> Self:
        for provider, model in ((self.provider, self.model), (self.fallback_provider, self.fallback_model)):
            if provider and not model:
                raise unfit(_NO_MODEL)
        return self
