"""Files, folders and URLs as versioned snapshots."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from samescore_runtime.errors import InputError
from samescore_train.parsing import parse_table
from samescore_train.snapshot import hash_snapshot, read_snapshot, simulated_snapshot, write_snapshot
from samescore_train.sources import open_source, reference_file

TABLE = pd.DataFrame({"code": ["007", "8é", "9"], "units": [1, 2, 3], "month": ["2011-01", "2011-02", "2011-01"]})


def test_one_file_is_hashed_as_sha256sum_does_and_its_codes_stay_strings(tmp_path: Path) -> None:
    file = tmp_path / "some data.csv"
    file.write_bytes(b"code,units\n007,1\n,2\n")
    snapshot = read_snapshot(file)
    assert snapshot.sha256 == hash_snapshot(file) == hashlib.sha256(file.read_bytes()).hexdigest()
    assert snapshot.source == "some data.csv"
    assert snapshot.frame.to_dict("list") == {"code": ["007", ""], "units": ["1", "2"]}


def test_a_gzipped_file_is_hashed_packed_and_read_unpacked(tmp_path: Path) -> None:
    file = tmp_path / "t.tsv.gz"
    file.write_bytes(gzip.compress(b"a\tb\n1\t2\n", mtime=0))
    assert read_snapshot(file).sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert read_snapshot(file).frame.to_dict("list") == {"a": ["1"], "b": ["2"]}


def test_a_partitioned_folder_gives_back_what_was_written(tmp_path: Path) -> None:
    sha256 = write_snapshot(TABLE, tmp_path / "v1", ["month"])
    assert (tmp_path / "v1" / "month=2011-02" / "part-0.parquet").is_file()
    (tmp_path / "v1" / "_SUCCESS").write_text("")
    snapshot = read_snapshot(tmp_path / "v1")
    assert snapshot.sha256 == sha256 == write_snapshot(TABLE, tmp_path / "v2", ["month"])
    back = snapshot.frame.sort_values("units").reset_index(drop=True)
    assert back[list(TABLE.columns)].to_dict("list") == TABLE.to_dict("list")


def test_whole_number_and_missing_partitions(tmp_path: Path) -> None:
    write_snapshot(pd.DataFrame({"year": [2010, 2011], "a": [1, 2]}), tmp_path / "years", ["year"])
    assert read_snapshot(tmp_path / "years").frame["year"].tolist() == [2010, 2011]
    write_snapshot(pd.DataFrame({"shop": ["a/b", None], "a": [1, 2]}), tmp_path / "shops", ["shop"])
    assert read_snapshot(tmp_path / "shops").frame.set_index("a")["shop"].fillna("-").to_dict() == {1: "a/b", 2: "-"}


def test_a_renamed_or_changed_part_changes_the_hash(tmp_path: Path) -> None:
    first = write_snapshot(TABLE, tmp_path / "v")
    (tmp_path / "v" / "part-0.parquet").rename(tmp_path / "v" / "part-1.parquet")
    assert hash_snapshot(tmp_path / "v") != first
    assert write_snapshot(TABLE.assign(units=[1, 2, 4]), tmp_path / "w") != first


def test_a_snapshot_is_never_overwritten(tmp_path: Path) -> None:
    write_snapshot(TABLE, tmp_path / "v")
    with pytest.raises(InputError, match="v: a folder that is not empty; a new folder"):
        write_snapshot(TABLE, tmp_path / "v")
    with pytest.raises(InputError, match="no columns day, year to partition by"):
        write_snapshot(TABLE, tmp_path / "w", ["day", "month", "year"])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(tmp_path))  # type: ignore[arg-type]

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


def test_urls_are_read_and_only_the_last_part_is_named(tmp_path: Path, server: str) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    by_web = read_snapshot(f"{server}/t.csv?token=secret")
    assert by_web.source == "t.csv"
    assert by_web.sha256 == read_snapshot((tmp_path / "t.csv").as_uri()).sha256
    with pytest.raises(InputError, match="cannot be downloaded") as refused:
        read_snapshot(f"{server}/none.csv?token=secret")
    assert "secret" not in str(refused.value)


def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv: no such file or folder"):
        open_source(tmp_path / "none.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty: a folder without data files"):
        open_source(tmp_path / "empty")
    (tmp_path / "empty" / "a.csv").write_text("a\n1\n")
    with pytest.raises(InputError, match=r"empty: the files a\.csv; a folder of \.parquet files alone"):
        read_snapshot(tmp_path / "empty")
    with pytest.raises(InputError, match="of the scheme 'nosuch'"):
        open_source("nosuch://user:secret@host/file.csv")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", b"{}", "the suffix '.json'"),
        ("a.csv", b"", "cannot be read"),
        ("a.csv", b"a,b\n1,\x81\x8d\n", "neither UTF-8 nor Windows-1252"),
        ("a.csv.gz", b"plain", "cannot be unpacked"),
        ("a.csv.gz", gzip.compress(b"a\n1\n", mtime=0)[:-9], "cannot be unpacked"),
        ("a.parquet", b"PAR1 no", "cannot be read"),
    ],
)
def test_bytes_that_are_no_table(name: str, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_table(name, content)


def test_windows_text_is_read() -> None:
    assert parse_table("a.csv", "a\n£5\n".encode("cp1252"))["a"].tolist() == ["£5"]


def test_a_spreadsheet_without_its_package_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ImportError(name="openpyxl")

    monkeypatch.setattr(pd, "read_excel", fail)
    with pytest.raises(InputError, match=r"openpyxl is not installed; the same table as \.csv"):
        parse_table("Online Retail.xlsx", b"")


def test_reference_files_are_looked_for_where_the_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMESCORE_DATA", str(tmp_path))
    assert reference_file("x.csv") is None
    (tmp_path / "x.csv").write_text("a\n")
    assert reference_file("x.csv") == tmp_path / "x.csv"


def test_a_simulated_snapshot_says_so() -> None:
    snapshot = simulated_snapshot(TABLE, "simulator")
    assert snapshot.provenance()["simulated"] is True
    assert snapshot.sha256 == simulated_snapshot(TABLE.copy(), "simulator").sha256
    assert snapshot.sha256 != simulated_snapshot(TABLE.iloc[:2], "simulator").sha256
