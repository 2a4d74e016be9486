"""Scores for a page of our own."""

import re
import xml.etree.ElementTree as ET

from nokturn.workflows.load import read_text
from nokturn.workflows.show import score_svg

TUNE = "X:1\nM:4/4\nL:1/8\nK:C\n" + "CDEF GABc|\n"


def test_a_tune_is_one_picture():
    assert score_svg(read_text(TUNE)[0], width=600).count("page-margin") == 1


def test_what_is_too_high_for_one_picture_goes_on_below_it():
    svg = score_svg(read_text(TUNE + "CDEF GABc|\n" * 699)[0], width=360)
    root = ET.fromstring(svg)
    pages = list(root)
    assert len(pages) == 2
    heights = [float(page.get("height")) for page in pages]
    assert [float(page.get("y")) for page in pages] == [0, heights[0]]
    assert root.get("viewBox") == f"0 0 360 {sum(heights):g}"
    assert len(set(re.findall(r'id="(m\d+)"', svg))) == 700
