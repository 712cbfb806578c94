import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archflow.devices import find_device, known_devices, read_device
from archflow.errors import ArchflowError

FIVE_LINES = """\
name = "our board"
words = "Rockchip RK3588, 4 x Cortex-A76 2.4 GHz, 4 threads"
bandwidth_gb_s = 34
peak_gflops = 150.5
precision = "fp32"
"""


def test_names_of_columns_are_devices():
    assert find_device("help_1080ti") is find_device("1080ti") is known_devices()["1080ti"]
    assert find_device("titan_xp").name == "titanxp"
    assert find_device("oneproxy_rice_edgegpu").name == find_device("cifar10_edgegpu").name == "rice_edgegpu"
    assert find_device("oneproxy_rice_eyeriss").name == "eyeriss"


def test_a_sentence_is_a_device_of_its_own():
    device = find_device("Raspberry Pi 5, 4 x Cortex-A76 2.4 GHz, 4 threads")
    assert (device.name, device.words) == (device.words, "Raspberry Pi 5, 4 x Cortex-A76 2.4 GHz, 4 threads")
    assert device.threads == 4
    assert find_device("an old laptop, unplugged").numbers == {}


def test_an_unknown_name_is_answered_by_the_nearest():
    with pytest.raises(ArchflowError, match=r"no device is called 'Pixel3a'; the nearest .* pixel3.*say in a sentence"):
        find_device("Pixel3a")
    with pytest.raises(ArchflowError, match="no device is called '§§§'; say in a sentence"):
        find_device("§§§")


def test_five_lines_are_a_device(tmp_path):
    path = tmp_path / "board.toml"
    path.write_text(FIVE_LINES)
    device = find_device(str(path))
    assert device == read_device(path)
    assert device.name == "our board"
    assert device.numbers == {
        **{"cores": 4, "clock_ghz": 2.4, "threads": 4},
        **{"bandwidth_gb_s": 34, "peak_gflops": 150.5},
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name = ", "cannot be read as TOML"),
        (b"\xff\xfe", "cannot be read as TOML"),
        (b"a = " + b"[" * 30_000, "cannot be read as TOML"),
        (b"#" * 70_000, "too many for a device"),
        (b'words = "no name"', "name: Field required"),
        (b'name = "x"\ncolour = "red"', "colour: Unexpected|colour: Extra"),
        (b'name = "x"\ncores = "four"', "cores: "),
        (b'name = "x"\ncores = -4', "cores must be a whole number"),
        (b'name = "x"\nclock_ghz = nan', "clock_ghz: is not a finite number"),
        (b'name = "x"\nclock_ghz = 1e300', "clock_ghz must be a number"),
        (b'name = "x"\nclock_ghz = ' + b"9" * 5000, "cannot be read as TOML"),
        (b'name = "x"\nclock_ghz = ' + b"9" * 400, "clock_ghz"),
        (b'name = "x"\nclock_ghz = 2024-01-01', "'clock_ghz' is neither text nor a number"),
        (b'name = "x"\n[deeper]\nname = "y"', "'deeper' is neither text nor a number"),
    ],
)
def test_a_hostile_file_is_one_line(tmp_path, content, message):
    path = tmp_path / "board.toml"
    path.write_bytes(content)
    with pytest.raises(ArchflowError, match=message) as caught:
        read_device(path)
    assert str(caught.value).startswith(str(path))
    assert len(str(caught.value)) < 600


def test_only_files_are_read(tmp_path):
    for path in (tmp_path, tmp_path / "missing.toml"):
        with pytest.raises(ArchflowError, match=r"is a folder|cannot be read"):
            read_device(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=80))
def test_any_bytes_are_a_device_or_one_line(tmp_path, content):
    path = tmp_path / "any.toml"
    path.write_bytes(b'name = "x"\n' + content)
    try:
        said = read_device(path).words
    except ArchflowError as error:
        said = str(error).removeprefix(str(path))
        path.unlink()
    assert said
    assert said.isprintable()
    assert path.exists() or said.startswith(": ")
