"""The balance over the years: shortage, surplus, opening and closing schools."""

import numpy as np
import pandas as pd
import pytest

import edulayout as el
from edulayout.errors import InputError


def pupils(**districts):
    return pd.DataFrame(
        [("medium", "primary", name, 2024 + at, float(number)) for name, row in districts.items() for at, number in enumerate(row)],
        columns=["variant", "stage", "district_id", "year", "pupils"],
    )  # fmt: skip


def schools(*rows):
    names = ["kind", "district_id", "seats_primary", "opens", "closes"]
    return pd.DataFrame(rows, columns=names, index=[f"s{i}" for i in range(len(rows))])


def of(table, district):
    return table[table["district_id"] == district].reset_index(drop=True)


def test_agrees_with_the_balance_of_one_year():
    own = schools(("primary", "a", 45.0, None, None), ("primary", "b", 90.0, None, None))
    found = el.seats.balance_by_year(pupils(a=[90], b=[45]), own)
    demand = pd.DataFrame(
        {"pupils_primary": [90.0, 45.0], "population": 1.0, "district_id": ["a", "b"]}, index=["x", "y"]
    )
    one = el.seats.balance(demand, own, stage="primary")
    for name in ("pupils", "seats", "surplus", "gap", "gap_at_most"):
        assert found[name].tolist() == one[name].tolist(), name


def test_schools_open_and_close():
    own = schools(("primary", "a", 100.0, None, 2026), ("primary", "a", 70.0, 2025, None))
    found = of(el.seats.balance_by_year(pupils(a=[120, 120, 120]), own), "a")
    assert found["seats"].tolist() == [100, 170, 70]
    assert found["surplus"].tolist() == [-20, 50, -50]
    assert found["seats_idle"].tolist() == [0, 50, 0]
    assert found["schools"].tolist() == [1, 2, 1]


def test_free_seats_elsewhere_do_not_fill_a_gap():
    own = schools(("primary", "a", 200.0, None, None), ("primary", "b", 10.0, None, None))
    found = of(el.seats.balance_by_year(pupils(a=[100], b=[50]), own), "all").iloc[0]
    assert (found["gap"], found["gap_of_districts"]) == (0, 40)


def test_unknown_seats_are_no_guess():
    own = schools(("primary", "a", None, None, None))
    found = of(el.seats.balance_by_year(pupils(a=[100]), own), "a").iloc[0]
    assert np.isnan(found["gap"])
    assert found["gap_at_most"] == 100
    assert found["schools_unknown"] == 1
    table = el.seats.outlook(el.seats.balance_by_year(pupils(a=[100, 90]), own))
    assert table["verdict"].tolist() == ["cannot tell", "cannot tell"]


def test_layouts_status_and_schools_outside():
    own = schools(
        ("primary", "a", 10.0, None, None), ("primary", "a", 5.0, None, None), ("primary", None, 3.0, None, None)
    )
    own = own.assign(layout=["now", "plan", "plan"], status=["existing", "planned", "existing"])
    found = el.seats.balance_by_year(pupils(a=[10]), own)
    assert found[["layout", "district_id", "year", "seats"]].to_numpy().tolist() == [
        ["now", "a", 2024, 10], ["now", "all", 2024, 10],
        ["plan", "a", 2024, 5], ["plan", "outside", 2024, 3], ["plan", "all", 2024, 8],
    ]  # fmt: skip
    closed = el.seats.balance_by_year(pupils(a=[10]), own.assign(status="closed").drop(columns="layout"))
    assert closed["seats"].sum() == 0


def test_variants_keep_their_order():
    table = pd.concat([pupils(a=[5, 6]).assign(variant=name) for name in ("medium", "low", "high")], ignore_index=True)
    found = el.seats.balance_by_year(table, schools(("primary", "a", 5.0, None, None)))
    assert list(dict.fromkeys(found["variant"])) == ["medium", "low", "high"]


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        ([80, 90, 100], "enough"), ([120, 130, 110], "short"), ([90, 120, 95], "short, then enough"),
        ([90, 120, 60], "short, then surplus"), ([90, 110, 120], "enough, then short"),
        # Fewer seats idle than lacked at worst, and still two fifths of them without a pupil.
        ([300, 120, 60], "short, then surplus"), ([120, 90, 81], "short, then enough"),
        ([60, 80, 20], "surplus"), ([95, 90, 80], "enough, then surplus"), ([60, 90, 81], "enough"),
    ],
)  # fmt: skip
def test_outlook(row, verdict):
    found = el.seats.outlook(el.seats.balance_by_year(pupils(a=row), schools(("primary", "a", 100.0, None, None))))
    one = found.iloc[0]
    assert one["verdict"] == verdict
    assert one["worst_gap"] == max(0, max(row) - 100)
    assert one["horizon_surplus"] == 100 - row[-1]
    assert one["peak_pupils"] == max(row)
    assert one["peak_year"] == 2024 + row.index(max(row))
    assert pd.isna(one["worst_gap_year"]) == (max(row) <= 100)
    assert one["horizon_idle_share"] == max(0, 100 - row[-1]) / 100
    assert pd.isna(one["surplus_from_year"]) == ("surplus" not in verdict)


def test_the_outlook_tells_from_which_year_on_seats_stand_idle():
    own = schools(("primary", "a", 100.0, None, None), ("primary", "b", 10.0, None, None))
    table = el.seats.balance_by_year(pupils(a=[70, 95, 80, 27], b=[30, 15, 20, 9]), own)
    found = el.seats.outlook(table).set_index("district_id")
    assert found.loc["a", ["surplus_from_year", "verdict"]].tolist() == [2026, "enough, then surplus"]
    assert found.loc["a", "horizon_idle_share"] == 0.73
    # 110 seats for 100, 110, 100 and 36 pupils: the city never lacks any, the districts do.
    assert found.loc["all", ["worst_gap", "worst_gap_of_districts"]].tolist() == [0, 20]
    assert el.seats.outlook(table, surplus_share=0.8)["surplus_from_year"].isna().all()
    with pytest.raises(InputError, match="surplus_share"):
        el.seats.outlook(table, surplus_share=20)


def test_outlook_from_a_year_on():
    table = el.seats.balance_by_year(pupils(a=[300, 90, 85]), schools(("primary", "a", 100.0, None, None)))
    assert el.seats.outlook(table, now=2025)["verdict"].tolist() == ["enough", "enough"]
    with pytest.raises(InputError, match="2040"):
        el.seats.outlook(table, now=2040)


def test_faults_together():
    own = schools(("primary", "moon", -1.0, "soon", None))
    table = pd.concat([pupils(a=[1, 2], b=[-1])], ignore_index=True)
    with pytest.raises(InputError) as error:
        el.seats.balance_by_year(table, own)
    text = str(error.value)
    for words in (
        "pupils that cannot be",
        "medium primary b 2025",
        "without a forecast",
        "seats_primary",
        "opens that are no",
    ):
        assert words in text, words
    with pytest.raises(InputError, match="no column district_id"):
        el.seats.balance_by_year(table, own.drop(columns="district_id"))
