"""From stored events to a bundle that is not serving yet."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, Final

import pandas as pd

from candidate_gen.training import fit_generator
from data.arrays.past import Past
from data.arrays.table_files import forget_tables
from data.catalog import read_items
from data.forgetting import finish_forgetting
from data.store import read_days
from monitoring.profiles import REFERENCE_DAYS, ListSample, Profile
from pipelines.lineage import catalog_fingerprint, git_commit, libraries, processor
from pipelines.list_samples import no_lists, sample_of_training
from pipelines.settings import Config
from pipelines.shops import ShopData, View, read_shop
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
from shortlist.config import dump_model
from shortlist.hashing import content_sha256
from shortlist.home import Home
from shortlist.manifest import FORMAT_VERSION, DataWindow, Manifest, Verdict, version_name
from shortlist.progress import Reporter
from shortlist.registry import Registry

GATE_NOT_RUN: Final = Verdict(reasons=("`shortlist train` judges nothing; `shortlist retrain` does.",))


@dataclass(frozen=True, slots=True)
class Trained:
    """A recommender, what was measured and chosen in making it, and a sample of lists where one was asked for."""

    recommender: Recommender
    choices: Choices
    metrics: dict[str, float]
    sample: ListSample | None = None


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
    if sampled := shop.sampled():
        n_users, n_events = sampled.values()
        reporter.step(f"learning from {n_users:,} users drawn at random, who have {n_events:,} events")
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
    choices = Choices.model_validate({"target": shop.target, **shop.sampled(), **found, **stage_one.choices, **chosen})
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
    catalog = read_items(home)
    shop, facts = read_shop(home, catalog, config, reporter, View(until, has_strays=until is not None))
    created_at = datetime.now(UTC)
    settings = dump_model(config)
    name = version_name(created_at, content_sha256([facts.fingerprint, settings, created_at.isoformat()]))
    trained = fit_recommender(shop, int(facts.end.timestamp()), config, reporter, name, is_sampled=True)
    window = DataWindow(
        start=facts.start,
        end=facts.end,
        n_events=facts.n_events,
        n_users=len(shop.table.users),
        n_items=len(shop.table.items),
        fingerprint=facts.fingerprint,
        catalog_fingerprint=catalog_fingerprint(catalog),
        read_at=read_at,
    )
    reporter.step("writing the bundle")
    profile = profile_of(home, catalog, facts.end, trained, config)
    manifest = write_bundle(home, trained, profile, settings, window, created_at, verdict)
    forget_tables(home)
    return manifest


def profile_of(home: Home, catalog: pd.DataFrame, end: datetime, trained: Trained, config: Config) -> Profile:
    """What a training saw, for `shortlist monitor` to compare later days with."""
    moment = pd.Timestamp(end).tz_convert(None)
    start = end.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=REFERENCE_DAYS)
    return Profile.of(read_days(home, start, end), catalog, moment, trained.sample or no_lists(), config.seed)


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


def _metrics(choices: Choices) -> dict[str, float]:
    """The figures among the choices."""
    metrics = {} if choices.index is None else {"index_recall": choices.index.recall}
    by_objective = (choices.valid_ndcg or {}).get("objective")
    if isinstance(by_objective, dict):
        metrics |= {f"valid_candidate_ndcg@10_{objective}": ndcg for objective, ndcg in by_objective.items()}
    return metrics
