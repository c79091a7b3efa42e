"""What an experiment changes in the answers, and how cached lists are kept apart."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from live_service import live_service, patient
from redis_server import RedisServer
from threadpoolctl import threadpool_info

from experiments.assignment import Assigner
from experiments.config import ExperimentsConfig
from ranking.bundling import load_recommender
from ranking.query import Query
from ranking.recommender import Recommender
from serving.app import create_app
from serving.service import load_service
from serving.settings import ServiceSettings
from shortlist.errors import BundleError, ConfigError
from shortlist.home import Home
from shortlist.manifest import MANIFEST_NAME
from shortlist.registry import Registry

Serve = Callable[..., httpx.Client]
USER = "user-002"

OTHER_VERSION = "other-bundle"


def experiments(**treatment: object) -> ExperimentsConfig:
    """One experiment for everybody, in which `USER` has the treatment and `user-004` the control."""
    variants = [{"name": "as-is", "weight": 0.5, "control": True}, {"name": "new", "weight": 0.5, **treatment}]
    overrides = {USER: "new", "user-004": "as-is"}
    experiment = {"name": "trial", "salt": "trial-1", "enabled": True, "share": 1.0}
    return ExperimentsConfig.model_validate(
        {"experiments": [experiment | {"variants": variants, "overrides": overrides}]}
    )


def item_ids(answer: httpx.Response) -> list[str]:
    return [item["item_id"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("parameters", "query"),
    [
        ({"stage": "retrieval"}, Query(USER, stage="retrieval")),
        ({"exclude_purchased": True}, Query(USER, exclude_purchased=True)),
        ({"in_stock": True}, Query(USER, in_stock=True)),
    ],
)
def test_a_variant_changes_the_list(
    serve: Serve, small_recommender: Recommender, parameters: dict[str, object], query: Query
) -> None:
    """The treatment's list is the one that its parameters make; the control's is the usual one."""
    client = serve(experiments(parameters=parameters))
    answer = client.get(f"/recommendations/{USER}")
    assert answer.json()["variant"] == "trial:new"
    assert item_ids(answer) == [item.item_id for item in small_recommender.recommend(query).items]
    control = client.get("/recommendations/user-004")
    assert control.json()["variant"] == "control"
    assert item_ids(control) == [item.item_id for item in small_recommender.recommend(Query("user-004")).items]


def test_what_a_variant_sets_comes_before_the_request(serve: Serve, small_recommender: Recommender) -> None:
    """A parameter that the variant sets holds whatever the request says."""
    client = serve(experiments(parameters={"exclude_purchased": True}))
    answer = client.get(f"/recommendations/{USER}?exclude_purchased=false")
    expected = small_recommender.recommend(Query(USER, exclude_purchased=True))
    assert item_ids(answer) == [item.item_id for item in expected.items]


def test_services_with_other_experiments_share_no_list(
    serve: Serve, redis: RedisServer, small_recommender: Recommender
) -> None:
    """Over one Redis, a changed file of experiments never meets the lists of the earlier one."""
    usual = serve(redis_url=redis.url)
    trial = serve(experiments(parameters={"stage": "retrieval"}), redis_url=redis.url)
    changed = serve(experiments(parameters={"exclude_purchased": True}), redis_url=redis.url)
    answers = [client.get(f"/recommendations/{USER}") for client in (usual, trial, changed)]
    assert [answer.headers["x-cache"] for answer in answers] == ["miss"] * 3
    assert item_ids(answers[2]) == [
        item.item_id for item in small_recommender.recommend(Query(USER, exclude_purchased=True)).items
    ]


def test_the_assignment_is_the_assigners(serve: Serve) -> None:
    """The endpoint answers with the assigner's own payload, for known and unknown users."""
    config = experiments(parameters={"in_stock": True})
    client = serve(config)
    for user, path in ((USER, USER), ("nobody/at all", "nobody%2Fat%20all")):
        expected = Assigner.payload(Assigner(config).assign(user))
        assert client.get(f"/experiments/assignment/{path}").json() == expected


@pytest.fixture(scope="module")
def two_bundles(small_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with the small shop's bundle, published, and the same models under another version."""
    home = Home(tmp_path_factory.mktemp("two") / "home")
    version = Registry(small_home).current()
    assert version is not None
    shutil.copytree(small_home.bundles / version, home.bundles / version)
    shutil.copytree(small_home.bundles / version, home.bundles / OTHER_VERSION)
    manifest = home.bundles / OTHER_VERSION / MANIFEST_NAME
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"version": OTHER_VERSION}))
    Registry(home).publish(version)
    return home


@pytest.fixture
def experiments_file(tmp_path: Path) -> Path:
    """A file that sends `USER` to the other bundle."""
    path = tmp_path / "experiments.toml"
    path.write_text(
        f"""
        [[experiments]]
        name = "trial"
        salt = "trial-1"
        enabled = true
        share = 0.0
        [[experiments.variants]]
        name = "as-is"
        weight = 0.5
        control = true
        [[experiments.variants]]
        name = "new"
        weight = 0.5
        bundle = "{OTHER_VERSION}"
        [experiments.overrides]
        "{USER}" = "new"
        """
    )
    return path


def test_a_variant_answers_from_its_bundle(two_bundles: Home, experiments_file: Path) -> None:
    """The tester's answer names the other bundle, in body and header; everybody else's the published one."""
    settings = ServiceSettings(two_bundles, patient(), experiments=experiments_file)
    with live_service(create_app(settings)) as client:
        tester, other = (client.get(f"/recommendations/{user}") for user in (USER, "user-004"))
        assert tester.json()["model_version"] == tester.headers["x-model-version"] == OTHER_VERSION
        assert other.json()["model_version"] == other.headers["x-model-version"] == Registry(two_bundles).current()
        assert client.get("/health/ready").json()["experiment_versions"] == [OTHER_VERSION]
        assert f'version="{OTHER_VERSION}"' in client.get("/metrics").text
        assert client.get(f"/recommendations/{USER}").headers["x-cache"] == "hit"


def test_a_bundle_that_an_experiment_needs_must_be_there(small_home: Home, experiments_file: Path) -> None:
    """Without it nothing starts, and the message names the file and the bundle."""
    with pytest.raises(BundleError, match=rf"experiments\.toml.*{OTHER_VERSION}"):
        load_service(ServiceSettings(small_home, experiments=experiments_file))


def test_a_wrong_file_of_experiments_stops_the_start(small_home: Home, tmp_path: Path) -> None:
    """A file with a mistake is refused with its place."""
    path = tmp_path / "wrong.toml"
    path.write_text("[[experiments]]\nname = 'x'\n")
    with pytest.raises(ConfigError, match=r"wrong\.toml"):
        load_service(ServiceSettings(small_home, experiments=path))


def test_a_home_without_a_published_bundle_does_not_start(tmp_path: Path) -> None:
    """The message says what to run."""
    with pytest.raises(BundleError, match="shortlist publish"):
        load_service(ServiceSettings(Home(tmp_path / "home")))


def test_a_worker_computes_on_one_thread(two_bundles: Home) -> None:
    """After loading, no linear algebra or OpenMP library of the process has more than one thread."""
    load_service(ServiceSettings(two_bundles))
    assert {library["num_threads"] for library in threadpool_info()} == {1}


def test_what_starts_is_the_published_bundle(two_bundles: Home) -> None:
    """The service loads what CURRENT names, and answers as a freshly loaded recommender does."""
    service = load_service(ServiceSettings(two_bundles))
    fresh = load_recommender(Registry(two_bundles).open("current"))
    assert service.current.version == fresh.version
    assert service.current.recommend(Query(USER)) == fresh.recommend(Query(USER))
