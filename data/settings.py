"""What an import takes and what it refuses."""

from datetime import date

from pydantic import Field

from data.guests import NULL_WORDS
from shortlist.config import ConfigModel


class DataConfig(ConfigModel):
    """The `[data]` table of the configuration.

    Attributes
    ----------
    max_bad_share : float
        Share of the rows read that may break the contract; above it nothing is imported. Duplicates, excluded
        categories and events about no item (a search, a home page) break no contract and do not count. One half,
        because a shop whose guests check out without an account has a quarter or more of its rows without a
        ``user_id`` and is a sound import all the same, while a file with a wrong column or a wrong unit fails in
        nearly every row. A file in which no row is good is refused whatever the share.
    max_future_days : float
        How far past the present a timestamp may lie: a day allows for clocks and time zones.
    earliest : date
        An event before this day (UTC) is too old to be true.
    max_quantity : float
        A larger quantity in one row is a typing error, not an order.
    max_id_length : int
        Characters in a ``user_id`` or ``item_id``.
    null_words : tuple of str
        What names nobody where a ``user_id`` or ``item_id`` should stand; case does not matter.
    excluded_users : tuple of str
        Users whose events are set aside: a reseller, a robot, the till's own account.
    excluded_categories : tuple of str
        Prefixes of catalogue paths (``A`` or ``A > B``). Events of their items are set aside: petrol sold by a
        grocer, gift cards, deposits.
    """

    max_bad_share: float = Field(default=0.5, ge=0.0, le=1.0)
    max_future_days: float = Field(default=1.0, ge=0.0)
    earliest: date = date(1970, 1, 1)
    max_quantity: float = Field(default=100_000.0, gt=0.0)
    max_id_length: int = Field(default=256, ge=1)
    null_words: tuple[str, ...] = NULL_WORDS
    excluded_users: tuple[str, ...] = ()
    excluded_categories: tuple[str, ...] = ()
