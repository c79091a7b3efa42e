"""The page that lists all features: `python -m ranking.features.page > docs/features.md`."""

import sys

from candidate_gen.sources import SOURCES
from ranking.features import GROUPS, RENAMED

HEAD = """# Features

What the ranker knows of a user and a candidate, as of one moment; all float32, none missing or infinite. Written by
`make docs` from the groups in `ranking/features/`.
"""


def page() -> str:
    """The page, in Markdown: a table for each group."""
    sources = tuple(source.name for source in SOURCES)
    parts = [HEAD]
    for group in GROUPS:
        rows = [f"| `{name}` | {formula} |" for name, formula in group.formulas(sources).items()]
        title = (type(group).__doc__ or "").strip()
        parts.append("\n".join([f"## {title}\n", "| feature | what it is |", "|---|---|", *rows]) + "\n")
    old = ", ".join(f"`{name}` (`{today}`)" for name, today in RENAMED.items())
    return "\n".join([*parts, f"Bundles of release 0.1 have other names for some: {old}.\n"])


if __name__ == "__main__":
    sys.stdout.write(page())
