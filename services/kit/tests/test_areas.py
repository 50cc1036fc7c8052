"""The demo city's tree of areas."""

import doctest
from pathlib import Path

import pytest

from kit.contracts import areas


def test_the_city_has_its_communities():
    city = areas.load()

    assert len(city) == 1394
    assert city.name("341100000000") == "滁州市"
    assert len(city.within("341100000000", areas.COMMUNITY)) == 1258


def test_every_area_lies_in_its_parent():
    city = areas.load()

    for area in city:
        if area.parent is not None:
            assert area.code in {child.code for child in city.children(area.parent)}
            assert areas.parent(area.code) == area.parent
            assert areas.is_in(area.code, area.parent)


def test_a_path_leads_from_the_province_to_the_community():
    city = areas.load()

    path = city.path(city.within("341182000000", areas.COMMUNITY)[0].code)

    assert [area.level for area in path] == [1, 2, 3, 4, 5]


def test_the_level_of_an_unknown_code_is_none():
    assert areas.load().level_of("999999999999") is None


def test_a_row_without_its_parent_is_refused_by_line(tmp_path: Path):
    file = tmp_path / "areas.csv"
    file.write_text(
        "code,name,level,parent_code,type,official\n341102000000,琅琊区,3,341100000000,县级,1\n",
        encoding="utf-8",
    )

    with pytest.raises(ValueError, match="line 2: parent_code '341100000000'"):
        areas.load(file)


def test_the_examples_in_the_docstrings_run():
    assert doctest.testmod(areas).failed == 0


def test_a_list_beside_the_tree_names_what_a_town_is_too(tmp_path: Path) -> None:
    tree, towns = tmp_path / "city.csv", tmp_path / "city_towns.csv"
    tree.write_text(
        "code,name,level,parent_code,type,official\n"
        "340000000000,安徽省,1,0,省级,1\n"
        "341122100000,新安镇,4,340000000000,镇,1\n",
        encoding="utf-8",
    )
    heading = "code,name,kind,since,source\n"
    towns.write_text(
        f"{heading}341122100000,新安镇,县城所在镇,2021-10-31,…\n341122100000,新安镇,重点镇,2014-07-21,…\n",
        encoding="utf-8",
    )

    assert areas.load(tree)["341122100000"].kinds == {"镇", "县城所在镇", "重点镇"}

    another = tmp_path / "another.csv"
    another.write_text(tree.read_text(encoding="utf-8"), encoding="utf-8")
    assert areas.load(another)["341122100000"].kinds == {"镇"}

    (tmp_path / "another_towns.csv").write_text(f"{heading}341122999000,无,重点镇,,\n", "utf-8")
    areas.load.cache_clear()
    with pytest.raises(ValueError, match="341122999000"):
        areas.load(another)


def test_a_position_far_from_its_county_has_a_distance() -> None:
    tree, community = areas.load(), "341102001003"

    assert tree.far_km(community, 118.3, 32.3) is None
    assert tree.far_km(community, 118.306, 32.298) is None  # what a phone's datum shifts
    assert tree.far_km(community, 121.47, 31.23) == 323  # another province
    assert (tree.far_km(community, 83.0, 32.3) or 0) > 3_000
    assert tree.far_km("341100000000", 83.0, 32.3) is None  # a city has no one centre
