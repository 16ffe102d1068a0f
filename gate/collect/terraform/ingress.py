"""Which ports are open to the internet: the rules of security groups and firewalls that let something in.

Attributes as in the providers' documentation (https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/security_group,
…/google/latest/docs/resources/compute_firewall, …/azurerm/latest/docs/resources/network_security_rule).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network

from gate.collect.terraform.evaluate import Unknown, Value
from gate.collect.terraform.items import Resource
from gate.collect.terraform.tree import is_unknown, objects_of, text_of, whole_of
from gate.model.json import Json

EVERYONE = frozenset({"0.0.0.0/0", "::/0", "*", "internet", "any", "0.0.0.0"})  # noqa: S104 - names of "everyone"
_NARROWEST = 8
"""The shortest prefix that any one owner has in IPv4; IPv6 is given out from /12 on, and used from /16."""
_ALL = "0-65535"
_ANY_PROTOCOL = frozenset({"-1", "all", "*"})
_MAX_RULES = 2_000

Body = Mapping[str, Value]


def ingress_rules(found: Sequence[Resource]) -> list[Json]:
    """Return each rule that lets something in, once for each range of ports.

    `public` is whether everyone may come in, `port` the port or range ("443", "8000-8999", "0-65535" for all); either
    is left out where it is not known.
    """
    rules: list[Json] = []
    for resource in found:
        reader = _READERS.get(resource.type)
        if reader is not None and len(rules) < _MAX_RULES:
            rules += [resource.item(public=public, port=port) for public, port in reader(resource.body)]
    return rules


Rule = tuple[bool | None, str | None]


def _security_group(body: Body) -> Iterator[Rule]:
    for rule in objects_of(body.get("ingress")):
        yield _aws_rule(rule)


def _group_rule(body: Body) -> Iterator[Rule]:
    if body.get("type") == "ingress":
        yield _aws_rule(body)


def _aws_rule(rule: Body) -> Rule:
    sources = [rule.get(name) for name in ("cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6")]
    protocol = rule.get("protocol", rule.get("ip_protocol"))
    return _public(sources), _range(rule.get("from_port"), rule.get("to_port"), protocol)


def _vpc_rule(body: Body) -> Iterator[Rule]:
    yield _aws_rule(body)


def _google(body: Body) -> Iterator[Rule]:
    if body.get("direction") == "EGRESS" or objects_of(body.get("deny")):
        return
    limited = any(body.get(name) is not None for name in ("source_tags", "source_service_accounts"))
    sources = body.get("source_ranges")
    # Nothing named at all means everyone.
    public = not limited if sources is None else _public([sources])
    for allowed in objects_of(body.get("allow")):
        ports = allowed.get("ports")
        if ports is None:
            yield public, _ALL
        elif isinstance(ports, list):
            for port in ports:
                yield public, _port(port)
        else:
            yield public, None


def _azure(body: Body) -> Iterator[Rule]:
    if str(body.get("direction")).lower() != "inbound" or str(body.get("access")).lower() == "deny":
        return
    public = _public([body.get("source_address_prefix"), body.get("source_address_prefixes")])
    single, several = body.get("destination_port_range"), body.get("destination_port_ranges")
    for port in several if isinstance(several, list) else [several if single is None else single]:
        yield public, _ALL if port == "*" else _port(port)


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
    known = [item for source in sources for item in (source if isinstance(source, list) else [source])]
    if any(isinstance(item, str) and _is_everyone(item) for item in known):
        return True
    return None if any(is_unknown(item) for item in known) else False


def _is_everyone(source: str) -> bool:
    """Whether a source is everyone, or so much of the internet that a few of its kind are: half of it, a quarter."""
    if source.lower() in EVERYONE:
        return True
    try:
        network = ip_network(source, strict=False)
    except ValueError:
        return False
    return network.prefixlen < _NARROWEST and not network.is_private


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
