"""The book of what was said: every alert within the memory, and the keys that dedup and cooldown count by.

Live state is a function of published alerts alone: what was suppressed, expired or shadowed changes nothing.
That is why recovery needs no more than the alert topic to know what may not be said again.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Literal

from engine.rules.facts import Facts
from engine.rules.schema import Rule
from engine.types import Alert, Instant

Kind = Literal["dedup", "cooldown"]
_Key = tuple[str, Kind, tuple[str, ...]]


class Book:
    """Alerts of one status (actual or shadow)."""

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}
        self._alerts: dict[str, Alert] = {}
        self._said: dict[str, dict[str, Alert]] = defaultdict(dict)
        self._claims: dict[_Key, list[tuple[Instant, str]]] = defaultdict(list)

    def adopt(self, rules: dict[str, Rule]) -> None:
        """Count by these rules from now on; what was said is counted anew by their keys."""
        self._rules = rules
        self._claims.clear()
        for alert in self._alerts.values():
            self._claim(alert)

    def record(self, alert: Alert) -> None:
        """Note an alert that goes out, or that recovery found published. Repeats change nothing."""
        if alert.id in self._alerts:
            return
        self._alerts[alert.id] = alert
        last = self._said[alert.item.id].get(alert.rule.id)
        if last is None or alert.sequence > last.sequence:
            self._said[alert.item.id][alert.rule.id] = alert
        self._claim(alert)

    def said(self, item: str) -> dict[str, Alert]:
        """For every rule that spoke about the item: the last thing it said."""
        return self._said.get(item, {})

    def claimed(self, kind: Kind, rule: str, key: tuple[str, ...], item: str, at: Instant, seconds: float) -> bool:
        """Whether an alert about another item holds the key within ``seconds`` of ``at``, on either side.

        Either side, because after a restart items may come in another order than they did before it.
        """
        claims = self._claims.get((rule, kind, key), ())
        return any(abs(at - since) < seconds and about != item for since, about in claims)

    def forget(self, before: Instant) -> None:
        """Drop alerts about items first seen before this moment."""
        for alert_id, alert in list(self._alerts.items()):
            if alert.t.first_seen >= before:
                break
            del self._alerts[alert_id]
            said = self._said[alert.item.id]
            if said.get(alert.rule.id) is alert:
                del said[alert.rule.id]
            if not said:
                del self._said[alert.item.id]
        for key, claims in list(self._claims.items()):
            claims[:] = [claim for claim in claims if claim[0] >= before]
            if not claims:
                del self._claims[key]

    def __len__(self) -> int:
        return len(self._alerts)

    def _claim(self, alert: Alert) -> None:
        rule = self._rules.get(alert.rule.id)
        if rule is None or alert.msg_type != "alert":
            return
        facts = Facts.of_alert(alert)
        claim = (alert.t.first_seen, alert.item.id)
        if rule.dedup:
            self._claims[alert.rule.id, "dedup", facts.key(rule.dedup.by)].append(claim)
        if rule.cooldown:
            self._claims[alert.rule.id, "cooldown", facts.key(rule.cooldown.by)].append(claim)
