"""Each check against an enumeration of all that is possible, with decimal as the other way to round."""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, localcontext
from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement, product
from math import ceil
from statistics import median, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compendium.verification.audit import arithmetic
from compendium.verification.audit.arithmetic import combined_possible, parts_add_up, range_possible, sd_possible
from compendium.verification.audit.rounding import RULES, printed_number, round_like, rounds_to, span

MODES = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "truncate": ROUND_DOWN}
PRINTS = st.from_regex(r"-?[0-9]{1,4}([.,][0-9]{1,3})?", fullmatch=True)
every_rule = pytest.mark.parametrize("rule", RULES)


def quantized(value, decimals, rule="half_up"):
    """Round with decimal; its division is exact wherever a half could be at stake."""
    with localcontext(Context(prec=80)):
        number = Decimal(value.numerator) / Decimal(value.denominator)
        text = f"{number.quantize(Decimal(1).scaleb(-decimals), rounding=MODES[rule]):f}"
    return text.replace("-", "") if not text.strip("-0.") else text


@cache
def all_shares(decimals, rule):
    """Every print of k of d up to 65: {(print, d): [k, ...]}."""
    shares = {}
    for size in range(1, 66):
        for number in range(size + 1):
            text = quantized(Fraction(100 * number, size), decimals, rule)
            shares.setdefault((text, size), []).append(number)
    return shares


@every_rule
@pytest.mark.parametrize("decimals", [0, 1, 2])
def test_numerators_are_those_of_the_enumeration(rule, decimals):
    shares = all_shares(decimals, rule)
    prints = sorted({text for text, _ in shares})[:: 1 + 5 * decimals]
    for text, size in product(prints, range(1, 66)):
        assert list(arithmetic.possible_numerators(text, size, rule)) == shares.get((text, size), []), (text, size)


@every_rule
@pytest.mark.parametrize("text", ["68.7", "14.3", "5.4", "12.5", "12", "0", "100", "99.9", "33", "68.75", "0.8", "1"])
def test_denominators_are_those_of_the_enumeration(rule, text):
    shares = all_shares(printed_number(text)[1], rule)
    assert arithmetic.possible_denominators(text, rules=rule) == [d for d in range(1, 66) if (text, d) in shares]
    for number in (0, 1, 8, 16, 65):
        sizes = [d for d in range(1, 66) if number in shares.get((text, d), [])]
        assert arithmetic.possible_denominators(text, 65, number, rule) == sizes


def test_several_rules_give_what_any_of_them_gives():
    for text, size in product(["12", "12.5", "36.3", "50", "0", "100"], [*range(1, 66), 1000]):
        each = [set(arithmetic.possible_numerators(text, size, rule)) for rule in RULES]
        assert set(arithmetic.possible_numerators(text, size, RULES)) == set().union(*each)
    assert arithmetic.possible_denominators("68.7", rules=RULES) == [16, 32, 48, 64]
    assert arithmetic.possible_denominators("68.7") == []


@pytest.mark.parametrize(("rule", "expected"), list(zip(RULES, ("13", "12", "12"), strict=True)))
def test_halves_and_zeros_by_hand(rule, expected):
    assert round_like(Fraction(25, 2), "0", rule) == expected
    assert round_like(Fraction(-25, 2), "0", rule) == f"-{expected}"
    prints = ("12", "13", "12.5", "12.50")
    assert [text for text in prints if rounds_to(Fraction(25, 2), text, rule)] == [expected, "12.5", "12.50"]
    assert [round_like(Fraction(-1, 5), text, rule) for text in ("0", "0.0", "0,00")] == ["0", "-0.2", "-0,20"]


@given(st.fractions(-200, 200, max_denominator=80), st.integers(0, 4), st.sampled_from(RULES))
def test_a_number_rounds_to_its_print_and_no_other(value, decimals, rule):
    text = quantized(value, decimals, rule)
    assert round_like(value, text, rule) == text
    for shift in (-1, 0, 1):
        other = quantized(printed_number(text)[0] + shift * Fraction(1, 10**decimals), decimals, rule)
        assert rounds_to(value, other, rule) == rounds_to(value, other.replace(".", ","), rule) == (shift == 0)


@given(PRINTS, st.sampled_from(RULES))
def test_only_the_ends_that_belong_to_a_span_are_printed_alike(text, rule):
    ends = span(text, rule)
    number, decimals = printed_number(text)
    for end, belongs in ((ends.low, ends.low_in), (ends.high, ends.high_in)):
        assert (printed_number(quantized(end, decimals, rule))[0] == number) == belongs


def test_the_nearest_by_hand():
    assert arithmetic.nearest_numerators("68.7", 14) == [(9, "64.3"), (10, "71.4")]
    assert arithmetic.nearest_numerators("68,7", 14) == [(9, "64,3"), (10, "71,4")]
    alone = [arithmetic.nearest_numerators(text, 14) for text in ("120", "50", "-5")]
    assert alone == [[(14, "100")], [(7, "50")], [(0, "0")]]
    # 16/39 = 0.4103, 17/38 = 0.4474
    assert arithmetic.nearest_ratios("0.44", 55) == [(16, 39, "0.41"), (17, 38, "0.45")]
    assert arithmetic.possible_ratios("0.44", 55, RULES) == [(17, 38)]
    assert arithmetic.nearest_ratios("1", 10) == [(5, 5, "1")]
    assert arithmetic.nearest_ratios("99", 10) == [(9, 1, "9")]
    # The example of the GRIM test: 28 whole values cannot have the mean 5.19, since 145/28 = 5.18 and 146/28 = 5.21.
    assert not arithmetic.mean_possible("5.19", 28)
    assert arithmetic.mean_possible("5.18", 28)
    assert arithmetic.nearest_means("5.19", 28) == [(145, "5.18"), (146, "5.21")]
    assert arithmetic.mean_possible("5.19", 28, "0.25")
    assert arithmetic.nearest_means("3.5", 2, "0.5") == [(7, "3.5")]
    # A negative percentage is no share.
    assert list(arithmetic.possible_numerators("-5", 20)) == arithmetic.possible_denominators("-5") == []
    assert list(arithmetic.possible_numerators("-0.0", 20)) == [0]


@every_rule
@pytest.mark.parametrize("text", ["0.44", "0.4", "1", "2.5", "0", "0,33", "12.0"])
def test_ratios_are_those_of_the_enumeration(text, rule):
    decimals = printed_number(text)[1]
    for total in range(1, 66):
        pairs = [(a, total - a) for a in range(total)]
        expected = [pair for pair in pairs if quantized(Fraction(*pair), decimals, rule) == text.replace(",", ".")]
        assert arithmetic.possible_ratios(text, total, rule) == expected


def test_parts_add_up():
    assert parts_add_up(["54.5", "21.8", "1.8"], "78.2")  # 78.1, but 43/55 is 30/55 + 12/55 + 1/55
    for parts, right, wrong in (["33.3"] * 3, "100.0", "100.1"), (["57,1", "7,1"], "64.3", "64.4"):
        assert parts_add_up(parts, right) and not parts_add_up(parts, wrong)
    assert [parts_add_up(["30", "12", "1"], total, rounded=False) for total in ("43", "44")] == [True, False]
    assert parts_add_up(["5"], "5", rounded=False)
    # Cut parts only ever lose: each of 33, 33 and 33 may hide almost 1.
    assert [parts_add_up(["33"] * 3, total, rule="truncate") for total in ("101", "98")] == [True, False]
    # Two halves make one: 0.5 + 0.5 = 1 to even digits; half up 0.5 is printed 1, and 0.4999... twice is below 1.
    assert parts_add_up(["0", "0"], "1", rule="half_even")
    assert parts_add_up(["0.50", "0.51"], "1.00")


@given(
    st.lists(st.fractions(0, 50, max_denominator=60), min_size=1, max_size=6), st.integers(0, 2), st.sampled_from(RULES)
)
def test_rounded_parts_of_a_real_total_always_add_up(parts, decimals, rule):
    shown = [quantized(part, decimals, rule) for part in parts]
    assert parts_add_up(shown, quantized(sum(parts), decimals, rule), rule=rule)


@every_rule
def test_means_are_those_of_the_enumeration(rule):
    for n, step, decimals in product((1, 2, 3, 7, 20, 29), (Fraction(1), Fraction(1, 4), Fraction(5)), (0, 1, 2)):
        sums = range(-4 * ceil(n / step), 4 * ceil(n / step))
        prints = {quantized(Fraction(k) * step / n, decimals, rule) for k in sums}
        for unit in range(-2 * 10**decimals, 2 * 10**decimals, 1 + 3 * (decimals > 1)):
            text = quantized(Fraction(unit, 10**decimals), decimals, rule)
            assert arithmetic.mean_possible(text, n, step, rule) == (text in prints), (text, n, step)


def all_samples(n, high):
    return combinations_with_replacement(range(high + 1), n)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_a_standard_deviation_of_real_values_is_possible(n):
    for sample in all_samples(n, 5):
        shown = f"{stdev(sample):.2f}", quantized(Fraction(sum(sample), n), 2)
        assert sd_possible(*shown, n)
        assert sd_possible(*shown, n, minimum=0, maximum=5)
        assert sd_possible(*shown, n, "0.5")


@pytest.mark.parametrize("n", [5, 12, 30])
def test_binary_values_are_checked_to_the_last_digit(n):
    for ones in range(n + 1):
        variance = Fraction(ones * (n - ones), n * (n - 1))  # n p q / (n - 1)
        with localcontext(Context(prec=40)):
            root = quantized(Fraction((Decimal(variance.numerator) / variance.denominator).sqrt()), 2)
        for unit in range(60):
            text = f"{Decimal(unit).scaleb(-2):.2f}"
            assert sd_possible(text, quantized(Fraction(ones, n), 2), n, minimum=0, maximum=1) == (text == root)


def test_an_impossible_standard_deviation_is_found():
    prints = {(quantized(Fraction(sum(s), 4), 2), f"{stdev(s):.2f}") for s in all_samples(4, 5)}
    tried = {(m, f"{sd / 100:.2f}") for m in {m for m, _ in prints} for sd in range(0, 300)}
    refused = {pair for pair in tried if not sd_possible(pair[1], pair[0], 4, minimum=0, maximum=5)}
    assert not refused & prints
    assert len(tried - prints - refused) < 0.1 * len(refused)
    # Four values with the sum 10: squares of 26 give 0.58 and of 28 give 1.00; 27, which is odd, would give 0.82.
    assert [sd_possible(sd, "2.50", 4) for sd in ("0.82", "1.00", "0.58")] == [False, True, True]
    # At most 5 / 2 * sqrt(20 / 19) = 2.565; squares of 532, two above the most of ten 2 and ten 7, would give 2.585.
    assert [sd_possible(sd, "4.50", 20, minimum=2, maximum=7) for sd in ("2.59", "2.56")] == [False, True]
    # Ten 2 and ten 3 have 0.51.
    assert [sd_possible(sd, "2.50", 20) for sd in ("0.00", "0.51", "0.50")] == [False, True, False]
    assert not sd_possible("1.00", "7.00", 20, minimum=0, maximum=5)
    assert sd_possible("0.0", "3.0", 5, minimum=3, maximum=3)
    # Many sums are not tried one by one.
    assert sd_possible("0.00", "2.5", 11 * arithmetic.MANY)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
def test_ranges_of_real_values_are_possible_and_others_are_not(n):
    samples = [[Fraction(value) for value in sample] for sample in all_samples(n, 4)]
    known = {(min(sample), max(sample), sum(sample) / n, median(sample)) for sample in samples}
    means = {}
    for low, high, mean, middle in known:
        # Three decimals are so fine that rounding hides nothing here, except for thirds and sixths.
        shown = [quantized(one, 3) for one in (low, high, mean, middle)]
        assert range_possible(*shown, n=n)
        assert range_possible(*shown)
        assert range_possible(*shown[:3], n=n)
        if n > 2 and middle.denominator == 1:  # whole values reach a half only from both sides of it
            means.setdefault((shown[0], shown[1], shown[3]), []).append(mean)
    for (low, high, middle), possible in means.items():
        # The means of fractional values lie between those of whole ones, and reach as far.
        for outside in (min(possible) - Fraction(1, 50), max(possible) + Fraction(1, 50)):
            assert not range_possible(low, high, quantized(outside, 3), middle, n=n)


def test_ranges_by_hand():
    assert range_possible("17", "17") and not range_possible("93", "17")
    assert range_possible("3.5", "3")  # 3.46 is printed 3.5, and 3.49 is printed 3
    assert not range_possible("4", "3", rule="truncate")
    assert not range_possible("3.5", "2.5", rule="half_up")
    assert range_possible("3", "2.5", rule="half_even") and not range_possible("3", "2.4", rule="half_even")
    assert not range_possible("3.6", "3")
    for outside in ({"median": "94"}, {"median": "16"}, {"mean": "16"}):
        assert not range_possible("17", "93", **outside)
    assert range_possible("2", "1616", mean="151.2", n=15)
    # One of 15 values is 1616 and none is below 2: (1616 + 14 * 2) / 15 = 109.6
    assert range_possible("2.0", "1616.0", mean="109.6", n=15)
    assert not range_possible("2.0", "1616.0", mean="109.5", n=15)
    # Half of all values are 10 at least, half are 0 at least.
    assert not range_possible("0.0", "20.0", mean="4.8", median="10.0")
    assert range_possible("0.0", "20.0", mean="5.0", median="10.0")
    assert not range_possible("1", "9", mean="7.0", n=2)
    assert not range_possible("1", "9", n=1)


@pytest.mark.parametrize("kind", ["mean", "median", "minimum", "maximum"])
def test_groups_are_judged_as_by_enumeration(kind):
    """Two groups of two whole numbers from 0 to 3, all printed without decimals."""
    summary = {"mean": lambda v: sum(v) / len(v), "median": median, "minimum": min, "maximum": max}[kind]

    def printed(values):
        return round_like(Fraction(summary(values)), "0")

    seen = {(printed(v[:2]), printed(v[2:]), printed(v)) for v in product(range(4), repeat=4)}
    texts = [str(number) for number in range(4)]
    for a, b, total in product(texts, repeat=3):
        possible = combined_possible(kind, [a, b], total, [2, 2] if kind == "mean" else None)
        # Finer values than whole ones are allowed, so that more may be possible, but nothing that was seen is not.
        assert possible or (a, b, total) not in seen
        if kind in ("minimum", "maximum"):
            assert possible == ((a, b, total) in seen)
    assert not combined_possible(kind, ["1", "1"], "3", [2, 2] if kind == "mean" else None)


NO_NUMBERS = ["", "a", "1.2.3", "1e5", " 5", "5 ", "1_000", "nan", "٣", "5%", ".5", "5.", "1" * 16, 5, None]


@pytest.mark.parametrize(("call", "message"), [
    (lambda: arithmetic.possible_numerators("5", 0), "denominator 0 is not allowed; it is a whole number from 1"),
    (lambda: arithmetic.possible_numerators("5", 2.0), r"denominator 2\.0 is not allowed"),
    (lambda: arithmetic.possible_numerators("5", 2, "up"), "'up'; allowed are half_up, half_even, truncate"),
    (lambda: arithmetic.possible_numerators("5", 2, ()), "missing; allowed are half_up"),
    (lambda: arithmetic.possible_denominators("5", 0), "largest 0 is not allowed"),
    (lambda: arithmetic.possible_denominators("5", 9, -1), "numerator -1 is not allowed"),
    (lambda: arithmetic.nearest_numerators("5", 0), "denominator 0"),
    (lambda: arithmetic.possible_ratios("5", 0), "total 0"),
    (lambda: arithmetic.nearest_ratios("-5", 3), "ratio '-5' is not allowed"),
    (lambda: parts_add_up([], "3"), "no parts"), (lambda: arithmetic.mean_possible("5", 0), "n 0"),
    (lambda: arithmetic.mean_possible("5", 3, "0"), "step '0' is not allowed; it is a number above 0"),
    (lambda: arithmetic.mean_possible("5", 3, 0.1), r"0\.1 is not exact"),
    (lambda: sd_possible("5", "5", 1), "n 1 is not allowed; it is a whole number from 2"),
    (lambda: sd_possible("5", "5", 3, minimum=0), "give minimum and maximum, or none"),
    (lambda: range_possible("1", "2", n=0), "n 0"),
    (lambda: span("5", "up"), "'up'; allowed are half_up, half_even, truncate"),
    (lambda: rounds_to(0.5, "1"), r"0\.5 is not exact; allowed are whole numbers, Fraction and Decimal"),
    (lambda: rounds_to(Decimal("nan"), "1"), "is not exact"),
    *((lambda text=text: arithmetic.possible_numerators(text, 5), "is not a printed number") for text in NO_NUMBERS),
])  # fmt: skip
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
