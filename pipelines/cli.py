"""The command line: one group, its commands beside it."""

import click

from pipelines.data_commands import import_command, validate_command
from shortlist import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="shortlist")
def main() -> None:
    """A two-stage product recommender that a shop runs itself.

    Exit codes: 0 fine, 1 failure, 2 usage, 3 data refused, 4 gate refused, 5 bundle invalid.
    """


for command in (import_command, validate_command):
    main.add_command(command)
