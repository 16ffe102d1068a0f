"""Which ports are open to the internet: the rules of security groups and firewalls that let something in.

Attributes as in the providers' documentation (https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/security_group,
…/google/latest/docs/resources/compute_firewall, …/azurerm/latest/docs/resources/network_security_rule).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from gate.collect.address_ranges import is_much_of_the_internet
from gate.collect.terraform.evaluate import Unknown, Value
from gate.collect.terraform.items import Resource
from gate.collect.terraform.tree import is_unknown, objects_of, text_of, whole_of
from gate.model.evidence import Gap
from gate.model.json import Json

EVERYONE = frozenset({"0.0.0.0/0", "::/0", "*", "internet", "any", "0.0.0.0"})  # noqa: S104 - names of "everyone"
_ALL = "0-65535"
_ANY_PROTOCOL = frozenset({"-1", "all", "*"})
_MAX_RULES = 2_000

Body = Mapping[str, Value]


class Rule(NamedTuple):
    """What one rule lets in. `public` is as in `ingress_rules`; `sources` are the texts that its sources are."""

    public: bool | None
    port: str | None
    sources: tuple[str, ...] = ()


def ingress_rules(found: Sequence[Resource]) -> tuple[list[Json], list[Gap]]:
    """Return each rule that lets something in, once for each range of ports, and what was left out.

    `public` is whether everyone may come in, `port` the port or range ("443", "8000-8999", "0-65535" for all); either
    is left out where it is not known. Rules of one folder for one port count together: those that let in the internet
    piece by piece are public, each of them.
    """
    rules: list[tuple[Resource, Rule]] = []
    for resource in found:
        reader = _READERS.get(resource.type)
        rules += [(resource, rule) for rule in (reader(resource.body) if reader is not None else ())]
    gaps = []
    if len(rules) > _MAX_RULES:
        reason = (
            f"are {len(rules):,}, of which {_MAX_RULES:,} are told; keep large sets of rules in modules of their own"
        )
        gaps.append(Gap("ingress rules", reason, facts=("ingress_rules",)))
    apart: defaultdict[tuple[str, str | None], list[str]] = defaultdict(list)
    for resource, rule in rules:
        apart[_place(resource, rule)] += rule.sources
    together = {place: is_much_of_the_internet(list(dict.fromkeys(sources))) for place, sources in apart.items()}
    items: list[Json] = []
    for resource, rule in rules[:_MAX_RULES]:
        public = _more_open(rule.public, together[_place(resource, rule)]) if rule.sources else rule.public
        items.append(resource.item(public=public, port=rule.port))
    return items, gaps


def _place(resource: Resource, rule: Rule) -> tuple[str, str | None]:
    return resource.path.rpartition("/")[0], rule.port


def _more_open(first: bool | None, second: bool | None) -> bool | None:
    """Return True where either is, False where both are not, None where that is not known."""
    if first or second:
        return True
    return None if first is None or second is None else False


def _security_group(body: Body) -> Iterator[Rule]:
    for rule in objects_of(body.get("ingress")):
        yield _aws_rule(rule)


def _group_rule(body: Body) -> Iterator[Rule]:
    if body.get("type") == "ingress":
        yield _aws_rule(body)


def _aws_rule(rule: Body) -> Rule:
    sources = [rule.get(name) for name in ("cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6")]
    protocol = rule.get("protocol", rule.get("ip_protocol"))
    return Rule(_public(sources), _range(rule.get("from_port"), rule.get("to_port"), protocol), _texts(sources))


def _vpc_rule(body: Body) -> Iterator[Rule]:
    yield _aws_rule(body)


def _google(body: Body) -> Iterator[Rule]:
    if body.get("direction") == "EGRESS" or objects_of(body.get("deny")):
        return
    limited = any(body.get(name) is not None for name in ("source_tags", "source_service_accounts"))
    sources = body.get("source_ranges")
    # Nothing named at all means everyone.
    public = not limited if sources is None else _public([sources])
    named = _texts([sources])
    for allowed in objects_of(body.get("allow")):
        ports = allowed.get("ports")
        if ports is None:
            yield Rule(public, _ALL, named)
        elif isinstance(ports, list):
            for port in ports:
                yield Rule(public, _port(port), named)
        else:
            yield Rule(public, None, named)


def _azure(body: Body) -> Iterator[Rule]:
    if str(body.get("direction")).lower() != "inbound" or str(body.get("access")).lower() == "deny":
        return
    sources = [body.get("source_address_prefix"), body.get("source_address_prefixes")]
    single, several = body.get("destination_port_range"), body.get("destination_port_ranges")
    for port in several if isinstance(several, list) else [several if single is None else single]:
        yield Rule(_public(sources), _ALL if port == "*" else _port(port), _texts(sources))


def _azure_group(body: Body) -> Iterator[Rule]:
    for rule in objects_of(body.get("security_rule")):
        yield from _azure(rule)


_READERS = {
    "aws_security_group": _security_group,
    "aws_default_security_group": _security_group,
    "aws_security_group_rule": _group_rule,
    "aws_vpc_security_group_ingress_rule": _vpc_rule,
    "google_compute_firewall": _google,
    "azurerm_network_security_rule": _azure,
    "azurerm_network_security_group": _azure_group,
}


def _public(sources: Sequence[Value]) -> bool | None:
    """Whether any source is everyone; None where one is not known and none of the others is everyone."""
    named = _texts(sources)
    public = True if any(name.lower() in EVERYONE for name in named) else is_much_of_the_internet(named)
    known = [item for source in sources for item in (source if isinstance(source, list) else [source])]
    return None if public is False and any(is_unknown(item) for item in known) else public


def _texts(sources: Sequence[Value]) -> tuple[str, ...]:
    known = [item for source in sources for item in (source if isinstance(source, list) else [source])]
    return tuple(item for item in known if isinstance(item, str))


def _range(low: Value, high: Value, protocol: Value) -> str | None:
    if isinstance(protocol, str | int) and str(protocol).lower() in _ANY_PROTOCOL:
        return _ALL
    if isinstance(low, Unknown) or isinstance(high, Unknown):
        return None
    first, last = whole_of(low), whole_of(high)
    if first is None and last is None:
        return _ALL if low is None and high is None else None
    first, last = first if first is not None else last, last if last is not None else first
    if (first, last) == (0, 0):
        # What AWS shows for "all" of a protocol without ports.
        return _ALL
    return str(first) if first == last else f"{first}-{last}"


def _port(value: Value) -> str | None:
    number = whole_of(value)
    return str(number) if number is not None else text_of(value)
