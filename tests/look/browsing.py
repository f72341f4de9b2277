"""A real browser on the house without a server: each request is answered by Django's test client, policy headers and all."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Route

HOST = "http://localhost"
DRAWN = """() => [
  document.documentElement.outerHTML,
  [innerWidth, matchMedia("(prefers-color-scheme: dark)").matches, matchMedia("(forced-colors: active)").matches].join(),
  [...document.querySelectorAll("*")].map((e) => e.checkVisibility() ? "1" : "0").join(""),
]"""
CHANGES = re.compile(
    r'(?<=csrfmiddlewaretoken" value=")\w+|[\w.+-]+@[\w.-]+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}|\d{2,}'
)
"""What differs each time a page is opened: tokens, made-up addresses, keys, dates and hours."""
PAINTS = """const paints = (() => {
  const known = new Map([[null, ""]]);
  const behind = (e) => {
    if (!known.has(e)) {
      const s = getComputedStyle(e);
      const own = [s.backgroundColor, s.backgroundImage, s.opacity, s.filter, s.mixBlendMode].join(" ");
      known.set(e, behind(e.parentElement) + (own === "rgba(0, 0, 0, 0) none 1 none normal" ? "" : `; ${own}`));
    }
    return known.get(e);
  };
  const idle = (e) => e.closest(":disabled, [aria-disabled=true]") || e.closest("label")?.control?.disabled;
  const typed = "textarea, select, input:not([type=checkbox], [type=radio], [type=hidden], [type=range], [type=color])";
  const written = (e) => e.matches(typed)
    || ([...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && (e.innerText ?? e.textContent).trim().length > 1);
  const shown = (e) => {
    const box = e.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && getComputedStyle(e).clipPath !== "inset(50%)";
  };
  const paint = (e) => {
    const s = getComputedStyle(e);
    return [s.color, s.fontSize, s.fontWeight, s.textShadow, behind(e)].join(" ");
  };
  const seen = () => [...document.querySelectorAll("body *")]
    .filter((e) => e.checkVisibility() && written(e) && shown(e) && !idle(e));
  return {paint, all: () => [...new Set(seen().map(paint))]};
})();"""
ASKED = f"""async (contrast) => {{ {PAINTS}
  const rules = {{"color-contrast": {{enabled: false}}}};
  const {{violations}} = await axe.run({{resultTypes: ["violations"], rules}});
  if (!contrast) return [violations, []];
  const measured = await axe.run({{runOnly: ["color-contrast"], elementRef: true}});
  const passed = measured.passes.flatMap((rule) => rule.nodes.map((node) => paints.paint(node.element)));
  measured.violations.forEach((rule) => rule.nodes.forEach((node) => delete node.element));
  return [[...violations, ...measured.violations], [...new Set(passed)]];
}}"""
_clean: set[tuple[str, ...]] = set()
_readable: set[str] = set()


def violations(page: Page) -> list[dict[str, Any]]:
    """What axe-core finds wrong with a page (WCAG 2.2 AA).

    A page on which it found nothing isn't asked again in this run while it is drawn the same: equal HTML but for what
    ``CHANGES`` names, equal width and colours, the same elements visible. Journeys begin with the same steps.
    Contrast, which takes half of its time, is measured only on a page that has a text in a colour, size and weight, on
    colours behind it, which weren't found readable yet.
    """
    html, *how = page.evaluate(DRAWN)
    drawn = (CHANGES.sub("", html), *how)
    if drawn in _clean:
        return []
    paints = set(page.evaluate(f"() => {{ {PAINTS} return paints.all(); }}"))
    found, readable = ask_axe(page, contrast=not paints <= _readable)
    if not found:
        _clean.add(drawn)
        _readable.update(readable)
    return found


def ask_axe(page: Page, *, contrast: bool) -> tuple[list[dict[str, Any]], list[str]]:
    """What axe-core finds, and how the texts are painted that it measured and found readable."""
    page.evaluate(AXE_SCRIPT)
    found, readable = page.evaluate(ASKED, contrast)
    return found, readable


@dataclass
class Visit:
    """One page as a reader sees it."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    @property
    def findings(self) -> list[str]:
        """What axe-core finds, one line each."""
        return [f"{item['id']}: {node['target']}" for item in violations(self.page) for node in item["nodes"]]

    @property
    def sideways(self) -> int:
        """By how many pixels the page is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - innerWidth")

    @property
    def small_targets(self) -> list[str]:
        """Buttons, fields and links outside running text that are lower than 44 px."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll("button, .button, select, input:not([type=hidden], [type=checkbox], [type=radio]), .rail__link, .tabs a, .switch")]
            .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 43.5)
            .map((e) => `${e.tagName} ${e.className} ${e.textContent.trim().slice(0, 30)}`)"""
        )


def answer(client: Client, route: Route) -> None:
    """Let the test client answer one request of the browser."""
    url = urlsplit(route.request.url)
    if url.hostname != "localhost":
        route.abort()
        return
    asked = Client() if url.path.startswith(settings.STATIC_URL) else client
    response = asked.get(f"{url.path}?{url.query}" if url.query else url.path, follow=True)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    route.fulfill(status=response.status_code, headers=dict(response.items()), body=body)


def visit(
    browser: Browser,
    path: str,
    *,
    scheme: str = "light",
    width: int = 1280,
    language: str = "en",
    client: Client | None = None,
) -> Visit:
    """Open a page; `complaints` collects refusals of the policy, script errors and answers of 400 and above."""
    context: BrowserContext = browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light", viewport={"width": width, "height": 900}, locale=language
    )
    asking = client or Client(headers={"accept-language": language})
    seen = Visit(context.new_page())
    seen.page.route("**/*", lambda route: answer(asking, route))
    seen.page.on(
        "console",
        lambda message: seen.complaints.append(message.text) if message.type in {"error", "warning"} else None,
    )
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.goto(HOST + path, wait_until="load")
    return seen
