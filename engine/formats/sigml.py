"""SiGML: signs in XML, as HamNoSys symbols by name (`hns_sign`) or by attributes (`hamgestural_sign`).

Both become HamNoSys symbols (`hamnosys_symbols`), which one parser reads. Source of the tags: Elliott et al., "An
overview of the SiGML notation and SiGMLSigning software system", 2004.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from ..generators.base import EngineError
from .hamnosys_symbols import Symbol, is_hamnosys, symbol, symbols_of

MAX_BYTES = 32 << 20
_MAX_DEPTH, _MAX_ELEMENTS = 100, 1_000_000


@dataclass
class SigmlSign:
    """One sign of a file: its gloss, its manual symbols, what the face does, and tags that were not understood."""

    gloss: str
    symbols: list[Symbol]
    nonmanual: dict[str, Any] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


def read_sigml(data: bytes, name: str) -> list[SigmlSign]:
    """All signs of a file. Raises `EngineError` when it isn't XML, has entities of its own, or is too large."""
    if len(data) > MAX_BYTES:
        raise EngineError("bad_file", f"{name} is larger than {MAX_BYTES >> 20} MB.")
    try:
        _check(data)
        root = ET.fromstring(data)
    except (ET.ParseError, expat.ExpatError, ValueError, LookupError) as e:
        raise EngineError("bad_file", f"{name} is no SiGML file that can be read: {e}.") from e
    found = []
    for element in root.iter():
        if element.tag in ("hns_sign", "hamnosys_sign"):
            found.append(_hns_sign(element))
        elif element.tag == "hamgestural_sign":
            found.append(_gestural_sign(element))
    if not found:
        raise EngineError("bad_file", f"{name} holds no hns_sign and no hamgestural_sign.")
    return found


def _check(data: bytes) -> None:
    """Refuse what makes XML dangerous: entities, deep nesting. A bare DOCTYPE is common, and its file is never read."""
    depth = count = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > _MAX_DEPTH or count > _MAX_ELEMENTS:
            raise ValueError("it is nested too deeply or has too many elements")

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(name: str, system: str | None, public: str | None, has_internal_subset: int) -> None:
        if has_internal_subset:
            raise ValueError("it has a document type of its own, which could hide harm")

    def entity(*described: Any) -> None:
        raise ValueError("it defines entities, which could hide harm")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler, parser.EntityDeclHandler = doctype, entity
    parser.Parse(data, True)


# ---------------------------------------------------------------- symbols by name


def _hns_sign(element: ET.Element) -> SigmlSign:
    sign = SigmlSign(element.get("gloss", ""), [])
    for part in element.iter():
        tag = str(part.tag)
        if tag.startswith("hnm_"):
            _nonmanual(part, sign)
        elif tag.startswith("ham") and not tag.startswith("hamnosys"):
            sign.symbols.append(symbol(tag))
        elif tag.startswith("hamnosys") and part.text and is_hamnosys(part.text):
            sign.symbols += symbols_of(part.text)
        elif tag not in ("hns_sign", "hamnosys_sign", "hamnosys_manual", "hamnosys_nonmanual"):
            sign.unread.append(tag)
    return sign


_SAMPA = {
    "S": "sh", "Z": "sh", "N": "ng", "@": "e", "6": "a", "E": "e", "I": "i", "O": "o", "U": "u", "Y": "u", "9": "o",
    "2": "o", "y": "u", "C": "ch", "x": "ch", "T": "th", "D": "th", "{": "a", "V": "a", "A": "a", "Q": "o", "3": "er",
    "R": "r", "B": "b", "G": "g", "H": "h", "L": "l", "J": "n", "?": "", ":": "",
}  # fmt: skip
_HEAD = {"NO": "nod", "NU": "tilt_back", "ND": "down", "NF": "forward", "NB": "tilt_back", "SH": "shake", "SR": "turn"}
_HEAD |= {"SL": "turn", "TR": "tilt", "TL": "tilt", "LI": "tilt", "PF": "forward"}
_GAZE = {"AD": "", "FR": "", "UP": "up-forward", "DN": "down-forward", "LE": "in-forward", "RI": "out-forward"}
_GAZE |= {"HD": "down-forward", "NO": "forward-up", "RO": "up-forward"}
_FACE = {
    "hnm_eyebrows": {"RB": "brows_up", "RR": "brows_up", "RL": "brows_up", "FU": "brows_down"},
    "hnm_eyelids": {
        "WB": "eyes_wide",
        "WR": "eyes_wide",
        "WL": "eyes_wide",
        "CB": "eyes_closed",
        "SB": "squint",
        "TB": "squint",
    },
    "hnm_nose": {"WR": "nose_wrinkle", "TW": "nose_wrinkle"},
}


def _nonmanual(part: ET.Element, sign: SigmlSign) -> None:
    """Mouth pictures, head, gaze, brows, lids and nose; mouth gestures, shoulders and body are not understood."""
    tag, value = str(part.tag), (part.get("tag") or "").strip().upper()
    nonmanual = sign.nonmanual
    if tag == "hnm_mouthpicture":
        letters = "".join(_SAMPA.get(c, c.lower()) for c in part.get("picture", ""))
        nonmanual["mouth"] = "".join(c for c in letters if c.isascii() and c.isalpha())[:40]
    elif tag == "hnm_head" and value in _HEAD:
        nonmanual["head"] = _HEAD[value]
    elif tag == "hnm_eyegaze" and value in _GAZE:
        nonmanual["gaze"] = _GAZE[value]
    elif tag in _FACE and value in _FACE[tag]:
        nonmanual.setdefault("face", {})[_FACE[tag][value]] = 0.7
    else:
        sign.unread.append(f"{tag} {value}".strip())


# ---------------------------------------------------------------- symbols by attribute

_THUMB = {
    "out": "hamthumboutmod",
    "across": "hamthumbacrossmod",
    "opposed": "hamthumbopenmod",
    "open": "hamthumbopenmod",
}
_BEND = {
    "bent": "hamfingerbendmod",
    "hooked": "hamfingerhookmod",
    "round": "hamdoublebent",
    "dblbent": "hamdoublebent",
    "dblhooked": "hamdoublehooked",
    "straight": "hamfingerstraightmod",
    "halfbent": "hamdoublebent",
}
_CONTACT = {
    "touch": "hamtouch",
    "close": "hamclose",
    "interlock": "haminterlock",
    "cross": "hamcross",
    "armextended": "hamarmextended",
}
_REPETITION = {
    "fromstart": "hamrepeatfromstart",
    "fromstart_several": "hamrepeatfromstartseveral",
    "tofroandto": "hamrepeatreverse",
    "continue": "hamrepeatcontinue",
    "continue_several": "hamrepeatcontinueseveral",
    "reverse": "hamrepeatreverse",
    "swap": "hamalternatingmotion",
}
_WRIST = {
    "nod": "hamnodding",
    "swing": "hamswinging",
    "twist": "hamtwisting",
    "stircw": "hamstircw",
    "stirccw": "hamstirccw",
}
_SIZE = {"small": "hamsmallmod", "big": "hamlargemod", "large": "hamlargemod"}
_MANNER = {"fast": "hamfast", "slow": "hamslow", "tense": "hamtense", "rest": "hamrest", "halt": "hamhalt"}
_DIGITS = {"1": "hamthumb", "2": "hamindexfinger", "3": "hammiddlefinger", "4": "hamringfinger", "5": "hampinky"}
_HAND_PLACE = {
    "tip": "hamfingertip", "nail": "hamfingernail", "pad": "hamfingerpad", "midjoint": "hamfingermidjoint",
    "base": "hamfingerbase", "side": "hamfingerside", "palm": "hampalm", "handback": "hamhandback",
    "thumbside": "hamthumbside", "pinkyside": "hampinkyside", "thumbball": "hamthumbball",
    "wristback": "hamwristback", "wristpulse": "hamwristpulse", "lowerarm": "hamlowerarm", "elbow": "hamelbow",
    "elbowinside": "hamelbowinside", "upperarm": "hamupperarm",
}  # fmt: skip
_HANDSHAPE = re.compile(r"[a-z0-9]{2,20}\Z")


def _gestural_sign(element: ET.Element) -> SigmlSign:
    sign = SigmlSign(element.get("gloss", ""), [])
    writer = _Gestural(sign.unread)
    for part in element:
        if part.tag == "sign_manual":
            sign.symbols += writer.manual(part)
        elif part.tag == "sign_nonmanual":
            for tier in part.iter():
                _gestural_nonmanual(tier, sign)
        else:
            sign.unread.append(str(part.tag))
    return sign


def _gestural_nonmanual(tier: ET.Element, sign: SigmlSign) -> None:
    names = {
        "mouth_picture": "hnm_mouthpicture",
        "head_movement": "hnm_head",
        "eye_gaze": "hnm_eyegaze",
        "eye_brows": "hnm_eyebrows",
        "eye_lids": "hnm_eyelids",
        "nose": "hnm_nose",
    }
    tag = str(tier.tag)
    if tag in names:
        value = {
            "picture": tier.get("picture", ""),
            "tag": tier.get("movement") or tier.get("direction") or tier.get("tag", ""),
        }
        _nonmanual(ET.Element(names[tag], value), sign)
    elif not tag.endswith(("_tier", "nonmanual")):
        sign.unread.append(tag)


class _Gestural:
    """Writes elements of a `sign_manual` as symbols."""

    def __init__(self, unread: list[str]) -> None:
        self._unread = unread

    def manual(self, element: ET.Element) -> list[Symbol]:
        """A whole `sign_manual`."""
        names: list[str] = []
        if element.get("both_hands") == "true":
            names.append("hamsymmlr" if element.get("lr_symm") == "true" else "hamsymmpar")
            if element.get("alternating") == "true" or element.get("realspace") == "alternating":
                names.append("hamalternatingmotion")
        for part in element:
            names += self._part(part)
        return [symbol(name) for name in names]

    def _part(self, part: ET.Element) -> list[str]:
        tag = str(part.tag)
        if tag == "handconfig":
            return self._handconfig(part)
        if tag in ("split_handconfig", "split_motion", "split_location"):
            return self._joined(part)
        if tag in ("location_bodyarm", "location_hand", "handconstellation"):
            return self._location(part)
        if tag in ("directedmotion", "circularmotion", "wristmotion", "fingerplay", "nomotion", "crossmotion"):
            return self._motion(part)
        if tag in ("par_motion", "seq_motion"):
            inner = [name for child in part for name in self._part(child)]
            kind = tag[:3]
            return [f"ham{kind}begin", *inner, f"ham{kind}end"]
        if tag == "rpt_motion":
            inner = [name for child in part for name in self._part(child)]
            return [*inner, *self._value(part, "repetition", _REPETITION)]
        if tag == "tgt_motion":
            inner = [name for child in part if child.tag != "changeposture" for name in self._part(child)]
            posture = part.find("changeposture") is not None
            return ["hamreplace", *inner] if posture else inner
        if tag == "changeposture":
            return ["hamreplace", *(name for child in part for name in self._part(child))]
        self._unread.append(tag)
        return [name for child in part for name in self._part(child)]

    def _joined(self, part: ET.Element) -> list[str]:
        sides = [self._part(child) for child in part]
        names = ["hamparbegin"]
        for i, side in enumerate(sides):
            names += ["hamplus", *side] if i else side
        return [*names, "hamparend"]

    def _handconfig(self, part: ET.Element) -> list[str]:
        names = []
        if shape := part.get("handshape"):
            names.append("ham" + shape if _HANDSHAPE.match(shape) else shape)
        names += [_DIGITS[c] for c in part.get("specialfingers", "") if c in _DIGITS]
        names += self._value(part, "thumbpos", _THUMB) + self._value(part, "mainbend", _BEND)
        if second := part.get("second_handshape"):
            names += ["hambetween", "ham" + second]
            names += self._value(part, "second_thumbpos", _THUMB) + self._value(part, "second_mainbend", _BEND)
        for attribute, family in (("extfidir", "hamextfinger"), ("palmor", "hampalm")):
            if value := part.get(attribute):
                names.append(family + value)
            if value := part.get("second_" + attribute):
                names += ["hambetween", family + value]
        known = {"handshape", "specialfingers", "thumbpos", "mainbend", "extfidir", "palmor"}
        self._unread += [f"handconfig {a}" for a in part.attrib if a.removeprefix("second_") not in known]
        return names

    def _location(self, part: ET.Element) -> list[str]:
        names = [name for child in part for name in self._part(child)]
        if (digits := part.get("digits")) is not None:
            names += [_DIGITS[c] for c in digits if c in _DIGITS]
        place = part.get("location", "")
        side = part.get("side", "")
        mark = ["hamlrbeside" if "beside" in side else "hamlrat"] if side else []
        where = [_HAND_PLACE.get(place, "ham" + place)] if place else []
        names += [*mark, *where] if side.startswith("left") else [*where, *(mark if side.startswith("right") else [])]
        if part.get("behind") == "true":
            names.append("hambehind")
        return names + self._value(part, "contact", _CONTACT)

    def _motion(self, part: ET.Element) -> list[str]:
        tag = str(part.tag)
        if tag == "fingerplay":
            return ["hamfingerplay"]
        if tag == "nomotion":
            return ["hamnomotion"]
        if tag == "crossmotion":
            return ["hammovecross"]
        if tag == "wristmotion":
            names = self._value(part, "motion", _WRIST)
        elif tag == "directedmotion":
            names = ["hammove" + part.get("direction", "")]
            names += ["hamarc" + part.get("curve", "")] if part.get("curve") else []
            names += (
                ["hamwavy" if part.get("zigzag_style") == "wavy" else "hamzigzag"] if part.get("zigzag_style") else []
            )
        else:
            names = ["hamcircle" + part.get("axis", "")]
            names += ["hamclock" + part.get("start", "")] if part.get("start") else []
        names += self._value(part, "size", _SIZE) + self._value(part, "manner", _MANNER)
        return names

    def _value(self, part: ET.Element, attribute: str, names: dict[str, str]) -> list[str]:
        """The symbol for an attribute's value; a value that isn't known is told."""
        value = part.get(attribute)
        if value is None or value == "":
            return []
        if value not in names:
            self._unread.append(f"{part.tag} {attribute}={value[:40]}")
            return []
        return [names[value]]


def texts(data: bytes, name: str) -> Iterator[tuple[str, Sequence[Symbol]]]:
    """Signs of a plain text: a gloss, white space, and HamNoSys characters in each line. Raises `EngineError`."""
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as e:
        raise EngineError("bad_file", f"{name} is not UTF-8 text: {e}.") from e
    found = False
    for number, line in enumerate(lines, 1):
        if not is_hamnosys(line):
            continue
        start = next(i for i, c in enumerate(line) if is_hamnosys(c))
        found = True
        stem = name.rsplit(".", 1)[0]
        yield line[:start].strip(" \t,;:") or f"{stem}-{number}", symbols_of(line[start:])
    if not found:
        raise EngineError("bad_file", f"{name} holds no HamNoSys symbols.")
