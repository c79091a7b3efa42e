"""Every error that Shortlist raises on purpose.

::

    ShortlistError
     ├─ ConfigError             a configuration file or option is wrong
     ├─ DataError               the data given cannot be taken
     │   └─ DataRefused         too large a share of the rows is bad
     ├─ BundleError             a bundle is missing, damaged or not ours
     │   ├─ BundleVersionError  written in a format that this release does not read
     │   └─ FeatureSchemaError  its features are not the ones this release computes
     ├─ GateRefused             a new bundle is worse than what it would replace
     ├─ StoreUnavailable        Redis or the home is out of reach
     └─ RequestError            a request that cannot be answered as it stands
         └─ NotReady            no bundle is being served yet

A message says what is wrong, where, and what to do. ``code`` is stable: the HTTP layer and ``--json`` show it.
A caller's bug is a ``ValueError`` or ``TypeError``, never one of these.
"""

from typing import ClassVar


class ShortlistError(Exception):
    """Base of the tree: catch this to catch everything that is not a bug."""

    code: ClassVar[str] = "SHORTLIST_ERROR"


class ConfigError(ShortlistError):
    """A configuration file, an option or an environment variable is wrong."""

    code = "CONFIG_INVALID"


class DataError(ShortlistError):
    """The data given cannot be taken as it is."""

    code = "DATA_INVALID"


class DataRefused(DataError):
    """More rows than the configured share break the contract, so nothing was imported."""

    code = "DATA_REFUSED"


class BundleError(ShortlistError):
    """A bundle is missing, damaged, or holds what its manifest does not list."""

    code = "BUNDLE_INVALID"


class BundleVersionError(BundleError):
    """A bundle is written in a format that this release does not read."""

    code = "BUNDLE_VERSION"


class FeatureSchemaError(BundleError):
    """A bundle's ranker wants other features than this release computes."""

    code = "FEATURE_SCHEMA"


class GateRefused(ShortlistError):
    """A new bundle is worse, beyond noise, than what it would replace."""

    code = "GATE_REFUSED"


class StoreUnavailable(ShortlistError):
    """Redis or the home is out of reach."""

    code = "STORE_UNAVAILABLE"


class RequestError(ShortlistError):
    """A request cannot be answered as it stands."""

    code = "REQUEST_INVALID"


class NotReady(RequestError):
    """No bundle is being served yet."""

    code = "NOT_READY"
