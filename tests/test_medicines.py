"""The medicine check: names that do not fit, strengths that are not sold, and no alarm at a plausible dose."""

import time
import tomllib

import pytest

from qa.screening import Severity, screen
from qa.screening.medicines import STRENGTH, TABLE, all_medicines, find_medicines

DOCUMENTS = TABLE.parents[2] / "fixtures" / "documents"


def found(text):
    return [(finding.rule, text[finding.start : finding.end]) for finding in find_medicines(text)]


def test_the_pair_and_the_strength_of_the_archive_are_found_and_nothing_else_in_its_documents():
    per_document = {path.name[:3]: found(path.read_text(encoding="utf-8")) for path in DOCUMENTS.glob("*.txt")}
    assert per_document == {
        "000": [],
        "001": [("medicine-strength", "Pimecrolimus 0.1%"), ("medicine-name", "Pimecrolimus (普特皮)")],
        "002": [],
        "003": [],
    }


def test_a_wrong_name_is_told_with_what_is_known():
    (finding,) = screen("The doctor gave me Pimecrolimus 0.1% (普特皮).", ["medicine"])
    assert finding.kind == "medicine"
    assert finding.severity == Severity.ADVICE
    assert "Protopic (普特皮) is tacrolimus; Pimecrolimus is another medicine" in finding.message
    assert "as far as we know" in finding.message
    assert "on the package" in finding.message


def test_a_wrong_strength_is_told_with_the_strengths_that_are_sold():
    (finding,) = find_medicines("tacrolimus 1 %")
    assert "0.03 or 0.1 % ointment; 0.5, 1 or 5 mg capsule" in finding.message


@pytest.mark.parametrize(
    "text",
    [
        "普特皮 (pimecrolimus)",
        "Tylenol (ibuprofen)",
        "Crestor 10 mg (atorvastatin)",
        "立普妥（rosuvastatin）",
        "tacrolimus ointment 0.1 % (brand name: Elidel)",
        "Nexium, i.e. omeprazole",
        "tacrolimus, also known as Elidel",
    ],
)
def test_a_brand_and_another_medicine_side_by_side_are_found(text):
    assert [rule for rule, _ in found(text)] == ["medicine-name"]


@pytest.mark.parametrize(
    "text",
    [
        "Protopic (tacrolimus)",
        "普特皮 (Protopic)",
        "Augmentin (amoxicillin)",
        "acetaminophen (Panadol)",
        "ibuprofen (Tylenol did not help)",
        "Protopic or Elidel",
        "Lipitor, metformin, Plavix",
        "Advil/Tylenol",
        "calcineurin inhibitors (tacrolimus, pimecrolimus)",
        "steroids or calcineurin inhibitors (Protopic, Elidel)",
    ],
)
def test_names_that_belong_together_or_are_only_listed_are_left_alone(text):
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Pimecrolimus 0.1%",
        "0.1% pimecrolimus",
        "Elidel cream 0,1 %",
        "普特皮軟膏1％",
        "betamethasone valerate cream 1 %",
        "levothyroxine 50 mg",
        "digoxin 125 mg",
        "escitalopram 200 mg",
        "escitalopram 200 mg/day",
        "脈優 500毫克",
    ],
)
def test_a_strength_that_is_not_sold_is_found(text):
    assert [rule for rule, _ in found(text)] == ["medicine-strength"]


@pytest.mark.parametrize(
    "text",
    [
        "2 x 500 mg paracetamol",
        "1000 mg paracetamol",
        "paracetamol 4000 mg per day",
        "metformin 1,000 mg",
        "metformin 1 g twice a day",
        "prednisone 5-10 mg",
        "half of it: sertraline 12.5 mg",
        "levothyroxine 50 mcg",
        "Eltroxin 100 µg",
        "digoxin 0.125 mg",
        "Elidel 1%",
        "普特皮軟膏0.1％",
        "Lipitor 20 mg metformin 500 mg",
        "Elidel, 0.1 % tacrolimus",
        "amlodipine/valsartan 5/160 mg",
        "Exforge 5/160 mg",
        "ibuprofen 10 mg/kg",
        "Voltaren gel 100 g",
        "Elidel 15 g",
        "metformin cut my sugar by 50 %",
        "an unknown medicine 0.1 %",
    ],
)
def test_a_plausible_strength_or_dose_is_left_alone(text):
    assert found(text) == []


def test_only_where_medicines_are_wanted_are_they_looked_for():
    assert screen("Pimecrolimus 0.1%", ["medicine"])
    assert screen("Pimecrolimus 0.1%", ["links"]) == []
    assert "medicine" in {finding.kind for finding in screen("Pimecrolimus 0.1%")}


def test_the_table_names_each_medicine_once_with_strengths_and_a_source():
    groups = tomllib.loads(TABLE.read_text(encoding="utf-8"))["group"]
    rows = [row for group in groups for row in group["medicines"]]
    names = [
        name.lower()
        for row in rows
        for name in [row["name"], *row.get("also", []), *(part for b in row.get("brands", []) for part in b.split("/"))]
    ]
    assert len(rows) >= 140
    assert len(names) == len(set(names)) == len(all_medicines())
    assert all(group["source"] for group in groups)
    assert all(STRENGTH.match(strength) for row in rows for strength in row["strengths"])
    assert not {part for row in rows for part in row.get("contains", [])} - set(names) - UNLISTED


UNLISTED = {"trimethoprim", "sulfamethoxazole", "salmeterol", "formoterol", "hydrocodone"}  # parts without a row


@pytest.mark.parametrize(
    "text", ["Metformin 500 mg and Lipitor 20 mg, Norvasc (amlodipine) 5 mg; " * 32, "é普a(" * 500]
)
def test_two_thousand_characters_take_less_than_ten_milliseconds(text):
    find_medicines(text)  # reads the table
    started = time.perf_counter()
    for _ in range(10):
        find_medicines(text[:2000])
    assert (time.perf_counter() - started) / 10 < 0.01
