import pytest

from pharmaspam.errors import ConfigError
from pharmaspam.policy import Policy

FULL = Policy(review=0.5, block=0.9, seeking=0.6)


@pytest.mark.parametrize(
    ("score", "seeking", "label", "action"),
    [
        pytest.param(0.0, 0.0, "legit", "allow", id="nothing"),
        pytest.param(0.49, 0.59, "legit", "allow", id="just below"),
        pytest.param(0.5, 0.0, "illicit", "review", id="review begins"),
        pytest.param(0.9, 0.0, "illicit", "block", id="block begins"),
        pytest.param(1.0, 0.0, "illicit", "block", id="certain"),
        pytest.param(0.0, 0.6, "seeking", "review", id="asks"),
        pytest.param(0.0, 1.0, "seeking", "review", id="who asks is never blocked"),
        pytest.param(0.7, 0.8, "seeking", "review", id="asks more than offers"),
        pytest.param(0.8, 0.7, "illicit", "review", id="offers more than asks"),
        pytest.param(0.95, 0.97, "seeking", "review", id="asks more than it surely offers"),
        pytest.param(0.97, 0.95, "illicit", "block", id="surely offers and asks too"),
        pytest.param(0.3, 0.2, "legit", "allow", id="neither"),
    ],
)
def test_decide(score, seeking, label, action):
    assert FULL.decide(score, seeking) == (label, action)


def test_a_higher_score_never_means_a_milder_action():
    order = {"allow": 0, "review": 1, "block": 2}
    for asks in range(0, 101, 5):
        strength = [order[FULL.decide(score / 100, asks / 100)[1]] for score in range(101)]
        assert strength == sorted(strength)


@pytest.mark.parametrize("name", ["review", "block", "seeking"])
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_threshold_is_a_probability(name, value):
    with pytest.raises(ConfigError, match=f"policy strict: {name} is .*; give a probability from 0 to 1"):
        Policy("strict", **{name: value})


def test_block_is_never_below_review():
    with pytest.raises(ConfigError, match=r"block 0\.2 is below review 0\.5; raise block or lower review"):
        Policy(review=0.5, block=0.2)


@pytest.mark.parametrize(
    ("own", "filled"),
    [
        pytest.param({}, (0.5, 0.9, 0.6), id="all from the model"),
        pytest.param({"review": 0.2}, (0.2, 0.9, 0.6), id="an earlier review"),
        pytest.param({"review": 0.95}, (0.95, 0.95, 0.6), id="block moves up with review"),
        pytest.param({"block": 0.3}, (0.3, 0.3, 0.6), id="review moves down with block"),
        pytest.param({"seeking": 1.0}, (0.5, 0.9, 1.0), id="who asks is left alone"),
    ],
)
def test_defaults_come_from_the_model(own, filled):
    policy = Policy("own", **own).with_defaults({"review": 0.5, "block": 0.9, "seeking": 0.6})
    assert (policy.review, policy.block, policy.seeking) == filled
    assert policy.name == "own"


def test_a_policy_with_gaps_cannot_decide():
    with pytest.raises(ConfigError, match="thresholds are missing; call with_defaults"):
        Policy(review=0.5).decide(0.7, 0.0)


def test_a_configuration_error_is_a_value_error():
    assert issubclass(ConfigError, ValueError)
