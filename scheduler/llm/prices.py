"""The list of what models cost."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scheduler.core.problems import first_flaw
from scheduler.core.spending import Price
from scheduler.core.strict_yaml import read_strictly

DEFAULT_PRICES: Final = Path(__file__).parents[1] / "config" / "llm_prices.yaml"


class ListedPrice(BaseModel):
    """Per million tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: float = Field(ge=0)
    output: float = Field(ge=0)


class PriceList(BaseModel):
    """Prices by model, in one currency, as of a day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    as_of: date
    currency: str
    models: Mapping[str, ListedPrice]

    @property
    def prices(self) -> dict[str, Price]:
        """Return the prices as the ledger reckons with them."""
        return {model: Price(listed.input, listed.output) for model, listed in self.models.items()}


def load_prices(path: Path = DEFAULT_PRICES) -> PriceList:
    """Read the list. Raises ValueError, which names the file and the place in it."""
    try:
        return PriceList.model_validate(read_strictly(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        place, problem = first_flaw(error)
        raise ValueError(f"{path}: {place}: {problem.en}") from error
    except (OSError, yaml.YAMLError) as error:
        raise ValueError(f"{path}: {error}") from error
