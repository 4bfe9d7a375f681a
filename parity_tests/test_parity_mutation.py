"""The prover catches wrong graphs: a sample of the battery (``make mutants`` has all)."""

import pytest

from parity_tests.mutation.battery import KINDS, MODELS, QUIET, Mutant, main, mutants_of, run_model, table
from parity_tests.mutation.metadata import METADATA
from parity_tests.zoo import CASES

#: Kinds that change a fitted tree: certificates must see them, whether a probe does or not.
OF_TREES = (
    "split one ulp up",
    "split one ulp down",
    "branches exchanged",
    "side of missing values",
    "leaf one ulp up",
    "leaf of another target",
    "less in place of less or equal",
    "another feature",
    "a tree lost",
    "a tree twice",
    "mean in place of sum",
    "a link too many",
)

#: Kinds that change what a category becomes.
OF_CATEGORIES = ("a category's key", "a category's code")


def test_models_and_kinds_are_many_and_known():
    assert set(MODELS) <= set(CASES)
    assert len(MODELS) >= 20
    assert len(KINDS) >= 30
    assert not set(KINDS) & set(METADATA)


@pytest.mark.parametrize(
    "case_id",
    [
        "forest/RandomForestClassifier, 3 classes, impure",
        "linear/LogisticRegression, 3 classes",
        "one-hot/infrequent",
        "scenario/spam",
    ],
)
def test_every_mutant_is_caught(case_id):
    mutants = run_model(case_id)
    assert len(mutants) >= 15
    assert [m for m in mutants if not m.caught] == []
    # What a file says of itself is for certificates alone: the graph is sound.
    assert [m for m in mutants if m.kind in METADATA and not m.certificates] == []
    assert any(m.kind in METADATA for m in mutants)
    certified = (*OF_TREES, *OF_CATEGORIES) if case_id.startswith("one-hot") else OF_TREES
    assert [m for m in mutants if m.kind in certified and not m.certificates] == []


def test_the_page_says_why_a_mutant_can_be_within_tolerance_on_every_probe():
    quiet = Mutant("scaler/standard", "inputs exchanged", "...", False, False, True, "", True)
    assert "| inputs exchanged | 1 | 1 | 0 | both inputs are the same on every probe |" in table([quiet])


def test_every_kind_that_can_be_quiet_has_a_reason():
    assert set(QUIET) <= set(KINDS)


def test_the_same_seed_gives_the_same_mutants():
    first, second = ([(kind, what) for kind, what, *_ in mutants_of("scaler/standard", 3)] for _ in range(2))
    assert first == second
    assert first != [(kind, what) for kind, what, *_ in mutants_of("scaler/standard", 4)]


def test_the_command_names_what_it_cannot_find(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["-o", "nowhere", "--only", "no such model"])
    assert caught.value.code == 2
    assert "names no model" in capsys.readouterr().err
