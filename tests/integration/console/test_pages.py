"""The console's pages, as any HTTP client gets them."""

import html
import json
import re
import shutil
from copy import copy
from dataclasses import replace

import httpx
import orjson
import pytest
from live_service import live_service, patient

from console.gate import COOKIE
from console.settings import ConsoleSettings
from experiments.config import ExperimentsConfig
from ranking.query import Query
from ranking.recommender import Recommender
from serving.app import create_app
from serving.service import Service
from serving.settings import ServiceSettings
from shortlist.home import Home
from shortlist.texts import Texts

KEY = "the console's key"
HOSTILE = "<script>alert(1)</script> & \"quotes\" 'and' 100 % /../é?#"


def test_nobody_looks_without_the_key(console_url: str) -> None:
    """Every page asks for it; a wrong key, a wrong cookie and the key as the cookie are refused; files are free."""
    with httpx.Client(base_url=console_url, trust_env=False, timeout=30) as stranger:
        for path in ("/", "/customers/user-001", "/customers?user=user-001", "/?key=wrong", "/nothing"):
            answer = stranger.get(path)
            assert answer.status_code == 401
            assert "user-001" not in answer.text.replace('name="user"', "")
        for cookie in ("", KEY, "0" * 64):
            assert stranger.get("/", headers={"Cookie": f"{COOKIE}={cookie}"}).status_code == 401
        assert stranger.post("/sign-in", data={"key": "wrong"}).status_code == 401
        assert stranger.post("/sign-in", content=b"key=" + b"x" * 1_000_000).status_code == 401
        assert stranger.get("/static/console.css").status_code == 200
        assert stranger.get("/static/../settings.py").status_code == 401


def test_the_key_is_shown_once(console_url: str) -> None:
    """In the address or in the form; it leaves the address, and the cookie is out of scripts' reach."""
    for enter in (
        lambda client: client.get("/customers/user-001", params={"key": KEY, "limit": "5"}),
        lambda client: client.post("/sign-in", data={"key": KEY}),
    ):
        with httpx.Client(base_url=console_url, trust_env=False, timeout=30) as client:
            answer = enter(client)
            assert answer.status_code == 303
            assert answer.headers["location"] in {"/customers/user-001?limit=5", "/"}
            assert "HttpOnly" in answer.headers["set-cookie"]
            assert KEY not in answer.headers["set-cookie"]
            assert client.get("/").status_code == 200


def test_every_answer_forbids_what_no_page_needs(console: httpx.Client) -> None:
    """The content security policy allows neither inline scripts nor other hosts, and no page holds either."""
    for path in ("/", "/customers/user-001", "/nothing", "/static/console.css"):
        answer = console.get(path)
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert not re.search(r"<script(?![^>]* src=)|<style| style=|\son\w+=|javascript:", answer.text)
        assert not re.search(r"(?:src|href)=\"https?://(?!127\.0\.0\.1)", answer.text)


def test_the_front_page_says_what_serves(console: httpx.Client, small_recommender: Recommender) -> None:
    """Version, customers of each kind, traffic, and where the report would be."""
    text = console.get("/").text
    assert small_recommender.version in text
    assert text.count('href="/customers/') >= 4
    assert "No evaluation has been written" in text
    assert "requests, 0 errors" in text


def test_the_newest_report_is_shown(console_of, service: httpx.Client, small_home: Home, tmp_path) -> None:
    """Its systems, the best first; one that cannot be read is passed over."""
    shutil.copytree(small_home.root / "bundles", tmp_path / "bundles")
    estimate = {"mean": 0.25, "low": 0.2, "high": 0.3}
    systems = [
        {"name": name, "segment": "overall", "metrics": {"ndcg@10": {**estimate, "mean": mean}}, "n_users": 7}
        for name, mean in (("als", 0.1), ("two_stage", 0.25))
    ]
    report = {"protocol": {"k": 10, "n_users": 7}, "systems": systems, "note": "Of a <b>sample</b>."}
    for name, content in (("old", orjson.dumps(report)), ("new", b"{")):
        (tmp_path / "reports" / name).mkdir(parents=True)
        (tmp_path / "reports" / name / "evaluation.json").write_bytes(content)
    url = console_of(ConsoleSettings(str(service.base_url).rstrip("/"), KEY, "a", tmp_path))
    text = httpx.get(f"{url}/", params={"key": KEY}, follow_redirects=False, trust_env=False, timeout=30)
    text = httpx.get(
        f"{url}/", headers={"Cookie": text.headers["set-cookie"].partition(";")[0]}, trust_env=False, timeout=30
    ).text
    assert text.index("Two stage") < text.index(">Als<")
    assert "0.2500" in text
    assert "Of a &lt;b&gt;sample&lt;/b&gt;." in text


def test_a_customer_s_page_has_history_list_and_reasons(console: httpx.Client, small_recommender: Recommender) -> None:
    """The list is the recommender's, with titles, prices, reasons, features, stage one beside it, and the call."""
    text = console.get("/customers/user-001", params={"limit": "5", "category": "Food"}).text
    wanted = small_recommender.recommend(Query("user-001", limit=5, categories=("Food",)))
    titles = re.findall(r"<h3>(.*?)</h3>", text)
    assert titles == [f"Thing {int(item.item_id.removeprefix('item-'))}" for item in wanted.items]
    assert all(f"<code>{item.item_id}</code>" in text for item in wanted.items)
    assert text.count("What moved it") == 5
    assert "Stage one alone" in text
    assert text.count('<article class="basket">') == min(len(set(small_recommender.history("user-001").basket)), 20)
    assert "curl -s -H" in text
    assert "category=Food" in text
    assert KEY not in text
    assert "cache: miss" in text
    assert "cache: hit" in console.get("/customers/user-001", params={"limit": "5", "category": "Food"}).text


@pytest.mark.parametrize("user", [HOSTILE, "nobody", " user-001 ", "a/b/history", "%2e%2e", "x" * 256])
def test_any_id_has_a_page_and_none_gets_out_of_it(console: httpx.Client, user: str) -> None:
    """Ids are escaped wherever they stand, and the form leads to the same page."""
    answer = console.get("/customers", params={"user": user})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    if user.strip() != "user-001":
        assert "is unknown to" in answer.text
        assert "The user is unknown" in answer.text


def test_hostile_titles_are_text(console_of, small_home: Home, small_recommender: Recommender) -> None:
    """What a catalogue says is escaped in cards, in the history, in stage one and in the answer beneath."""
    spoilt = copy(small_recommender)
    titles = Texts.of([HOSTILE] * len(spoilt.table.items))
    spoilt.attributes = replace(spoilt.attributes, titles=titles)
    settings = ServiceSettings(small_home, patient(), console_key=KEY)
    with live_service(create_app(settings, Service(spoilt, {}, ExperimentsConfig()))) as service:
        url = console_of(ConsoleSettings(str(service.base_url).rstrip("/"), KEY, None, small_home.root))
        with httpx.Client(base_url=url, follow_redirects=True, trust_env=False, timeout=30) as client:
            text = client.get("/customers/user-001", params={"key": KEY}).text
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 30


def test_filters_that_make_no_sense_are_refused_by_name(console: httpx.Client) -> None:
    """What the service refuses is said; what the form cannot hold is as if it were not there."""
    assert console.get("/customers/user-001?limit=1000000&version=").status_code == 200
    answer = console.get("/customers/user-001?version=other")
    assert answer.status_code == 422
    assert "is not loaded" in answer.text
    assert "No item qualifies" in console.get("/customers/user-001?category=None").text


def test_a_service_that_is_down_is_said(console_of, tmp_path) -> None:
    """The page says where the service was asked; a home without anything is no fault."""
    url = console_of(ConsoleSettings("http://127.0.0.1:9", KEY, None, tmp_path))
    with httpx.Client(base_url=url, follow_redirects=True, trust_env=False, timeout=30) as client:
        for path in ("/", "/customers/u"):
            answer = client.get(path, params={"key": KEY})
            assert answer.status_code == 502
            assert "http://127.0.0.1:9" in answer.text
            assert "does not answer" in answer.text


def test_an_unknown_page_is_said(console: httpx.Client) -> None:
    assert console.get("/nothing").status_code == 404


def fields(page: str, name: str) -> list[str]:
    """The values of a form's fields."""
    return [html.unescape(value) for value in re.findall(rf'name="{name}" value="([^"]*)"', page)]


def test_the_shop_window_works_without_scripts(console: httpx.Client) -> None:
    """A click sends the event, once however often the page is loaded again; the next lists know of it."""
    page = console.get("/shop/no-scripts").text
    form = {"token": fields(page, "token")[0], "nonce": fields(page, "nonce")[0], "add": fields(page, "add")[0]}
    clicked = console.post("/shop/no-scripts", data=form).text
    assert fields(clicked, "basket") == [form["add"]]
    assert "Goes with the basket" in clicked
    assert "&#34;accepted&#34;: 1" in clicked
    assert "&#34;duplicates&#34;: 1" in console.post("/shop/no-scripts", data=form).text
    item_id = json.loads(form["add"])[0]
    form |= {"basket": form["add"], "drop": form.pop("add")}
    assert f"remove_from_cart-{item_id}" in console.post("/shop/no-scripts", data=form).text


@pytest.mark.parametrize(
    "form", [{}, {"token": "other"}, {"token": None, "add": "nonsense"}, {"token": None, "basket": "[1]"}]
)
def test_a_form_that_the_page_has_not_made_is_refused(console: httpx.Client, form: dict[str, str | None]) -> None:
    """Nothing is sent."""
    own = fields(console.get("/shop/somebody").text, "token")[0]
    sent = {name: own if value is None else value for name, value in form.items()}
    assert console.post("/shop/somebody", data=sent).status_code == 422


def test_nobody_presses_a_button_without_the_key(console_url: str) -> None:
    """The sign-in page answers."""
    assert httpx.post(f"{console_url}/shop/user-001", data={"buy": "1"}, trust_env=False, timeout=30).status_code == 401
