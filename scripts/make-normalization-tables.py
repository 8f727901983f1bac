#!/usr/bin/env python3
"""Writes src/Rlt.Text/Tokenization/Normalization/unicode.txt from this Python's unicodedata; takes a second.

The runtime's own string.Normalize returns its input unchanged under InvariantGlobalization, so the product carries the tables.
"""
import pathlib
import textwrap
import unicodedata

OUTPUT = pathlib.Path(__file__).parent.parent / "src/Rlt.Text/Tokenization/Normalization/unicode.txt"


def runs(entries):
    """Joins entries (first, last, kind, value) whose code points are neighbours; `step` says how the value may grow."""
    joined = []
    for code, value, step in entries:
        if joined and joined[-1][1] + 1 == code and value == joined[-1][2] + step * (code - joined[-1][0]):
            joined[-1][1] = code
        else:
            joined.append([code, code, value])
    return [f"{a:X}={v:X}" if a == b else f"{a:X}-{b:X}={v:X}" for a, b, v in joined]


def main():
    classes, singles, pairs, compatible_singles, compatible = [], [], [], [], []
    for code in range(0x110000):
        char = chr(code)
        if unicodedata.combining(char):
            classes.append((code, unicodedata.combining(char), 0))
        fields = unicodedata.decomposition(char).split()
        if not fields or 0xAC00 <= code < 0xD7A4:
            continue
        if fields[0].startswith("<"):
            if len(fields) == 2:
                compatible_singles.append((code, int(fields[1], 16), 1))
            else:
                compatible.append(f"{code:X}={'+'.join(f.lstrip('0') for f in fields[1:])}")
        elif len(fields) == 1:
            singles.append((code, int(fields[0], 16), 1))
        else:
            excluded = unicodedata.normalize("NFC", char) != char
            pairs.append(f"{'!' if excluded else ''}{code:X}={'+'.join(f.lstrip('0') for f in fields)}")
    tables = [
        ("CombiningClasses", "Canonical combining classes other than 0: code points = class.", runs(classes)),
        ("CanonicalSingles", "Canonical decompositions to one code point; a run maps to as many consecutive code points.", runs(singles)),
        ("CanonicalPairs", "Canonical decompositions to two code points; ! marks those that are never composed again.", pairs),
        ("CompatibilitySingles", "Compatibility decompositions to one code point; runs as above.", runs(compatible_singles)),
        ("CompatibilitySequences", "Compatibility decompositions to several code points.", compatible),
    ]
    lines = [f"Unicode {unicodedata.unidata_version} normalization data in hexadecimal; written by scripts/make-normalization-tables.py."]
    for name, summary, entries in tables:
        lines += [f"# {name}: {summary}", *textwrap.wrap(" ".join(entries), 150, break_long_words=False, break_on_hyphens=False)]
    OUTPUT.write_text("\n".join(lines) + "\n", encoding="utf-8")


main()
