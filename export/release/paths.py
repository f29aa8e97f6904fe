"""Where things are in the checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
DIST = ROOT / "dist"
LOGS = BUILD / "logs"
REQUIREMENTS = ROOT / "tests" / "requirements"
