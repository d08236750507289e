"""The checks of `make check`, so that one summary line tells of them and of the tests; and that they bite."""

import subprocess
from pathlib import Path

import pytest

from prm.local import checks, secret_scan
from prm.local.paths import PROJECT


@pytest.mark.parametrize("name", checks.CHECKS)
def test_check(name: str) -> None:
    finding = checks.check(name)
    assert finding.is_fine, finding.output


# Put together here, so that the scan of this file finds nothing.
AWS = "AKIA" + "QYLPMN5HFIQR7XYA"
LONG = "c3VwZXIgbG9uZyBzdHJpbmcgc2hvdWxk" + "IGNhdXNlIGVub3VnaCBlbnRyb3B5"
PLANTED = {
    "prm/settings.py": [f'AWS_KEY = "{AWS}"', "AWS Access Key"],
    "tests/test_x.py": [f'AWS_KEY = "{AWS}"', "AWS Access Key"],
    "prm/key.pem": ["-----BEGIN RSA " + "PRIVATE KEY-----", "Private Key"],
    "docs/x.md": ["ghp_" + "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx", "GitHub Token"],
    "leads/x.py": ['SMTP_PASSWORD = "kT9' + '#vd2Lq!8sZr"', "Secret Keyword"],
    "docker-compose.yml": ["DATABASE_URL: postgresql://prm_app:" + "kT9vd2Lq8sZr@db/prm", "Basic Auth Credentials"],
    "deals/y.py": [
        'SEED = "c3VwZXIgbG9uZyBzdHJpbmcgc2hvdWxk' + 'IGNhdXNlIGVub3VnaCBlbnRyb3B5"',
        "Base64 High Entropy String",
    ],
}


@pytest.mark.parametrize("name", PLANTED)
def test_secrets_scan_finds_what_was_planted(tmp_path: Path, name: str) -> None:
    words, kind = PLANTED[name]
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"# a file\n{words}\n")

    found = list(secret_scan.scan(secret_scan.project_files(tmp_path), tmp_path))

    assert f"{name}:2: {kind}" in found
    assert [line for line in found if words in line] == []  # never the secret itself


def test_secrets_scan_reads_the_project_and_not_what_it_made() -> None:
    names = {path.relative_to(PROJECT).as_posix() for path in secret_scan.project_files()}

    assert {"prm/settings.py", "docker-compose.yml", "README.md", "tests/cast.py", ".ci/run"} < names
    assert [name for name in names if name.startswith((".venv", ".git/", ".data"))] == []


@pytest.mark.parametrize(
    "danger",
    [
        "import subprocess\nsubprocess.run('ls ' + input(), shell=True)",
        "import pickle\npickle.loads(b'')",
        "import yaml\nyaml.load('a', Loader=yaml.Loader)",
        "import tarfile\ntarfile.open('x').extractall()",
        "import hashlib\nhashlib.md5(b'')",
        "import ssl\nssl._create_unverified_context()",
    ],
)
def test_search_for_dangers_finds_what_was_planted(tmp_path: Path, danger: str) -> None:
    (tmp_path / "planted.py").write_text(danger)
    *command, _packages = checks.CHECKS["dangers"][: -len(checks.PACKAGES) + 1]

    done = subprocess.run([*command, str(tmp_path)], cwd=PROJECT, capture_output=True, text=True, check=False)

    assert done.returncode == 1, done.stdout
    assert "planted.py" in done.stdout
