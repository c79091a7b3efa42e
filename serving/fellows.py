"""What the workers of one service tell each other: what serves, so that one that is replaced joins the others.

They share a folder as long as the service runs. Without one, a process serves alone.
"""

import logging
import shutil
from dataclasses import replace

from monitoring.logs import SERVICE_LOGGER
from serving.seals import run_folder
from serving.service import Service, load_service, published
from serving.settings import ServiceSettings
from serving.state import ReloadFailure
from shortlist.atomic import replace_file
from shortlist.errors import ShortlistError


def tell(settings: ServiceSettings, service: Service) -> None:
    """Note what this worker answers from: the version, and the file of experiments as it was.

    Where the note cannot be written, a full disk maybe, this worker answers all the same, and the log says so.
    """
    folder = run_folder()
    if folder is None:
        return
    try:
        if settings.experiments is not None:
            shutil.copyfile(settings.experiments, folder / "experiments.toml")
        replace_file(folder / "SERVING", service.current.version.encode())
    except OSError as error:
        fields = {"why": str(error)}
        logger = logging.getLogger(SERVICE_LOGGER)
        logger.warning("the other workers were not told what serves", extra={"fields": fields})


def load_or_join(settings: ServiceSettings) -> tuple[Service, ReloadFailure | None]:
    """Load what is published, or, where that cannot be loaded, what the other workers answer from, and say so.

    Raises
    ------
    ConfigError, BundleError
        When there is neither.
    """
    try:
        return load_service(settings), None
    except ShortlistError as error:
        version = _version_of_the_others()
        if version is None:
            raise
        failure = ReloadFailure(published(settings).version, str(error))
        return load_service(_settings_of_the_others(settings), version), failure


def _version_of_the_others() -> str | None:
    folder = run_folder()
    try:
        return None if folder is None else (folder / "SERVING").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _settings_of_the_others(settings: ServiceSettings) -> ServiceSettings:
    folder = run_folder()
    kept = None if folder is None else folder / "experiments.toml"
    return replace(settings, experiments=kept if kept is not None and kept.is_file() else None)
