"""Every refusal of an experiments file names the line of the mistake and the reason."""

import re
from pathlib import Path

import pytest

from experiments.config import ExperimentsConfig, VariantParameters, load_experiments
from shortlist.errors import ConfigError

SHIPPED = Path(__file__).parents[3] / "config" / "experiments.toml"

GOOD = """\
[[layers]]
name = "lists"
salt = "layer-salt"

[[experiments]]
name = "first"
salt = "first-salt"
enabled = true
layer = "lists"
slot = [0.0, 0.5]
share = 0.2

[[experiments.variants]]
name = "a"
weight = 0.5
control = true

[[experiments.variants]]
name = "b"
weight = 0.5
bundle = "20261101T020000-3f9a1c07"

[experiments.overrides]
tester = "b"

[[experiments]]
name = "second"
salt = "second-salt"
enabled = false
layer = "lists"
slot = [0.5, 1.0]
share = 0.5

[[experiments.variants]]
name = "a"
weight = 0.7
control = true

[[experiments.variants]]
name = "c"
weight = 0.3

[experiments.variants.parameters]
stage = "retrieval"
"""

REFUSALS = {
    "layer's name": ('name = "lists"', 'name = "Lists"', 'name = "Lists"', "should match pattern"),
    "experiment's name": ('name = "first"', 'name = "first one"', 'name = "first one"', "should match pattern"),
    "empty name": ('name = "first"', 'name = ""', 'name = ""', "should match pattern"),
    "long name": ('name = "first"', f'name = "{"x" * 65}"', f'name = "{"x" * 65}"', "should match pattern"),
    "variant's name": ('name = "b"', 'name = "b+"', 'name = "b+"', "should match pattern"),
    "salt": ('salt = "first-salt"', 'salt = "first|salt"', 'salt = "first|salt"', "should match pattern"),
    "duplicate experiment": ('name = "second"', 'name = "first"', 27, "'first' is the name of another"),
    "duplicate variant": ('name = "c"', 'name = "a"', 40, "'a' is the variant of another"),
    "duplicate salt": ('salt = "second-salt"', 'salt = "first-salt"', 28, "'first-salt' is the salt of another"),
    "layer's salt used twice": ('salt = "first-salt"', 'salt = "layer-salt"', 7, "'layer-salt' is the salt of another"),
    "zero weight": ("weight = 0.3", "weight = 0", "weight = 0", "greater than 0"),
    "negative weight": ("weight = 0.3", "weight = -0.3", "weight = -0.3", "greater than 0"),
    "weight as text": ("weight = 0.3", 'weight = "0.3"', 'weight = "0.3"', "valid number"),
    "weight not a number": ("weight = 0.3", "weight = nan", "weight = nan", "less than or equal to 1"),
    "weights below 1": ("weight = 0.3", "weight = 0.29999", 26, "the weights add up to 0.99999. Make it 1"),
    "weights above 1": ("weight = 0.3", "weight = 0.31", 26, "the weights add up to 1.01. Make it 1"),
    "no control": ("weight = 0.7\ncontrol = true", "weight = 0.7", 26, "no variant is the control"),
    "share above 1": ("share = 0.2", "share = 1.2", "share = 1.2", "less than or equal to 1"),
    "share below 0": ("share = 0.2", "share = -0.1", "share = -0.1", "greater than or equal to 0"),
    "share as a boolean": ("share = 0.2", "share = true", "share = true", "valid number"),
    "share over its slot": ("share = 0.2", "share = 0.6", "share = 0.6", "more than the slot [0.0, 0.5) holds"),
    "slot outside": ("slot = [0.5, 1.0]", "slot = [0.5, 1.1]", "slot = [0.5, 1.1]", "less than or equal to 1"),
    "slot backwards": ("slot = [0.5, 1.0]", "slot = [1.0, 0.5]", "slot = [1.0, 0.5]", "is empty"),
    "layer over-full": ("slot = [0.5, 1.0]", "slot = [0.4, 1.0]", "slot = [0.4, 1.0]", "'lists' is over-full"),
    "layer over-full by default": ("slot = [0.5, 1.0]\n", "", 26, "'lists' is over-full"),
    "undeclared layer": ('layer = "lists"', 'layer = "list"', 'layer = "list"', "there is no layer 'list'"),
    "override": ('tester = "b"', 'tester = "c"', 'tester = "c"', "there is no variant 'c'. Name one of a, b."),
    "unknown key": ("share = 0.2", "share = 0.2\nshares = 0.3", "shares = 0.3", "Extra inputs are not permitted"),
    "unknown table": ("[[layers]]", "[[layer]]", "[[layer]]", "Extra inputs are not permitted"),
    "unknown parameter": (
        'stage = "retrieval"',
        "n_candidates = 200",
        "n_candidates = 200",
        "Extra inputs are not permitted",
    ),
    "unknown stage": ('stage = "retrieval"', 'stage = "first"', 'stage = "first"', "'full' or 'retrieval'"),
    "moving bundle": (
        'bundle = "20261101T020000-3f9a1c07"',
        'bundle = "latest"',
        'bundle = "latest"',
        "'latest' changes under a running experiment",
    ),
    "bundle outside its folder": (
        'bundle = "20261101T020000-3f9a1c07"',
        'bundle = "../secrets"',
        'bundle = "../secrets"',
        "is not a version's name",
    ),
    "enabled as text": ("enabled = false", 'enabled = "no"', 'enabled = "no"', "valid boolean"),
    "missing share": ("share = 0.2\n", "", 5, "Field required"),
}


def write(folder: Path, text: str) -> Path:
    path = folder / "experiments.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> list[str]:
    """The lines of the message that refuses a text."""
    with pytest.raises(ConfigError) as caught:
        load_experiments(write(folder, text))
    return str(caught.value).splitlines()


def line_of(text: str, wanted: str) -> int:
    """The only line of a text that reads as wanted."""
    (line,) = [number for number, one in enumerate(text.splitlines(), start=1) if one == wanted]
    return line


def test_good_file_is_taken(tmp_path: Path) -> None:
    """The file that the refusals are variations of is fine itself."""
    config = load_experiments(write(tmp_path, GOOD))
    assert [experiment.name for experiment in config.experiments] == ["first", "second"]
    assert config.experiments[0].overrides == {"tester": "b"}
    assert config.experiments[1].variants[1].parameters == VariantParameters(stage="retrieval")


@pytest.mark.parametrize("case", REFUSALS)
def test_mistake_is_refused_at_its_line(case: str, tmp_path: Path) -> None:
    """One mistake gives one message, with the file, the mistake's own line and its reason."""
    old, new, place, reason = REFUSALS[case]
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    (message,) = refusal(tmp_path, text)
    line = line_of(text, place) if isinstance(place, str) else place
    assert message.startswith(f"{tmp_path / 'experiments.toml'}:{line}: ")
    assert reason in message


@pytest.mark.parametrize(
    ("setting", "line"),
    [('bundle = "20261101T020000-3f9a1c07"', 17), ('parameters = { stage = "full" }', 17)],
)
def test_control_that_sets_something_is_refused(setting: str, line: int, tmp_path: Path) -> None:
    """A control with a bundle or a parameter would share the label of users who do not have it."""
    text = GOOD.replace("control = true\n", f"control = true\n{setting}\n", 1)
    (message,) = refusal(tmp_path, text)
    assert f":{line}: experiments.0.variants.0." in message
    assert "the control is what users outside the experiment get" in message


def test_second_control_is_refused(tmp_path: Path) -> None:
    """The second variant that calls itself the control is refused at that key."""
    text = GOOD.replace('\n[experiments.variants.parameters]\nstage = "retrieval"\n', "control = true\n")
    (message,) = refusal(tmp_path, text)
    assert f":{len(text.splitlines())}: experiments.1.variants.1.control: there is a control already" in message


def test_lone_variant_is_refused(tmp_path: Path) -> None:
    """An experiment with nothing to compare is refused at its own table."""
    text = GOOD[: GOOD.rindex("[[experiments.variants]]")].replace("weight = 0.7", "weight = 1")
    (message,) = refusal(tmp_path, text)
    assert ":26: experiments.1.variants: one variant is nothing to compare" in message


@pytest.mark.parametrize(
    ("key", "setting"),
    [("bundle", 'bundle = "20261101T020000-3f9a1c07"'), ("parameters", "parameters = { in_stock = true }")],
)
def test_two_layers_setting_one_thing_are_refused(key: str, setting: str, tmp_path: Path) -> None:
    """What two experiments of different layers both set is refused at the later one's line."""
    text = GOOD.replace('bundle = "20261101T020000-3f9a1c07"', setting)
    text = text.replace('layer = "lists"\nslot = [0.5, 1.0]\n', "")
    text = text.replace('\n[experiments.variants.parameters]\nstage = "retrieval"\n', setting + "\n")
    (message,) = refusal(tmp_path, text)
    assert f":{len(text.splitlines())}: experiments.1.variants.1.{key}" in message
    assert re.search(rf"'first' sets {key}(\.in_stock)? too, and a user can be in both", message)


def test_one_layer_may_set_one_thing_twice(tmp_path: Path) -> None:
    """Experiments of one layer share no user, so both may name a bundle."""
    text = GOOD.replace('[experiments.variants.parameters]\nstage = "retrieval"', 'bundle = "20261102T020000-11111111"')
    assert len(load_experiments(write(tmp_path, text)).experiments) == 2


def test_tester_of_two_experiments_of_a_layer_is_refused(tmp_path: Path) -> None:
    """Two overrides in one layer would put a user into two experiments that exclude each other."""
    text = GOOD + '\n[experiments.overrides]\nsomeone = "a"\ntester = "c"\n'
    (message,) = refusal(tmp_path, text)
    line = line_of(text, 'tester = "c"')
    assert f":{line}: experiments.1.overrides.tester: " in message
    assert "'first', of the same layer, has this user already" in message


def test_all_mistakes_of_a_kind_come_at_once(tmp_path: Path) -> None:
    """Two mistakes are told in one go, each with its line."""
    messages = refusal(tmp_path, GOOD.replace("weight = 0.5", "weight = 0", 1).replace("share = 0.5", "share = 2"))
    assert [re.search(r":(\d+): ([a-z0-9.]+)", message)[0] for message in messages] == [  # type: ignore[index]
        ":15: experiments.0.variants.0.weight",
        ":32: experiments.1.share",
    ]


@pytest.mark.parametrize("weights", [(0.333333, 0.666666), (0.3333333, 0.6666666), (0.1, 0.9000009)])
def test_weights_within_the_tolerance_are_taken(weights: tuple[float, float], tmp_path: Path) -> None:
    """Weights may miss 1 by a millionth, so that thirds can be written down."""
    text = GOOD.replace("weight = 0.3", f"weight = {weights[1]}").replace("weight = 0.7", f"weight = {weights[0]}")
    assert load_experiments(write(tmp_path, text)).experiments[1].variants[0].weight == weights[0]


@pytest.mark.parametrize(("start", "end", "share"), [(0.8, 0.9, 0.1), (0.6, 0.7, 0.1), (0.5, 0.6, 0.1000005)])
def test_share_of_a_whole_slot_ends_with_it(start: float, end: float, share: float, tmp_path: Path) -> None:
    """A share as wide as its slot is taken, and never reaches beyond, although 0.9 - 0.8 is not 0.1 in doubles."""
    text = GOOD.replace("slot = [0.5, 1.0]\nshare = 0.5", f"slot = [{start}, {end}]\nshare = {share}")
    low, high = load_experiments(write(tmp_path, text)).experiments[1].traffic
    assert low == start
    assert end - 1e-15 < high <= end


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """A file that is not there is a configuration error that names it."""
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read"):
        load_experiments(tmp_path / "nowhere.toml")


def test_file_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    """A syntax error is told with its line."""
    (message,) = refusal(tmp_path, GOOD + "share 0.2\n")
    assert f"at line {len(GOOD.splitlines()) + 1}" in message


def test_empty_file_is_no_experiment(tmp_path: Path) -> None:
    """An empty file is a valid one without experiments."""
    assert load_experiments(write(tmp_path, "")) == ExperimentsConfig()


def test_shipped_file_enables_nothing() -> None:
    """The file in the repository is valid, holds an example, and switches nothing on."""
    experiments = load_experiments(SHIPPED).experiments
    assert experiments
    assert not any(experiment.enabled for experiment in experiments)


def test_commented_examples_of_the_shipped_file_are_valid(tmp_path: Path) -> None:
    """Every setting that the shipped file shows behind a # can be switched on as it stands."""
    hidden = re.compile(r'^# (?=(bundle|exclude_purchased|in_stock|"[^"]+") = )', re.MULTILINE)
    text = hidden.sub("", SHIPPED.read_text(encoding="utf-8"))
    (experiment,) = load_experiments(write(tmp_path, text)).experiments
    assert experiment.overrides
    assert experiment.settings() == {
        "bundle",
        "parameters.stage",
        "parameters.exclude_purchased",
        "parameters.in_stock",
    }
