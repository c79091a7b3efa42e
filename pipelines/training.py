"""From stored events to a bundle that is not serving yet."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Final

import numpy as np
import pandas as pd

from candidate_gen.training import fit_generator
from data.arrays.history_table import HistoryTable
from data.arrays.past import Past
from data.arrays.writer import build_table
from data.attributes import ItemAttributes
from data.catalog import read_items
from data.catalog_arrays import build_attributes
from data.forgetting import finish_forgetting
from data.integrity import flagged_accounts, without_flagged
from data.interactions import Interactions, to_seconds
from data.log.fingerprint import events_fingerprint
from data.store import read_events
from monitoring.profiles import ListSample, Profile
from pipelines.lineage import catalog_fingerprint, git_commit, libraries, processor
from pipelines.list_samples import no_lists, sample_of_training
from pipelines.needs import of_training, require
from pipelines.settings import Config
from pipelines.strays import without_strays
from ranking.bundling import feature_schema, save_recommender
from ranking.compiling import keep_compiled
from ranking.recommender import Recommender
from ranking.snapshots import plan_labels
from ranking.stage_one import choose_stage_one
from ranking.training import fit_ranker
from ranking.training_set import fit_context
from ranking.two_stage import TwoStage
from shortlist.atomic import staged_folder
from shortlist.bundle import BundleWriter, write_manifest
from shortlist.choices import Choices
from shortlist.columns import EVENT_TYPE, ITEM_ID, TIMESTAMP, USER_ID
from shortlist.config import dump_model
from shortlist.hashing import content_sha256
from shortlist.home import Home
from shortlist.manifest import FORMAT_VERSION, DataWindow, Manifest, Verdict, version_name
from shortlist.progress import Reporter
from shortlist.registry import Registry

GATE_NOT_RUN: Final = Verdict(reasons=("`shortlist train` judges nothing; `shortlist retrain` does.",))


@dataclass(frozen=True, slots=True)
class ShopData:
    """A shop's events and catalogue as arrays; `target` is the event type that lists are made to bring about.

    Attributes
    ----------
    table : HistoryTable
        All users' histories: what lists are made from.
    interactions : Interactions
        What models are fitted on.
    """

    table: HistoryTable
    interactions: Interactions
    attributes: ItemAttributes
    target: str

    def as_known(self, past: Interactions) -> "ShopData":
        """The same shop at a moment of the past, over the same users and items.

        Nothing is discontinued then: the catalogue says what is today.
        """
        nothing = np.zeros_like(self.attributes.discontinued)
        table = HistoryTable.of(past)
        return replace(self, table=table, interactions=past, attributes=replace(self.attributes, discontinued=nothing))


@dataclass(frozen=True, slots=True)
class Trained:
    """A recommender, what was measured and chosen in making it, and a sample of lists where one was asked for."""

    recommender: Recommender
    choices: Choices
    metrics: dict[str, float]
    sample: ListSample | None = None


def build_shop(events: pd.DataFrame, catalog: pd.DataFrame, config: Config) -> ShopData:
    """Turn canonical tables into arrays, without the events that no person makes.

    Raises
    ------
    DataError
        When no event has a type of positive weight.
    """
    events = without_flagged(events, config.integrity)
    target, weights = config.event_weights.relative_to_target(events[EVENT_TYPE].unique())
    table = build_table(events, weights, target, catalog_ids=catalog[ITEM_ID])
    return ShopData(table, table.interactions(), build_attributes(catalog, table.items), target)


def say_flagged(events: pd.DataFrame, config: Config, reporter: Reporter) -> None:
    """Say how many events are left out because no person makes them."""
    accounts = flagged_accounts(events, config.integrity)
    if len(accounts):
        n_users, n_events = accounts[USER_ID].nunique(), int(accounts["events"].sum())
        reporter.step(
            f"{n_events:,} views and clicks of {n_users:,} accounts are more than persons make and are left out "
            "([integrity]); `shortlist flagged` names them"
        )


def fit_recommender(
    shop: ShopData,
    as_of: int,
    config: Config,
    reporter: Reporter,
    version: str = "unpublished",
    *,
    is_sampled: bool = False,
) -> Trained:
    """Fit both stages on a shop's interactions, all of which must lie before `as_of` (seconds).

    With `is_sampled`, lists of users of the newest snapshot are made for the bundle's profile.
    """
    plan = plan_labels(shop.interactions, as_of, config.ranking)
    reporter.step(f"labels: {plan.said()}")
    snapshots = plan.snapshots(shop.interactions, as_of, config.ranking, config.seed)
    newest = next(snapshots, None)
    stage_one = choose_stage_one(newest, shop.attributes, config.candidate_gen, config.seed, reporter)
    past = Past.before(shop.interactions, as_of)
    reporter.step("retrieval: every source fitted on all that is known")
    generator, found = fit_generator(past, shop.attributes, stage_one.config, config.seed, stage_one.fusion)
    context = fit_context(past, shop.attributes, stage_one.config)
    reporter.step("ranking: snapshots, features, trees")
    labelled = chain(() if newest is None else (newest,), snapshots)
    ranker, chosen = fit_ranker(plan, labelled, shop.attributes, config.ranking, stage_one, config.seed, reporter)
    order = (chosen["order"], chosen["order_half_life_days"]) if ranker is not None else ()
    two_stage = TwoStage(generator, context, ranker, *order)
    recommender = Recommender(version, shop.table, shop.attributes, two_stage, as_of, shop.target)
    choices = Choices.model_validate({"target": shop.target, **found, **stage_one.choices, **chosen})
    known = (shop.interactions, shop.attributes)
    sample = sample_of_training(newest, stage_one, two_stage, known, config.seed) if is_sampled else None
    return Trained(recommender, choices, _metrics(choices), sample)


def train(
    home: Home,
    config: Config,
    reporter: Reporter,
    *,
    until: datetime | None = None,
    verdict: Verdict = GATE_NOT_RUN,
) -> Manifest:
    """Train on the stored events before `until` and write a bundle, which is not serving yet.

    Without a moment all events take part but strays that lie far behind all others.

    Parameters
    ----------
    verdict : Verdict
        What the gate said of the recipe, for the manifest.

    Raises
    ------
    DataError
        When there is nothing to train on.
    StoreUnavailable
        When the home cannot be written to, or disk or memory cannot be enough.
    """
    keep_compiled(home)
    finish_forgetting(home)
    reporter.step("reading the events")
    read_at = datetime.now(UTC)
    events, catalog = read_events(home, until=until), read_items(home)
    events = without_strays(events, reporter) if until is None else events
    say_flagged(events, config, reporter)
    require(home.bundles, of_training(len(events), config), "a training", reporter)
    shop = build_shop(events, catalog, config)
    end = _end(events, until)
    created_at = datetime.now(UTC)
    fingerprint = events_fingerprint(events)
    settings = dump_model(config)
    name = version_name(created_at, content_sha256([fingerprint, settings, created_at.isoformat()]))
    trained = fit_recommender(shop, int(end.timestamp()), config, reporter, name, is_sampled=True)
    window = DataWindow(
        start=events[TIMESTAMP].min().to_pydatetime(),
        end=end,
        n_events=len(events),
        n_users=len(shop.interactions.users),
        n_items=len(shop.interactions.items),
        fingerprint=fingerprint,
        catalog_fingerprint=catalog_fingerprint(catalog),
        read_at=read_at,
    )
    reporter.step("writing the bundle")
    profile = profile_of(events, catalog, end, trained, config)
    return write_bundle(home, trained, profile, settings, window, created_at, verdict)


def profile_of(events: pd.DataFrame, catalog: pd.DataFrame, end: datetime, trained: Trained, config: Config) -> Profile:
    """What a training saw, for `shortlist monitor` to compare later days with."""
    moment = pd.Timestamp(end).tz_convert(None)
    return Profile.of(events, catalog, moment, trained.sample or no_lists(), config.seed)


def write_bundle(
    home: Home,
    trained: Trained,
    profile: Profile,
    settings: dict[str, Any],
    window: DataWindow,
    created_at: datetime,
    verdict: Verdict = GATE_NOT_RUN,
) -> Manifest:
    """Write a recommender as a bundle: whole, or not at all."""
    name = trained.recommender.version
    with staged_folder(home.bundles / name) as folder:
        writer = BundleWriter(folder)
        save_recommender(writer, trained.recommender)
        profile.save(writer)
        manifest = Manifest(
            format_version=FORMAT_VERSION,
            version=name,
            created_at=created_at,
            data=window,
            config=settings,
            config_sha256=content_sha256(settings),
            git_commit=git_commit(),
            libraries=libraries(),
            processor=processor(),
            features=feature_schema(trained.recommender.two_stage.context.names),
            metrics=trained.metrics,
            choices=trained.choices,
            gate=verdict,
            files=dict(writer.entries),
        )
        write_manifest(folder, manifest)
        Registry(home).enrol(name)
    return manifest


def _end(events: pd.DataFrame, until: datetime | None) -> datetime:
    """The moment that lists are made for: `until`, or the second after the last event."""
    if until is not None:
        return until.astimezone(UTC)
    return datetime.fromtimestamp(int(to_seconds(events[TIMESTAMP]).max()) + 1, UTC)


def _metrics(choices: Choices) -> dict[str, float]:
    """The figures among the choices."""
    metrics = {} if choices.index is None else {"index_recall": choices.index.recall}
    by_objective = (choices.valid_ndcg or {}).get("objective")
    if isinstance(by_objective, dict):
        metrics |= {f"valid_candidate_ndcg@10_{objective}": ndcg for objective, ndcg in by_objective.items()}
    return metrics
