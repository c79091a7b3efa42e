"""What a bundle says of itself: the manifest, and the rules that its file names keep."""

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from shortlist.choices import Choices
from shortlist.errors import BundleError, BundleVersionError

FORMAT_VERSION = 1
MANIFEST_NAME = "manifest.json"
MAX_MANIFEST_BYTES = 4 * 2**20
_FILE_NAME = re.compile(r"[a-z0-9][a-z0-9_]*\.(npy|faiss|txt|parquet)")
_VERSION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def check_file_name(name: str) -> str:
    """Pass a plain file name of a known kind; refuse anything that could leave the bundle's folder."""
    if not _FILE_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a plain lower-case name ending in .npy, .faiss, .txt or .parquet")
    return name


def check_version_name(version: str) -> str:
    """Pass a version's name; refuse anything that could leave the folder of bundles."""
    if not _VERSION_NAME.fullmatch(version) or ".." in version:
        raise BundleError(f"{version!r} is not a version's name. `shortlist versions` lists those there are.")
    return version


class _ManifestModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileEntry(_ManifestModel):
    """One file of a bundle. `dtype` and `shape` are given for arrays; `missing` says whether NaN may stand in it."""

    size_bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    dtype: str | None = None
    shape: tuple[int, ...] | None = None
    missing: bool = False


class DataWindow(_ManifestModel):
    """What a bundle was made from: all events of ``[start, end)``, and the catalogue (not told by release 0.1).

    `read_at` is when they were read from the home: who was forgotten before is not among them.
    """

    start: AwareDatetime
    end: AwareDatetime
    n_events: int
    n_users: int
    n_items: int
    fingerprint: str
    catalog_fingerprint: str | None = None
    read_at: AwareDatetime | None = None


VerdictName = Literal["not_run", "passed", "refused", "not_judged", "too_few_users"]


class Comparison(_ManifestModel):
    """One measure of a new recipe beside a rival's, on the same users: their difference and its 95 % interval."""

    measure: Literal["ndcg", "coverage", "repeats"]
    rival: str
    value: float
    rival_value: float
    difference: float
    low: float
    high: float


class Verdict(_ManifestModel):
    """What the gate says of a bundle's recipe.

    ``not_run`` of a bundle that `train` made, ``not_judged`` where no later events are there to judge with. `judged` is
    the moment that the judged recipe was trained until; it was measured on what came after, up to `end`.
    """

    verdict: VerdictName = "not_run"
    reasons: tuple[str, ...] = ()
    judged: AwareDatetime | None = None
    end: AwareDatetime | None = None
    against: str | None = None
    n_users: int = 0
    comparisons: tuple[Comparison, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _of_release_0_1(cls, fields: Any) -> Any:
        """Its manifests have one ``reason``."""
        if isinstance(fields, dict) and "reason" in fields:
            return {"verdict": fields.get("verdict", "not_run"), "reasons": [fields["reason"]]}
        return fields


class Manifest(_ManifestModel):
    """The manifest of a bundle."""

    format_version: int
    version: str
    created_at: AwareDatetime
    data: DataWindow
    config: dict[str, Any]
    config_sha256: str
    git_commit: str | None
    libraries: dict[str, str]
    processor: str | None = None
    features: tuple[tuple[str, str], ...]
    metrics: dict[str, float]
    choices: Choices
    gate: Verdict
    files: dict[Annotated[str, AfterValidator(check_file_name)], FileEntry]

    def to_json(self) -> bytes:
        """The manifest as it is written: indented, in a fixed order of keys."""
        return orjson.dumps(self.model_dump(mode="json", by_alias=True), option=orjson.OPT_INDENT_2)


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of a bundle's folder.

    Raises
    ------
    BundleVersionError
        When it is of another format version.
    BundleError
        When there is none, or it is not a manifest.
    """
    path = folder / MANIFEST_NAME
    try:
        if path.is_symlink() or path.stat().st_size > MAX_MANIFEST_BYTES:
            raise BundleError(f"{path}: a link, or larger than a manifest can be. Train or copy the bundle again.")
        fields = orjson.loads(path.read_bytes())
        _check_format_version(path, fields)
        return Manifest.model_validate(fields)
    except OSError as error:
        raise BundleError(
            f"{path}: cannot be read ({error.strerror}). `shortlist versions` lists the bundles."
        ) from error
    except (orjson.JSONDecodeError, ValidationError) as error:
        raise BundleError(f"{path}: not a manifest: {error}. Train or copy the bundle again.") from error


def _check_format_version(path: Path, fields: object) -> None:
    if not isinstance(fields, dict):
        raise BundleError(f"{path}: not a manifest: no object. Train or copy the bundle again.")
    found = fields.get("format_version")
    if found != FORMAT_VERSION:
        raise BundleVersionError(
            f"{path}: format version {found!r}; this release reads {FORMAT_VERSION}. Train again with this release."
        )


def version_name(created_at: datetime, identity_sha256: str) -> str:
    """A version's name: when it was made, and a part of what it was made from."""
    return f"{created_at:%Y%m%dT%H%M%S}-{identity_sha256[:8]}"
