"""Plans: which files are photos, how their results are named, and how they are cut into shards."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from edge.archive.planning import plan_again, planned
from edge.archive.plans.plan import cut, read_plans, write_plan
from edge.archive.plans.shard import Scan
from edge.archive.results.standing import part_names
from edge.archive.stores.folder import Folder
from edge.archive.stores.store import StoreFailed

FOUND = ["a/b.jpg", "a/c.TIF", "d.bmp", "d.png", "e.gif", "f.bmp"]
OTHERS = {
    "notes.txt": "others",
    "a/b.jpg.xmp": "others",
    "b.json": "others",
    "raw.cr2": "not_read",
    "._a.jpg": "",
    "@eaDir/a.jpg": "excluded",
    "Private/x/a.jpg": "excluded",
    "x.thumb.jpg": "excluded",
    "_heirloom/a.jpg": "",
    "_quarantine/a.jpg": "",
}
EXCLUDE = ["private/", "*.thumb.*"]


@pytest.fixture
def source(tmp_path: Path) -> Folder:
    for name in [*FOUND, *OTHERS]:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return Folder(tmp_path / "in")


def test_photos_are_known_by_their_names(source: Folder, tmp_path: Path) -> None:
    plans, found = planned(source, Folder(tmp_path / "out"), tmp_path, EXCLUDE, 2)
    scans = {scan.key: scan for shard in plans[0].shards() for scan in shard.scans}
    assert sorted(scans) == FOUND
    assert (found.photos, found.new, plans[0].photos) == (6, 6, 6)
    counts = Counter(OTHERS.values())
    assert (found.others, found.not_read, found.excluded) == (
        counts["others"],
        counts["not_read"],
        counts["excluded"],
    )
    assert scans["a/b.jpg"].sidecars == ["a/b.jpg.xmp"] and scans["d.png"].sidecars == []
    assert [key for key, scan in scans.items() if scan.apart] == ["d.bmp"], "d.png has its result's name"


def test_a_plan_is_extended_by_what_is_new(source: Folder, tmp_path: Path) -> None:
    target, copies = Folder(tmp_path / "out"), tmp_path / "copies"
    copies.mkdir()
    first, _ = planned(source, target, copies, EXCLUDE, 2)
    before = (tmp_path / "out/_heirloom/plan/0001.parquet").read_bytes()
    assert planned(source, target, copies, EXCLUDE, 2)[0] == first
    (source.folder / "f.png").write_bytes(b"y")
    (source.folder / "d.png").write_bytes(b"changed")
    plans, found = planned(source, target, copies, EXCLUDE, 2)
    assert (found.photos, found.planned, found.new) == (7, 5, 2)
    assert sorted(scan.key for shard in plans[1].shards() for scan in shard.scans) == ["d.png", "f.png"]
    assert (tmp_path / "out/_heirloom/plan/0001.parquet").read_bytes() == before
    assert [shard.name for shard in plans[1].shards()] == ["0002-000000", "0002-000001"]
    assert len(planned(source, target, copies, EXCLUDE, 2)[0]) == 2


def test_two_runs_at_once_make_one_plan(
    source: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Folder(tmp_path / "out")
    real, raced = write_plan, []

    def raced_plan(*given: object) -> bool:
        if not raced:
            raced.append(True)
            planned(source, target, tmp_path, EXCLUDE, 2)
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr("edge.archive.planning.write_plan", raced_plan)
    plans, _ = planned(source, target, tmp_path, EXCLUDE, 2)
    assert [plan.number for plan in plans] == [1]


@pytest.mark.parametrize(
    ("sizes", "workers", "count"),
    [
        ([10] * 3, 2, (3, 3)),
        ([10] * 100, 2, (8, 9)),
        ([10] * 10_000, 2, (78, 79)),
        ([0] * 10_000, 2, (78, 79)),
        ([1] * 5_000 + [1000] * 100, 2, (20, 30)),
    ],
)
def test_shards_are_balanced(sizes: list[int], workers: int, count: tuple[int, int]) -> None:
    scans = [Scan(f"{number}", size, "") for number, size in enumerate(sizes)]
    shards = list(cut(scans, len(scans), sum(sizes), workers))
    assert [scan for shard in shards for scan in shard] == scans
    assert count[0] <= len(shards) <= count[1]
    assert max(map(len, shards)) <= 256
    if len(scans) > 5_000:
        assert min(map(len, shards[:-1])) >= 64
    heaviest = max(sum(scan.size for scan in shard) for shard in shards)
    assert heaviest <= 2.5 * sum(sizes) / len(shards) + 64 * max(sizes)


def test_a_file_that_is_no_plan_is_named(tmp_path: Path) -> None:
    target = Folder(tmp_path)
    target.create("_heirloom/plan/0001.parquet", b"no plan")
    with pytest.raises(StoreFailed, match=r"0001\.parquet"):
        read_plans(target, tmp_path)


def test_halves_of_a_shard_do_not_count_beside_it(tmp_path: Path) -> None:
    target = Folder(tmp_path)
    for name in ("0001-000001", "0001-000001.0", "0001-000001.1.0", "0001-000002.1"):
        target.create(f"_heirloom/parts/{name}.parquet", b"")
    assert part_names(target) == {"0001-000001", "0001-000002.1"}


def test_nothing_is_planned_again_without_a_reason(source: Folder, tmp_path: Path) -> None:
    target = Folder(tmp_path / "out")
    plans, _ = planned(source, target, tmp_path, EXCLUDE, 2)
    assert plan_again(target, plans, tmp_path, ["failed"], "retry", 2) == plans
