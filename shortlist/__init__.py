"""The kernel of Shortlist: errors, names, ids, configuration and the bundle format. It knows no other package."""

from importlib.metadata import PackageNotFoundError, version

DISTRIBUTION = "shortlist-recs"

try:
    __version__ = version(DISTRIBUTION)
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
