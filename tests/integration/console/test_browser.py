"""The console in a real browser: what it loads, what moves without a reload, and who can use it."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

KEY = "the console's key"
WIDTHS = {"phone": 390, "tablet": 820, "desktop": 1440}
MAX_PAGE_BYTES = 1_000_000

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(params=[("light", "desktop")], ids=str)
def page(request: pytest.FixtureRequest, browser: Browser, console_url: str) -> Iterator[Page]:
    """A page that has shown the key; whatever it complains of fails the test."""
    scheme, size = request.param
    context = browser.new_context(color_scheme=scheme, viewport={"width": WIDTHS[size], "height": 900})
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{console_url}/?key={KEY}")
    yield page
    context.close()
    assert complaints == []


def test_from_the_first_page_to_why(page: Page) -> None:
    """A customer is a click away; a card unfolds what moved it."""
    page.get_by_role("region", name="Buys much").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="The list")).to_be_visible()
    card = page.locator(".cards li").first
    expect(card.locator("h3")).to_contain_text("Thing")
    expect(card.locator("table")).to_be_hidden()
    card.get_by_text("What moved it").click()
    expect(card.locator("table")).to_be_visible()


def test_a_filter_changes_the_list_without_a_reload(page: Page, console_url: str) -> None:
    """The list is another, the address says so, and the page was not loaded again."""
    page.goto(f"{console_url}/customers/user-001")
    page.evaluate("window.isTheSamePage = true")
    expect(page.locator(".cards > li")).to_have_count(10)
    page.get_by_label("Items").select_option("5")
    expect(page.locator(".cards > li")).to_have_count(5)
    page.get_by_label("Category").fill("Food")
    page.get_by_label("Category").press("Enter")
    page.wait_for_url("**category=Food**")
    expect(page.locator("#result pre").first).to_contain_text("category=Food")
    assert page.evaluate("window.isTheSamePage")


def test_a_page_asks_no_other_host_and_is_small(browser: Browser, console_url: str) -> None:
    """Everything comes from the console, and all of it is under a megabyte."""
    context = browser.new_context()
    page = context.new_page()
    hosts, sizes = set(), []
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc or urlsplit(request.url).scheme))
    page.on("response", lambda response: sizes.append(len(response.body())) if response.status == 200 else None)
    page.goto(f"{console_url}/customers/user-001?key={KEY}")
    page.wait_for_load_state("networkidle")
    assert hosts <= {urlsplit(console_url).netloc, "data"}
    assert 0 < sum(sizes) < MAX_PAGE_BYTES
    context.close()


@pytest.mark.parametrize(
    "page", [(scheme, size) for scheme in ("light", "dark") for size in WIDTHS], indirect=True, ids=str
)
def test_it_fits_every_screen_in_both_schemes(page: Page, console_url: str) -> None:
    """Nothing is wider than the screen, and small text stands out from what is behind it."""
    for path in ("/", "/customers/user-001"):
        page.goto(console_url + path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        for selector in ("h1", "small", "a", ".what", "mark", "summary", "dt", "td"):
            if page.locator(selector).count():
                assert page.locator(selector).first.evaluate(CONTRAST) >= 4.5, selector


CONTRAST = """element => {
  const numbers = text => text.match(/[\\d.]+/g).map(Number);
  const rgba = text => numbers(text).length < 4 ? [...numbers(text), 1] : numbers(text);
  const light = ([r, g, b]) => [r, g, b].map(one => one / 255)
    .map(one => one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, place) => sum + one * [0.2126, 0.7152, 0.0722][place], 0);
  let behind = element;
  while (behind && rgba(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
  const back = behind ? rgba(getComputedStyle(behind).backgroundColor) : [255, 255, 255, 1];
  const [one, other] = [light(rgba(getComputedStyle(element).color)), light(back)].sort((a, b) => b - a);
  return (one + 0.05) / (other + 0.05);
}"""
"""The ratio of WCAG 2.1 between a text and the nearest background that is painted."""


def test_it_can_be_used_with_the_keyboard_and_by_ear(page: Page, console_url: str) -> None:
    """The first tab skips to the content; every field and button has a name; headings begin with one h1."""
    page.goto(f"{console_url}/customers/user-001")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    for control in page.locator("input, select, button").all():
        assert control.evaluate("one => (one.labels && one.labels.length) || one.ariaLabel || one.innerText.trim()")
    assert page.locator("h1").count() == 1
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("main").count() == 1


def test_hostile_titles_and_ids_run_nothing(page: Page, console_url: str) -> None:
    """A script in an id is text."""
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto(f"{console_url}/customers/%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
    expect(page.get_by_role("heading", level=1)).to_have_text("Customer <img src=x onerror=alert(1)>")


def test_the_service_s_description_needs_no_other_host(browser: Browser, service) -> None:
    """The viewer comes from the service, shows its calls, and nothing is refused by the page's own policy."""
    context = browser.new_context()
    page = context.new_page()
    hosts, complaints = set(), []
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc or urlsplit(request.url).scheme))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(f"{service.base_url}/docs")
    expect(page.get_by_text("/recommendations/{user_id}").first).to_be_visible()
    assert hosts <= {urlsplit(str(service.base_url)).netloc, "data"}
    assert complaints == []
    context.close()


@pytest.mark.parametrize("page", [("dark", "phone")], indirect=True)
def test_a_basket_changes_what_the_shop_shows(page: Page, console_url: str) -> None:
    """From the customer's page: look, put in the basket, buy; lists follow each click, without a reload."""
    page.goto(f"{console_url}/customers/window-shopper")
    page.get_by_role("link", name="The shop as this customer sees it").click()
    expect(page.get_by_role("heading", name="For you")).to_be_visible()
    page.evaluate("window.isTheSamePage = true")
    first = page.get_by_role("region", name="For you").get_by_role("listitem").first
    title = first.get_by_role("heading").inner_text()
    first.get_by_role("button", name="Look at").click()
    expect(page.get_by_role("region", name=f"Like {title}")).to_be_visible()
    expect(
        page.get_by_role("region", name="Recently viewed").get_by_role("heading", name=title, exact=True)
    ).to_be_visible()
    page.get_by_role("button", name="Put in the basket").click()
    expect(page.get_by_role("region", name="Goes with the basket")).to_be_visible()
    expect(page.get_by_text("add_to_cart").first).to_be_visible()
    page.get_by_role("button", name="Buy", exact=True).click()
    bought = page.get_by_role("region", name="Buy again")
    expect(bought.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(bought.get_by_text("Bought before").first).to_be_visible()
    expect(page.get_by_text("Empty.")).to_be_visible()
    assert page.evaluate("window.isTheSamePage")
    widest = page.evaluate("document.documentElement.scrollWidth")
    assert widest <= WIDTHS["phone"]
