"""What archflow finds on this machine, and what to do about each problem: what `archflow doctor` prints.

Nothing is downloaded, and of the packages only torch is imported.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from archflow import __version__
from archflow.cache_folder import CACHE_VARIABLE, cache_folder
from archflow.data.benchmarks import locate
from archflow.data.catalogue import BENCHMARKS
from archflow.data.places import FOLDER_VARIABLE, data_folder
from archflow.errors import ArchflowError
from archflow.files import check_folder
from archflow.memory import available

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
LEAST_FREE = 1 << 30
"""Bytes of disk below which a cache is nearly full."""

OLDEST = (3, 11)
"""The oldest version of Python that archflow runs on."""

_REQUIREMENT = re.compile(r"([\w.-]+)(?:\[[^]]*\])?\s*([^;]*)(?:;.*extra\s*==\s*[\"']([\w-]+)[\"'])?")
_CONTROL_GROUP = Path("/sys/fs/cgroup/cpu.max")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        topic: The group that it belongs to.
        name: What it is.
        found: Its state.
        advice: What to do about it; "" if there is no need.
        broken: Whether archflow does not work properly until that is done.
    """

    topic: str
    name: str
    found: str
    advice: str = ""
    broken: bool = False


def check_installation() -> list[Check]:
    """Look at versions, threads, devices, memory, the cache, data and extras."""
    return [*_versions(), *_extras(), *_computing(), *_places()]


def _versions() -> Iterator[Check]:
    yield Check("versions", "archflow", f"{__version__} in {Path(__file__).parents[1]}")
    old = sys.version_info < OLDEST
    wanted = ".".join(map(str, OLDEST))
    advice = f"use Python {wanted} or later" if old else ""
    yield Check("versions", "python", f"{platform.python_version()} in {sys.executable}", advice, old)
    yield Check("versions", "system", platform.platform())
    required = list(_requirements())
    if not required:
        yield Check("versions", "package", "found by its path alone", "install it: pip install archflow")
    for name, bound, extra in required:
        if not extra:
            yield _package("versions", name, bound)


def _extras() -> Iterator[Check]:
    """One check per extra: its packages with their versions, or the command that installs it."""
    packages: dict[str, list[Check]] = {}
    for name, bound, extra in _requirements():
        if extra and extra != "dev":
            packages.setdefault(extra, []).append(_package("extras", name, bound))
    for extra, checks in packages.items():
        whole = not any(check.advice for check in checks)
        found = ", ".join(f"{check.name} {check.found}" for check in checks)
        yield Check("extras", extra, found if whole else f"{found}; for it: pip install 'archflow[{extra}]'")


def _requirements() -> Iterator[tuple[str, str, str]]:
    """Name, lower bound and extra of every requirement; none if archflow is not installed as a package."""
    try:
        lines = metadata.requires("archflow") or []
    except metadata.PackageNotFoundError:
        return
    for line in lines:
        match = _REQUIREMENT.match(line)
        if match:
            bound = re.search(r">=\s*([\d.]+)", match[2])
            yield match[1], bound[1] if bound else "", match[3] or ""


def _package(topic: str, name: str, bound: str) -> Check:
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Check(topic, name, "not installed", f"pip install '{name}>={bound}'", broken=True)
    if _numbers(found) < _numbers(bound):
        return Check(topic, name, f"{found}, older than {bound}", f"pip install '{name}>={bound}'", broken=True)
    return Check(topic, name, found)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:3]]


def _computing() -> Iterator[Check]:
    cores = usable_cores()
    yield Check("computing", "cores", f"{cores} of {os.cpu_count()}")
    for name in THREAD_VARIABLES:
        yield _thread_variable(name, cores)
    try:
        import torch
    except (ImportError, OSError) as error:
        line = str(error).splitlines()[0]
        advice = "install it again: pip install --force-reinstall torch"
        yield Check("computing", "torch", f"cannot be imported ({line})", advice, broken=True)
        return
    threads = torch.get_num_threads()
    many = threads > cores
    advice = f"more threads than cores make it slow: set OMP_NUM_THREADS={cores}" if many else ""
    yield Check("computing", "torch threads", str(threads), advice)
    devices = ["cpu", *(f"cuda:{i} ({torch.cuda.get_device_name(i)})" for i in range(torch.cuda.device_count()))]
    devices += ["mps"] if torch.backends.mps.is_available() else []
    unused = torch.version.cuda is not None and not torch.cuda.is_available() and shutil.which("nvidia-smi") is not None
    advice = "torch does not find the GPU: does its driver fit CUDA " + str(torch.version.cuda) + "?" if unused else ""
    yield Check("computing", "devices", ", ".join(devices), advice)
    yield Check("computing", "memory", f"{available() / 2**30:,.1f} GiB")


def _thread_variable(name: str, cores: int) -> Check:
    value = os.environ.get(name)
    if value is None:
        return Check("computing", name, "not set")
    sound = re.fullmatch(r"\s*\d+(\s*,\s*\d+)*\s*", value) is not None and int(value.partition(",")[0]) > 0
    if not sound:
        return Check("computing", name, repr(value), f"it is not a number of threads: unset it, or set it to {cores}")
    many = int(value.partition(",")[0]) > cores
    return Check("computing", name, value, f"more threads than cores make it slow: set it to {cores}" if many else "")


def usable_cores() -> int:
    """How many cores this process can use at a time: those it is allowed, or fewer where its time is limited."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = _CONTROL_GROUP.read_text().split()
        return max(1, min(allowed, round(int(quota) / int(period))))
    except (OSError, ValueError):  # there is no limit
        return allowed


def _places() -> Iterator[Check]:
    yield _cache()
    folder = data_folder()
    if folder is None:
        yield Check("places", "data folder", f"none: {FOLDER_VARIABLE} is not set")
    elif not folder.is_dir():
        advice = f"set {FOLDER_VARIABLE} to a folder that exists, or unset it"
        yield Check("places", "data folder", f"{folder}: no such folder", advice, broken=True)
    else:
        yield Check("places", "data folder", str(folder))
    there = sum(locate(each) is not None for each in BENCHMARKS.values())
    yield Check("places", "data sets", f"{there} of {len(BENCHMARKS)} are on this machine (archflow data list)")


def _cache() -> Check:
    folder = cache_folder()
    try:
        check_folder(folder)
    except ArchflowError as error:
        advice = f"set {CACHE_VARIABLE} to a folder that can be written to"
        return Check("places", "cache", str(error), advice, broken=True)
    sizes = (path.lstat().st_size for path in folder.rglob("*") if path.is_file())
    nearest = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(nearest).free
    advice = f"the disk is nearly full: free some, or set {CACHE_VARIABLE}" if free < LEAST_FREE else ""
    return Check("places", "cache", f"{folder}: {sum(sizes) / 1e6:,.1f} MB, {free / 1e9:,.1f} GB free", advice)
