"""Every folder under examples/ is one that `sekisho check` has nothing to say against."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from sekisho.app import settings
from sekisho.app.folder import check_folder
from sekisho.policy.source import Severity

pytestmark = pytest.mark.unit
EXAMPLES = Path(__file__).parents[2] / "examples"
FOLDERS = sorted(f.name for f in EXAMPLES.iterdir() if f.is_dir())
TODAY = date(2026, 12, 1)


@pytest.mark.parametrize("name", FOLDERS)
def test_an_example_checks_clean(name: str) -> None:
    report = check_folder(EXAMPLES / name, TODAY)
    assert [d for d in report.diagnostics if d.severity is not Severity.NOTE] == []
    assert report.compiled.policy is not None
    assert report.maps


@pytest.mark.parametrize("name", FOLDERS)
def test_the_lock_of_an_example_is_the_one_its_text_makes(name: str) -> None:
    kept = (EXAMPLES / name / "policy.lock").read_text(encoding="utf-8")
    assert check_folder(EXAMPLES / name, TODAY).compiled.lock.text() == kept


@pytest.mark.parametrize("name", FOLDERS)
def test_every_map_of_an_example_maps_every_purpose_login_and_person(name: str) -> None:
    for rules in check_folder(EXAMPLES / name, TODAY).rules:
        served = {purpose for login in rules.logins for purpose in (*login.purposes, login.bound) if purpose}
        seeing = {view.purpose for view in rules.views} - {"ask-consent", "comply-with-law", "warn-people", "migration"}
        assert seeing <= served, f"{rules.store}: nobody may state {sorted(seeing - served)}"


def test_the_music_shop_maps_one_store_for_each_of_its_settings() -> None:
    read = settings.read(EXAMPLES / "music-shop", {})
    maps = {m.store for m in check_folder(EXAMPLES / "music-shop", TODAY).maps}
    assert {s.name for s in read.stores} == maps == {"online", "counter"}
    assert all(s.map.exists() for s in read.stores)
