"""The service's figures."""

from monitoring.counters import ServiceCounters


def test_two_applications_count_apart() -> None:
    """Each application has a registry of its own."""
    first, second = ServiceCounters(), ServiceCounters()
    first.lists.labels("popular").inc()
    assert b'shortlist_lists_total{source="popular"} 1.0' in first.expose()
    assert b'shortlist_lists_total{source="popular"}' not in second.expose()


def test_only_the_bundles_that_are_loaded_are_shown() -> None:
    """Showing other bundles takes the earlier ones away."""
    counters = ServiceCounters()
    counters.show_models("v1", ["v2"])
    counters.show_models("v3", [])
    text = counters.expose().decode()
    assert 'shortlist_model_info{role="current",version="v3"} 1.0' in text
    assert "v1" not in text
    assert "v2" not in text


def test_every_figure_has_a_help_line() -> None:
    """Each figure says what it counts."""
    text = ServiceCounters().expose().decode()
    named = {line.split()[2] for line in text.splitlines() if line.startswith("# HELP")}
    assert {
        "shortlist_http_requests_total",
        "shortlist_http_request_seconds",
        "shortlist_cache_errors_total",
        "shortlist_cache_breaker_open",
        "shortlist_model_info",
    } <= named
