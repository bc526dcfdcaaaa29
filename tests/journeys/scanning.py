"""What is asked of every page: axe finds nothing, the keyboard reaches everything, nothing is cut off."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
OPEN_MENU = "details.menu[open]"
CLOSE = "(menus) => { for (const each of document.querySelectorAll(menus)) each.open = false; }"
#: Numbers what can be reached by Tab, in the order of the page; a group of radio buttons is one stop.
NUMBERED = """() => {
  const shown = (e) => e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length > 0;
  const groups = new Set();
  const stops = [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')].filter((e) => {
    if (e.disabled || e.tabIndex < 0 || !shown(e)) return false;
    if (e.type !== 'radio') return true;
    const first = !groups.has(e.name);
    groups.add(e.name);
    return first;
  });
  stops.forEach((e, i) => e.dataset.stop = e.type === 'radio' ? 'radio ' + e.name : String(i));
  for (const e of document.querySelectorAll('input[type=radio]')) e.dataset.stop = 'radio ' + e.name;
  return stops.map((e) => e.dataset.stop);
}"""
FOCUSED = """() => {
  const e = document.activeElement;
  if (!e || e === document.body || !e.dataset.stop) return null;
  const box = e.getBoundingClientRect(), look = getComputedStyle(e);
  const x = Math.min(Math.max(box.x + box.width / 2, 1), innerWidth - 2);
  const y = Math.min(Math.max(box.y + Math.min(box.height / 2, 40), 1), innerHeight - 2);
  const top = document.elementFromPoint(x, y);
  return {
    stop: e.dataset.stop, text: (e.textContent || e.name || '').trim().slice(0, 40),
    seen: look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 2,
    covered: !!top && !e.contains(top) && !top.contains(e) && !(e.labels && [...e.labels].some((l) => l.contains(top))),
  };
}"""
#: Month, day, year and the calendar's button are stops inside one field.
INSIDE_A_DATE = 3
#: How much wider the page is than the window, and what sticks out.
WIDER = """() => {
  const edge = document.documentElement.clientWidth, wider = document.documentElement.scrollWidth - edge;
  const beyond = (e) => e.getBoundingClientRect().right > edge;
  const out = wider ? [...document.body.querySelectorAll('*')].filter(beyond) : [];
  return [wider, out.slice(0, 9).map((e) => e.outerHTML.slice(0, 70)).join(" ; ")];
}"""
SMALL = """() => [...document.querySelectorAll(
    'button, select, summary, input[type=checkbox], .button, .pages a, .tabs a')]
  .filter((e) => e.checkVisibility() && e.getClientRects().length)
  .filter((e) => { const b = e.getBoundingClientRect(); return b.width < 24 && b.height < 24; })
  .map((e) => e.outerHTML.slice(0, 80))"""


def axe(page: Page) -> list[str]:
    """What axe finds wrong, a line each; in an open menu where there is one, for it lies over the rest."""
    where = OPEN_MENU if page.locator(OPEN_MENU).count() else None
    found: Any = Axe().run(page, context=where, options=RULES).response["violations"]
    return [f"{each['id']}: {each['help']}: {node['html'][:160]}" for each in found for node in each["nodes"]]


def keyboard(page: Page) -> list[str]:
    """What Tab does not reach, reaches without showing it, or reaches behind something.

    Nobody comes to an open menu from the top of the page: it opens by a press, and closes when focus goes on.
    """
    page.evaluate(CLOSE, OPEN_MENU)
    page.evaluate("() => { document.activeElement?.blur(); window.scrollTo(0, 0); }")
    page.locator("body").evaluate("(body) => { body.tabIndex = -1; body.focus(); body.removeAttribute('tabindex'); }")
    expected: list[str] = page.evaluate(NUMBERED)
    reached: list[str] = []
    wrong: list[str] = []
    dates = page.locator("input[type=date]").count()
    for _ in range(len(expected) + INSIDE_A_DATE * dates + 3):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        if at is None or at["stop"] in reached:
            continue
        reached.append(at["stop"])
        if not at["seen"]:
            wrong.append(f"no visible focus: {at['text']}")
        if at["covered"]:
            wrong.append(f"focus is covered: {at['text']}")
    if reached != expected:
        wrong.append(f"Tab goes {reached}, the page says {expected}")
    return wrong


def cut_off(page: Page) -> list[str]:
    """Whether the page is wider than the window, and which targets are too small to hit."""
    wider, what = page.evaluate(WIDER)
    small: list[str] = page.evaluate(SMALL)
    return ([f"{wider} px wider than the window: {what}"] if wider else []) + [
        f"smaller than 24 px: {each}" for each in small
    ]
