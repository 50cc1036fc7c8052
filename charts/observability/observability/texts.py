"""Rules as YAML: one form, so that a file regenerated is the same file."""

from collections.abc import Mapping, Sequence

import yaml

HEAD = "# Written by `make dashboards` from charts/observability; a change here is lost.\n"


class _Dumper(yaml.SafeDumper):
    """Text of several lines as a block."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value or " # " in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def rules(groups: Sequence[Mapping[str, object]]) -> str:
    """A file of Prometheus rules."""
    return HEAD + yaml.dump(
        {"groups": groups}, Dumper=_Dumper, sort_keys=False, width=1000, allow_unicode=True
    )
