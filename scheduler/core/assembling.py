"""Makes models of values that are known to be valid: those that come from another model, or were validated when stored.

`model_construct` asks every field for its default and is dearer than validating; this is three times cheaper.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

Model = TypeVar("Model", bound=BaseModel)


class _Names(dict[type[BaseModel], set[str]]):
    def __missing__(self, kind: type[BaseModel]) -> set[str]:
        self[kind] = names = set(kind.model_fields)
        return names


_names = _Names()
_give = object.__setattr__  # classes may be frozen


def values_of(model: BaseModel) -> Mapping[str, Any]:
    """Return the fields of a model, for one who reads many: to ask the model for each costs ten times as much."""
    return model.__dict__


def assembled(kind: type[Model], values: dict[str, Any]) -> Model:
    """Return a model that holds `values`: each field, in the order of the class, and of its type. They are kept.

    All models of a class share the set of names that says which fields were given; a copy gets its own.
    """
    model = kind.__new__(kind)
    _give(model, "__dict__", values)
    _give(model, "__pydantic_fields_set__", _names[kind])
    _give(model, "__pydantic_extra__", None)
    _give(model, "__pydantic_private__", None)
    return model
