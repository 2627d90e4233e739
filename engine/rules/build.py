"""Alerts from decisions: deterministic ids, so that saying something twice is never saying two things."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from msgspec import structs

from engine.rules.facts import Facts
from engine.rules.schema import Rule
from engine.types import Alert, Instant, ItemRef, ModelRef, MsgType, RuleRef, ScoredItem, Times

_REASON_WITHDRAWN = "the item was withdrawn"
_REASON_CORRECTED = "the rule does not hold for the corrected version"


class Builder:
    """Makes the alerts of one pipeline."""

    def __init__(self, pipeline: str, model: ModelRef) -> None:
        self._pipeline, self._model = pipeline, model
        self.rules_sha = ""

    def alert(self, rule: Rule, record: ScoredItem, now: Instant, reasons: Sequence[str], last: Alert | None) -> Alert:
        """The alert of a rule on a record; an update that refers to ``last`` where the rule spoke before."""
        msg_type: MsgType = "alert" if last is None else "update"
        sequence = 0 if last is None else last.sequence + 1
        alert_id = self._id(rule.id, record, record.entity.id, msg_type, sequence)
        dedup_key = _dedup_key(rule, record) if rule.dedup else alert_id
        return Alert(
            id=alert_id,
            dedup_key=dedup_key if last is None else f"{last.dedup_key.partition('#')[0]}#{sequence}",
            sequence=sequence,
            expires=now + rule.expires,
            msg_type=msg_type,
            references=() if last is None else (*last.references, last.id),
            status="shadow" if rule.mode == "shadow" else "actual",
            severity=rule.emit.severity,
            desk=rule.emit.desk,
            rule=RuleRef(rule.id, self.rules_sha),
            model=self._model,
            entity=record.entity,
            also=record.also,
            scores=record.scores,
            headline=record.item.headline,
            item=_item(record),
            t=Times(record.item.published, record.first_seen, record.scored, now),
            reasons=tuple(reasons),
        )

    def cancel(self, last: Alert, record: ScoredItem, now: Instant) -> Alert:
        """Takes back ``last``: its item was withdrawn, or corrected into something the rule does not hold for."""
        sequence = last.sequence + 1
        return structs.replace(
            last,
            id=self._id(last.rule.id, record, last.entity.id, "cancel", sequence),
            dedup_key=f"{last.dedup_key.partition('#')[0]}#{sequence}",
            sequence=sequence,
            expires=now + (last.expires - last.t.emitted),
            msg_type="cancel",
            references=(*last.references, last.id),
            model=self._model,
            scores=record.scores,
            headline=record.item.headline or last.headline,
            item=_item(record),
            t=Times(record.item.published, record.first_seen, record.scored, now),
            reasons=(_REASON_WITHDRAWN if record.item.status == "withdrawn" else _REASON_CORRECTED,),
        )

    def _id(self, rule: str, record: ScoredItem, entity: str, msg_type: MsgType, sequence: int) -> str:
        parts = (self._pipeline, rule, record.item.id, record.item.revision, entity, msg_type, str(sequence))
        return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def _dedup_key(rule: Rule, record: ScoredItem) -> str:
    by = rule.dedup.by if rule.dedup else ()
    parts = (rule.id, *Facts.of_record(record).key(by))
    return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def _item(record: ScoredItem) -> ItemRef:
    item = record.item
    return ItemRef(item.id, item.revision, item.source, item.version, item.url)
