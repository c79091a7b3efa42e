"""docs/data.md says what the code reads."""

from pathlib import Path

from data.page import page

PAGE = Path(__file__).parents[2] / "docs" / "data.md"


def test_the_page_is_up_to_date() -> None:
    """The page is what `make docs` writes."""
    assert PAGE.read_text(encoding="utf-8") == page()
