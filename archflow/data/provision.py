"""Put a benchmark's table into the cache: by download, from the user's folder, or by import."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shutil import copyfile

from archflow.cache_folder import alone
from archflow.data.cache import check_cached, sha256_of, show_licence, store
from archflow.data.catalogue import Benchmark, RawFile
from archflow.data.download import download
from archflow.data.places import FOLDER_VARIABLE, cached_raw, cached_table, own_files
from archflow.data.readers import READERS
from archflow.data.readers.nasbench101_tfrecord import read_whole_tfrecord
from archflow.data.user_tables import read_user_table
from archflow.errors import ArchflowError
from archflow.files import regular_file, write_atomically
from archflow.graph.column_names import TABLE_ENDINGS
from archflow.progress import progress_bar


def get(benchmark: Benchmark, again: bool = False) -> Path:
    """Return the path of a benchmark's cached table.

    If there is none, make it from the published files, which are taken from the user's folder or downloaded. If it
    fails, an existing table is left unchanged.

    Args:
        benchmark: The benchmark.
        again: Read the files again even if there is a table; intact files are not downloaded again.

    Raises:
        ArchflowError: If the files cannot be obtained, or the table was changed.
    """
    if benchmark.embedded:
        raise ArchflowError(f"{benchmark.name}: part of the package; there is nothing to get")
    if not benchmark.files:
        raise ArchflowError(
            f"{benchmark.name}: no address is known, bring the table yourself: put {benchmark.name}.parquet into the "
            f"folder {FOLDER_VARIABLE}, or run `archflow data import {benchmark.name} FILE`"
        )
    show_licence(benchmark)
    with alone(benchmark.name):
        if cached_table(benchmark.name).is_file() and not again:
            return check_cached(benchmark.name)
        missing = [file for file in benchmark.files if present(benchmark, file) is None]
        if missing:
            with progress_bar(f"{benchmark.name}: bytes", sum(file.size for file in missing)) as progress:
                for file in missing:
                    download(file, cached_raw(benchmark.name, file), progress.advance)
        return _read(benchmark, "downloaded" if missing else "read from files that were there")


def get_offline(benchmark: Benchmark) -> Path | None:
    """Like `get`, but returns None if a file would have to be downloaded."""
    if not benchmark.files:
        return None
    if not cached_table(benchmark.name).is_file() and any(present(benchmark, f) is None for f in benchmark.files):
        return None
    return get(benchmark)


def present(benchmark: Benchmark, file: RawFile) -> Path | None:
    """Find an intact copy of a published file in the cache or the user's folder.

    Raises ArchflowError if a file of that name in the user's folder has other content; a damaged one in the cache is
    ignored.
    """
    cached = cached_raw(benchmark.name, file)
    if cached.is_file() and sha256_of(cached) == file.sha256:
        return cached
    for path in own_files(file.name):
        _check(path, sha256_of(path), file)
        return path
    return None


def import_files(benchmark: Benchmark, files: Sequence[Path]) -> Path:
    """Import the user's own files instead of downloading, and return the path of the table in the cache.

    If it fails, an existing table is left unchanged.

    Args:
        benchmark: The benchmark.
        files: The published files (all that are still missing), or one table with the benchmark's columns, or for
            nasbench101 the official .tfrecord.

    Raises:
        ArchflowError: If a file is not one of these, has another checksum, or lacks a column.
    """
    if benchmark.embedded:
        raise ArchflowError(f"{benchmark.name}: part of the package; it cannot be replaced")
    endings = {regular_file(path).suffix for path in files}
    show_licence(benchmark)
    with alone(benchmark.name):
        if endings & set(TABLE_ENDINGS):
            table = read_user_table(benchmark, _only(files))
        elif ".tfrecord" in endings and benchmark.name == "nasbench101":
            table = read_whole_tfrecord(_only(files))
        else:
            _import_published(benchmark, files)
            return _read(benchmark, "imported")
        return store(benchmark.name, table, {files[0].name: sha256_of(files[0])}, "imported")


def _import_published(benchmark: Benchmark, files: Sequence[Path]) -> None:
    """Copy published files into the cache after checking all of them."""
    found: dict[Path, RawFile] = {}
    for path in files:
        digest = sha256_of(path)
        file = next((f for f in benchmark.files if digest == f.sha256 or path.name == f.name), None)
        if file is None:
            names = ", ".join(f.name for f in benchmark.files) or "none"
            raise ArchflowError(
                f"{path}: none of the published files of {benchmark.name} ({names}), and no table "
                f"({', '.join(TABLE_ENDINGS)})"
            )
        _check(path, digest, file)
        found[path] = file
    missing = [f.name for f in benchmark.files if f not in found.values() and present(benchmark, f) is None]
    if missing:
        raise ArchflowError(f"{benchmark.name}: also needed: {', '.join(missing)}; name them in the same command")
    for path, file in found.items():
        with write_atomically(cached_raw(benchmark.name, file)) as temporary:
            copyfile(path, temporary)


def _read(benchmark: Benchmark, how: str) -> Path:
    paths = {file.name: present(benchmark, file) for file in benchmark.files}
    table = READERS[benchmark.name]({name: path for name, path in paths.items() if path is not None})
    return store(benchmark.name, table, {file.name: file.sha256 for file in benchmark.files}, how)


def _check(path: Path, digest: str, file: RawFile) -> None:
    if digest != file.sha256:
        raise ArchflowError(
            f"{path}: not the published {file.name}: its sha256 is {digest[:12]}..., not {file.sha256[:12]}...; "
            "get it again, or remove it"
        )


def _only(files: Sequence[Path]) -> Path:
    if len(files) != 1:
        raise ArchflowError(f"{', '.join(map(str, files))}: import one table at a time")
    return files[0]
