"""A small profile to build on, and the two real ones, loaded once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.district.loader import load
from shared.district.lookup import DirectoryIndex

DISTRICTS = Path(__file__).parents[3] / "deploy" / "districts"


@pytest.fixture(scope="session")
def kongtong() -> DirectoryIndex:
    """Give the index of 崆峒区."""
    return DirectoryIndex(load(DISTRICTS / "620802"))


@pytest.fixture(scope="session")
def new_area() -> DirectoryIndex:
    """Give the index of 兰州新区."""
    return DirectoryIndex(load(DISTRICTS / "620171"))


@pytest.fixture
def raw() -> dict[str, Any]:
    """Give a small valid profile as raw values, to be changed at will."""
    return {
        "code": "110101",
        "name": "测试区",
        "townships": [{"code": "110101001", "name": "东街街道"}, {"code": "110101002", "name": "西河镇"}],
        "communities": [
            {"code": "110101001001", "name": "和平里社区居委会"},
            {"code": "110101001002", "name": "新华路社区居委会"},
            {"code": "110101002200", "name": "柳树村委会"},
            {"code": "110101001200", "name": "柳树村委会"},
        ],
        "grids": [
            {"code": "110101001001001", "name": "一", "polygon": "0 0, 1 0, 1 1, 0 1"},
            {"code": "110101001001002", "name": "二", "polygon": "POLYGON ((1 0, 2 0, 2 1, 1 1, 1 0))"},
            {"code": "110101001001501", "name": "校", "kind": "exclusive",
             "polygon": "0.2 0.2, 0.6 0.2, 0.6 0.6, 0.2 0.6"},
            {"code": "110101001001A01", "name": "校东", "kind": "exclusive", "parent": "110101001001501",
             "polygon": "0.4 0.2, 0.6 0.2, 0.6 0.6, 0.4 0.6"},
            {"code": "110101001001901", "name": "旧", "successors": ["110101001001902", "110101001001001"]},
            {"code": "110101001001902", "name": "次旧", "successors": ["110101001001002"]},
        ],
        "departments": [
            {"code": "centre", "name": "综治中心", "kind": "centre"},
            {"code": "housing", "name": "住建局", "kind": "department"},
            {"code": "city", "name": "城管局", "kind": "department"},
            {"code": "east", "name": "东街街道办事处", "kind": "township", "areas": ["110101001"]},
            {"code": "east-police", "name": "东街派出所", "kind": "police_station", "areas": ["110101001"]},
            {"code": "heping", "name": "和平里社区", "kind": "community", "community": "110101001001"},
        ],
        "categories": [
            {"key": "E06010", "name": "暴露垃圾", "lead": "city", "aliases": ["垃圾暴露"]},
            {"key": "E09012", "name": "占用消防通道", "lead": "@police-station", "assists": ["@community"]},
            {"key": "L01002", "name": "内涝积水", "lead": "housing", "assists": ["@township"], "severity": 2},
            {"key": "D0402", "name": "物业及其管理"},
            {"key": "D0199", "name": "其他"},
            {"key": "D0299", "name": "其他"},
        ],
        "classes": [{"key": "E06", "accept": "30 working_minutes", "severity": 4}, {"key": "D", "lead": "@township"}],
        "default": {
            "lead": "@centre", "accept": "1 working_hours", "stages": ["handle=2 working_days"],
            "verify": "1 working_days",
        },
        "overrides": [
            {"id": "far", "townships": ["110101002"], "categories": ["E06*"], "stages": ["handle=3 working_days"]}
        ],
        "aliases": {"0102": "E06010"},
        "label_maps": {"camera": {"GarbageExposed": "E06010"}},
        "partners": [{"id": "video", "kind": "video_ai", "label_map": "camera"}],
    }  # fmt: skip
