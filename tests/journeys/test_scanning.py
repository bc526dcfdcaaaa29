"""The scans find what they are there for."""

from __future__ import annotations

from tests.journeys import scanning
from tests.journeys.conftest import Open

BAD = """<!doctype html><html lang="en"><head><title>x</title></head><body><main><h1>x</h1>
<input id="unnamed"><p style="color:#bbb;background:#fff">faint</p>
<a href="#a" style="outline:none">no ring</a> <a href="#b" tabindex="3">out of turn</a>
<div style="width:3000px">wide</div><button style="width:5px;height:5px;padding:0;min-height:0"></button>
</main></body></html>"""


def test_the_scans_are_not_blind(see: Open) -> None:
    page = see(None, "/auth/login/")
    page.goto("about:blank")  # where no policy forbids what is bad
    page.set_content(BAD)
    rules = {line.split(":")[0] for line in scanning.axe(page)}
    assert {"label", "color-contrast", "button-name", "tabindex"} <= rules
    wrong = " ".join(scanning.keyboard(page))
    assert "no visible focus: no ring" in wrong
    assert "Tab goes" in wrong
    cut = scanning.cut_off(page)
    assert "wider than the window" in cut[0]
    assert "smaller than 24 px" in cut[1]
