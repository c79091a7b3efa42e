"""When a change is worth a warning or an alert: the [monitoring] table, and what is said of each change."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from monitoring.drift import Change, adjusted
from shortlist.config import ConfigModel

Status = Literal["ok", "warn", "alert", "unknown"]
SEVERITY: Final[tuple[Status, ...]] = ("unknown", "ok", "warn", "alert")


class Rule(ConfigModel):
    """From which size of the effect on there is a warning, or an alert; whether an alert starts a retraining."""

    warn: float = Field(gt=0)
    alert: float = Field(gt=0)
    retrain: bool = False


def _rule(warn: float, alert: float) -> Rule:
    return Rule(warn=warn, alert=alert)


class MonitoringConfig(ConfigModel):
    """The [monitoring] table: a rule for each thing that is compared, and how sure its change must be.

    Attributes
    ----------
    false_discovery_rate : float
        Of all changes that are called so in a run, the share that chance may make.
    """

    false_discovery_rate: float = Field(default=0.01, gt=0, le=0.2)
    silence: Rule = _rule(1.0, 2.0)
    volume: Rule = _rule(1.4, 2.0)
    volume_of_week: Rule = _rule(1.15, 1.5)
    events_per_user: Rule = _rule(1.3, 2.0)
    events_per_user_of_week: Rule = _rule(1.08, 1.3)
    top_user: Rule = _rule(4.0, 10.0)
    event_mix: Rule = _rule(0.1, 0.25)
    missing_values: Rule = _rule(0.05, 0.25)
    unknown_items: Rule = _rule(0.02, 0.1)
    flagged: Rule = _rule(0.001, 0.05)
    top_item: Rule = _rule(0.05, 0.2)
    hours: Rule = _rule(0.12, 0.25)
    categories: Rule = _rule(0.1, 0.25)
    new_categories: Rule = _rule(0.002, 0.05)
    prices: Rule = _rule(0.15, 0.3)
    price_level: Rule = _rule(1.25, 2.0)
    catalogue_size: Rule = _rule(1.2, 2.0)
    catalogue_values: Rule = _rule(0.05, 0.25)
    features: Rule = _rule(0.35, 0.5)
    growing_features: Rule = _rule(0.7, 0.95)
    scores: Rule = _rule(0.2, 0.4)
    coverage: Rule = _rule(1.4, 2.0)
    gini: Rule = _rule(0.1, 0.2)
    diversity: Rule = _rule(0.1, 0.2)
    novelty: Rule = _rule(1.0, 2.0)
    repeats: Rule = _rule(0.15, 0.3)
    top_item_of_lists: Rule = _rule(0.1, 0.3)
    hit_rate: Rule = _rule(1.25, 1.6)


class Measured(NamedTuple):
    """One comparison: the rule it is for, what was compared, and how to write its values."""

    rule: str
    subject: str
    change: Change
    form: str = ",.4g"


class Finding(BaseModel):
    """One comparison, judged.

    Attributes
    ----------
    effect : float or None
        In the rule's unit: a factor, a difference of shares or bits, a population stability index, or the distance of
        two distribution functions.
    p_value, adjusted_p : float or None
        None where the size alone counts; adjusted for all comparisons of the run.
    sentence : str
        What was seen, in words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    subject: str
    status: Status
    value: float | None
    expected: float | None
    effect: float | None
    p_value: float | None
    adjusted_p: float | None
    sentence: str


def judge(measured: Iterable[Measured], config: MonitoringConfig) -> list[Finding]:
    """Say of each comparison whether it is fine, the worst first."""
    found = list(measured)
    p_values = adjusted(np.array([one.change.p_value for one in found], dtype=np.float64))
    judged = [_judged(one, float(p_value), config) for one, p_value in zip(found, p_values, strict=True)]
    return sorted(judged, key=lambda one: -SEVERITY.index(one.status))


def worst(findings: Sequence[Finding]) -> Status:
    """The status of a day."""
    return max((one.status for one in findings), key=SEVERITY.index, default="unknown")


def retraining_asked(findings: Sequence[Finding], config: MonitoringConfig) -> list[str]:
    """The rules whose alert starts a retraining."""
    rules = {one.rule for one in findings if one.status == "alert"}
    return sorted(rule for rule in rules if getattr(config, rule).retrain)


def _judged(one: Measured, adjusted_p: float, config: MonitoringConfig) -> Finding:
    status = _status(one.change, adjusted_p, getattr(config, one.rule), config.false_discovery_rate)
    numbers = {name: None if np.isnan(value) else float(value) for name, value in one.change._asdict().items()}
    shown = None if np.isnan(adjusted_p) else adjusted_p
    return Finding(
        rule=one.rule, subject=one.subject, status=status, adjusted_p=shown, sentence=_sentence(one, status), **numbers
    )


def _status(change: Change, adjusted_p: float, rule: Rule, rate: float) -> Status:
    if np.isnan(change.effect):
        return "unknown"
    is_chance = not np.isnan(adjusted_p) and adjusted_p >= rate
    if is_chance or change.effect < rule.warn:
        return "ok"
    return "alert" if change.effect >= rule.alert else "warn"


def _sentence(one: Measured, status: Status) -> str:
    if status == "unknown":
        return f"{one.subject}: there is too little to compare."
    value, expected = (format(number, one.form) for number in (one.change.value, one.change.expected))
    return f"{one.subject}: {value}; {expected} was to be expected."
