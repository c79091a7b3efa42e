"""Pictures of the console at three sizes, light and dark.

    python benchmarks/console/screenshots.py URL FOLDER [CUSTOMER]

URL is the address that `shortlist serve --console` prints, key included. Needs Chromium: `chromium` on the PATH, or the
one that CHROMIUM names.
"""

import os
import shutil
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit

from playwright.sync_api import sync_playwright

SIZES = {"phone": (390, 844), "tablet": (820, 1180), "desktop": (1440, 900)}
SCHEMES = ("light", "dark")


def main(address: str, folder: Path, customer: str | None) -> None:
    """Take a picture of each page at each size in each scheme."""
    folder.mkdir(parents=True, exist_ok=True)
    base = "{0.scheme}://{0.netloc}".format(urlsplit(address))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=["--no-sandbox"]
        )
        for size, (width, height) in SIZES.items():
            for scheme in SCHEMES:
                page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                page.goto(address)
                page.screenshot(path=folder / f"front-{size}-{scheme}.png")
                if customer is None:
                    page.locator(".samples a").first.click()
                else:
                    page.goto(f"{base}/customers/{quote(customer, safe='')}")
                page.wait_for_selector("#result")
                page.screenshot(path=folder / f"customer-{size}-{scheme}.png")
                page.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None)
