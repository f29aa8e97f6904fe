"""Which pip there is, how it is run, and what its words mean."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import sysconfig
from pathlib import Path

from .failures import UNTOUCHED, Failure

_BROKEN_OFF = ("network", "The download broke off.", "Try again: what is whole is kept.")
_MEANINGS = (
    (r"No space left on device|\[Errno 28\]|not enough space", "no_space", "The disk became full.", "Free some space."),
    ("DO NOT MATCH THE HASHES", "hash", "A package isn't the one that it should be: its hash differs.", "Try again."),
    (r"Connection\w*Error|connection broken|Max retries|timed out|IncompleteRead|HTTP error|Errno -\d", *_BROKEN_OFF),
    (
        r"(\S+\.whl)\S* (?:has an invalid wheel|is invalid)|BadZipFile|[Ii]nvalid wheel|is not a zip file",
        "damaged_wheel",
        "{named} is damaged.",
        "Fetch it anew.",
    ),
    (
        r"No matching distribution found for (\S+)|The user requested (\S+==\S+)",
        "wrong_wheels",
        "There is no {named} for Python {python} on this system {where}.",
        "Fetch the wheels with the Python that the preferences name.",
    ),
)
"""What a failed pip says, a code, what that means for the user, and how to mend it; the first that fits counts."""
OPTIONS = ("--no-deps", "--only-binary", ":all:", "--progress-bar", "off")


def pip_command(folder: str = "") -> list[str]:
    """A pip for this Python: its own, the one that Python brings along, or one among the wheels. Raises `Failure`."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-s", "-m", "pip"]
    places = [Path(folder)] if folder else []
    if (brought := importlib.util.find_spec("ensurepip")) is not None and brought.origin:
        places.insert(0, Path(brought.origin).parent / "_bundled")
    if shared := sysconfig.get_config_var("WHEEL_PKG_DIR"):
        places.append(Path(shared))
    for place in places:
        for wheel in sorted(place.glob("pip-*.whl"), reverse=True):
            return [sys.executable, "-s", str(wheel / "pip")]
    raise Failure(
        "no_pip",
        f"The engine's Python {sys.version.split()[0]} has no pip, which installs packages.",
        "Put a wheel of pip into the folder of wheels, install your system's package of pip, or choose another Python.",
    )


def explain(output: str, folder: str = "") -> Failure:
    """What pip's output means for a user. folder: of wheels, if that was the source."""
    where = f"in {folder}" if folder else "on the index"
    for pattern, code, message, hint in _MEANINGS:
        if code == "damaged_wheel" and not folder:
            code, message, hint = _BROKEN_OFF  # older ones of pip take a file for whole that is cut short
        if found := re.search(pattern, output):
            named = next(filter(None, found.groups()), "A wheel")
            python = "{}.{}".format(*sys.version_info[:2])
            return Failure(code, message.format(named=named, where=where, python=python), f"{hint} {UNTOUCHED}")
    errors = [line for line in output.splitlines() if line.startswith("ERROR")] or output.splitlines()[-1:]
    message = errors[-1][:300] if errors else "pip ended without a word"
    return Failure("pip", f"Installing failed: {message}", f"The installer's log tells more. {UNTOUCHED}")


def environment(scratch: Path, offline: bool) -> dict[str, str]:
    """Variables for pip, whose temporary files go to `scratch`.

    For an index the user's own settings of pip hold, which name proxies and mirrors, but for those that would put
    packages elsewhere; offline none do.
    """
    dropped = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_CONSTRAINT", "PIP_REQUIREMENT")
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH" and k not in dropped}
    if offline:
        kept = {k: v for k, v in kept.items() if not k.startswith("PIP_")}
        kept["PIP_CONFIG_FILE"] = os.devnull
    settings = {"PIP_REQUIRE_VIRTUALENV": "0", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return {**kept, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch)), **settings}
