"""The command line: one group, whose commands are imported when they are asked for."""

import importlib
import os
from typing import Final

import click

from shortlist import __version__

COMMANDS: Final = {
    "demo": "pipelines.demo_command:demo_command",
    "import": "pipelines.data_commands:import_command",
    "validate": "pipelines.data_commands:validate_command",
    "drain": "pipelines.drain_command:drain_command",
    "forget": "pipelines.forget_command:forget_command",
    "experiment": "pipelines.experiment_command:experiment_command",
    "monitor": "pipelines.monitor_command:monitor_command",
    "flagged": "pipelines.flagged_command:flagged_command",
    "outcomes": "pipelines.outcomes_command:outcomes_command",
    "imports": "pipelines.imports_command:imports_command",
    "train": "pipelines.model_commands:train_command",
    "retrain": "pipelines.retrain_command:retrain_command",
    "evaluate": "pipelines.evaluate_command:evaluate_command",
    "backtest": "pipelines.backtest_command:backtest_command",
    "ablate": "pipelines.ablate_command:ablate_command",
    "recommend": "pipelines.recommend_command:recommend_command",
    "show": "pipelines.show_command:show_command",
    "publish": "pipelines.model_commands:publish_command",
    "rollback": "pipelines.model_commands:rollback_command",
    "prune": "pipelines.prune_command:prune_command",
    "versions": "pipelines.model_commands:versions_command",
    "inspect": "pipelines.model_commands:inspect_command",
    "serve": "pipelines.serve_command:serve_command",
    "reproduce": "pipelines.reproduce_command:reproduce_command",
    "size": "pipelines.size_command:size_command",
    "synth": "pipelines.synth_command:synth_command",
    "profile": "pipelines.profile_command:profile_command",
    "doctor": "pipelines.doctor_command:doctor_command",
}
"""Where each command is, in the order of the help page. `doctor` must start where a library does not."""

THREADS: Final = {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
"""Read by the numeric libraries when they are loaded: BLAS on one thread, and threads that wait do not spin."""


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        try:
            command: click.Command = getattr(importlib.import_module(module), name)
        except (ImportError, OSError) as error:
            raise click.ClickException(
                f"a library does not load: {error}\nRun `shortlist doctor`: it says why."
            ) from error
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="shortlist")
def group() -> None:
    """A two-stage product recommender that a shop runs itself.

    Exit codes: 0 fine, 1 failure, 2 usage, 3 data refused, 4 gate refused, 5 bundle invalid.
    """


def main() -> None:
    """Run the command line."""
    for name, value in THREADS.items():
        os.environ.setdefault(name, value)
    group(prog_name="shortlist")
