"""docs/features.md says what the code computes."""

from pathlib import Path

from ranking.features.page import page

PAGE = Path(__file__).parents[2] / "docs" / "features.md"


def test_the_page_is_up_to_date() -> None:
    """The page is what `make docs` writes."""
    assert PAGE.read_text(encoding="utf-8") == page()
