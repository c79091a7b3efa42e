"""The features in plain NumPy, by name: what the kernels must say."""

import numpy as np

from candidate_gen.candidates import Candidates
from candidate_gen.profile import HALF_LIVES_DAYS, INTEREST_HALF_LIFE_DAYS, RECENT_MOMENTS, UserProfile
from candidate_gen.sources import VOTING
from ranking.features.group import UNRANKED, ItemSide
from ranking.features.item import USER_RHYTHM_SUPPORT
from ranking.item_stats import NEVER_DAYS, WINDOWS_DAYS


def features(profile: UserProfile, candidates: Candidates, items: ItemSide):
    """Every feature of a group that a kernel fills, by name, float32, shape (n_candidates,)."""
    return {
        **_user_item(profile, candidates, items),
        **_sources(candidates),
        **_items(profile, candidates, items),
        **_affinity(profile, candidates, items),
    }


def _user_item(profile, candidates, items):
    place = np.minimum(np.searchsorted(profile.item_idx, candidates.item_idx), max(len(profile) - 1, 0))
    had = profile.item_idx[place] == candidates.item_idx if len(profile) else np.zeros(len(candidates), bool)
    never = np.where(had, np.float32(0.0), NEVER_DAYS)

    def of_item(values):
        return np.where(had, values[place], np.float32(0.0)) if len(values) else np.zeros_like(never)

    n_events, last, first = of_item(profile.n_events), of_item(profile.last_days), of_item(profile.first_days)
    own_gap = np.where(n_events > 1, (first - last) / np.maximum(n_events - 1, 1), 0.0)
    item_gap = items.stats.gap_days[candidates.item_idx]
    gap = np.where(n_events > 1, own_gap, item_gap)
    since = [max((profile.basket_days <= days).sum(), 1) for days in first]
    return {
        "n_events": n_events,
        "last_days": last + never,
        "first_days": first + never,
        "gap_days": np.where(had, own_gap, NEVER_DAYS),
        "due_by_own_gap": np.where(had, last / np.maximum(gap, 0.5), -1.0),
        "due_by_item_gap": np.where(had, last / np.maximum(item_gap, 0.5), -1.0),
        "basket_share": n_events / max(len(profile.basket_days), 1),
        "recent_basket_share": n_events / np.array(since),
        "moments_since": of_item(profile.moments_since) + never,
        "streak": of_item(profile.streak),
        **{f"share_of_last_{n}": of_item(row) for n, row in zip(RECENT_MOMENTS, profile.recent_share, strict=True)},
        **{f"decayed_{days}d": of_item(row) for days, row in zip(HALF_LIVES_DAYS, profile.decayed, strict=True)},
    }


def _sources(candidates):
    ranked = candidates.rank > 0
    found = {"n_sources": ranked.sum(axis=0), "fused_score": candidates.fused}
    for row, name in enumerate(candidates.sources):
        score = candidates.score[row]
        rank = np.empty(len(score))
        rank[np.argsort(-score, kind="stable")] = np.arange(1, len(score) + 1)
        found |= {
            f"rank_{name}": np.where(ranked[row], candidates.rank[row], UNRANKED),
            f"score_{name}": _to_best(score),
            f"score_rank_{name}": rank,
        }
        if name in VOTING:
            found |= {f"max_{name}": _to_best(candidates.largest[row]), f"mean_{name}": _to_best(candidates.mean[row])}
    return found


def _to_best(score):
    best = score.max(initial=0.0)
    return score / best if best > 0 else np.zeros_like(score)


def _items(profile, candidates, items):
    position, stats = candidates.item_idx, items.stats
    price, paid = stats.price[position], profile.price[profile.price > 0]
    return {
        **{f"share_{days}d": share[position] for days, share in zip(WINDOWS_DAYS, stats.share, strict=True)},
        "trend": stats.trend[position],
        "buyers_share": stats.buyers_share[position],
        "repeat_rate": stats.repeat_rate[position],
        "item_gap_days": stats.gap_days[position],
        "age_days": stats.age_days[position],
        "idle_days": stats.idle_days[position],
        "price_to_category": _log_ratio(price, stats.category_price[position]),
        "price_to_user": _log_ratio(price, np.float32(paid.mean() if len(paid) else 0.0)),
        "day_part_match": _match(profile.day_part, stats.day_part[:, position]),
        "weekday_match": _match(profile.weekday, stats.weekday[:, position]),
    }


def _match(moments, lift):
    return np.log((moments @ lift + USER_RHYTHM_SUPPORT) / (moments.sum() + USER_RHYTHM_SUPPORT))


def _log_ratio(price, base):
    known = (price > 0) & (base > 0)
    return np.where(known, np.log(np.maximum(price, 1e-3) / np.maximum(base, 1e-3)), 0.0)


def _affinity(profile, candidates, items):
    weight = profile.decayed_at(INTEREST_HALF_LIFE_DAYS)
    found = {}
    for group in ("category", "top_category", "brand"):
        codes = getattr(items, group)
        own, wanted = codes[profile.item_idx], codes[candidates.item_idx]
        share = [weight[own == code].sum() / max(weight.sum(), 1e-9) if code >= 0 else 0.0 for code in wanted]
        last = [profile.last_days[own == code].min(initial=NEVER_DAYS) if code >= 0 else NEVER_DAYS for code in wanted]
        found |= {f"{group}_affinity": np.array(share), f"{group}_last_days": np.array(last)}
    return found
