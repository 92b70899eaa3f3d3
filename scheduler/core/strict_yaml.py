"""Reads YAML that people write by hand, and nothing in it that surprises or fills the memory."""

import re
from collections.abc import Hashable
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver


class _StrictLoader(Composer, CParser, SafeConstructor, Resolver):
    """Plain YAML: no anchors or aliases (a few lines of which can fill the memory), no key twice, no dates.

    libyaml reads the text, which is most of the work; what it finds is put together here, where it can be refused.
    """

    yaml_implicit_resolvers: dict[str, list[Any]] = {  # noqa: RUF012 - the name and the type are PyYAML's
        letter: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":bool", ":merge"))]
        for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, stream: str) -> None:
        CParser.__init__(self, stream)
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()
        if event is not None and getattr(event, "anchor", None) is not None:
            problem = "anchors and aliases are not allowed"
            mark: Any = event.start_mark  # libyaml's own, of the same shape
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        if len(set(keys)) < len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise yaml.MarkedYAMLError(problem=f"key {twice!r} is there twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep=deep)


_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), ["t", "f"])


def read_strictly(text: str) -> Any:  # noqa: ANN401 - as in yaml and json
    """Return what the text says. Raises yaml.YAMLError, which names line and column."""
    loader = _StrictLoader(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()
