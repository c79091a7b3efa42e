"""Labels of a window."""

from data.arrays.labels import collect_labels
from data.interactions import SECONDS_PER_DAY
from data.splits import LabelWindow

WINDOW = LabelWindow(100 * SECONDS_PER_DAY, 110 * SECONDS_PER_DAY)
SECOND = 1 / SECONDS_PER_DAY


def labels_of(make_shop, rows) -> dict[str, list[str]]:
    """The labels by external ids."""
    interactions, _ = make_shop(rows)
    labels = collect_labels(interactions, WINDOW)
    return {
        interactions.users.external(int(user)): interactions.items.externals(labels.of(row))
        for row, user in enumerate(labels.user_idx)
    }


def test_window_holds_its_start_and_not_its_end(make_shop) -> None:
    """What was known before the start is no label, nor is what happens at the end or later."""
    rows = [("u", "before", 100 - SECOND), ("u", "start", 100), ("u", "last", 110 - SECOND), ("u", "end", 110)]
    assert labels_of(make_shop, rows) == {"u": ["last", "start"]}
    interactions, _ = make_shop(rows)
    past = interactions.before(WINDOW.start)
    assert interactions.items.externals(past.item_idx) == ["before"]


def test_each_item_is_a_label_once(make_shop) -> None:
    """An item bought several times in the window counts once, and users come in the order of their positions."""
    rows = [("v", "b", 105), ("v", "a", 101), ("v", "b", 102), ("u", "b", 101)]
    assert labels_of(make_shop, rows) == {"u": ["b"], "v": ["a", "b"]}


def test_only_target_events_are_labels(make_shop) -> None:
    """A view is no label where purchases are the target, and a user with views alone has none."""
    rows = [("u", "a", 101, 1.0, "view"), ("v", "a", 101, 1.0, "view"), ("v", "b", 101)]
    assert labels_of(make_shop, rows) == {"v": ["b"]}


def test_empty_window_has_no_labels(make_shop) -> None:
    """A window without events has no user."""
    assert labels_of(make_shop, [("u", "a", 50)]) == {}
