"""The drill's people: each signs in, fills in and submits over HTTP, as a browser does, and goes on after every failure.

They know nothing but the address, their own answers and what the pages say. What a person was told in the end, a case
number on the page after submitting, is a line of `acknowledged.jsonl`: the drill counts against it.
"""

import http.client
import json
import os
import re
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

PATIENCE = 0.3
BROWSERS = 6


class Again(Exception):
    """The page was not there as it should be; the person tries again."""


@dataclass
class Browser:
    """One person's browser: one connection, its cookies, no script."""

    host: str
    cookies: dict[str, str] = field(default_factory=dict)
    link: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "", accept: str = "") -> tuple[int, str, str]:
        """(status, where it leads to, text) of one request. Raises Again when there is no answer, or an error page."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if kind:
            headers["Content-Type"] = kind
        if accept:
            headers["Accept"] = accept
        try:
            self.link = self.link or http.client.HTTPConnection(self.host, timeout=30)
            self.link.request(method, path, body or None, headers)
            response = self.link.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException):
            self.close()
            raise Again(path) from None
        for line in response.headers.get_all("Set-Cookie") or []:
            self.cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
        if response.status >= 500:
            raise Again(f"{path} {response.status}")
        return response.status, urlsplit(response.headers.get("Location", "")).path, text

    def post(self, path: str, values: dict[str, str], accept: str = "") -> tuple[int, str, str]:
        content = urlencode({**values, "csrfmiddlewaretoken": self.cookies.get("csrftoken", "")}).encode()
        return self.ask("POST", path, content, "application/x-www-form-urlencoded", accept)

    def upload(self, path: str, code: str, content: bytes) -> int:
        edge = uuid.uuid4().hex
        lines = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in (("csrfmiddlewaretoken", self.cookies.get("csrftoken", "")), ("code", code))
        ]
        head = f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="drill.jpg"\r\n'
        body = "".join([*lines, head, "Content-Type: image/jpeg\r\n\r\n"]).encode() + content
        kind = f"multipart/form-data; boundary={edge}"
        return self.ask("POST", path, body + f"\r\n--{edge}--\r\n".encode(), kind, "application/json")[0]

    def close(self) -> None:
        if self.link is not None:
            self.link.close()
        self.link = None


@dataclass
class Person:
    """`draft` and `given` are what the person remembers between two tries."""

    username: str
    password: str
    region: str
    ticked: list[str]
    answers: dict[str, str]
    materials: list[str]
    expected: list[list[str]]
    draft: str = ""
    is_signed_in: bool = False
    is_filled: bool = False
    given: list[str] = field(default_factory=list)

    def apply(self, browser: Browser, picture: bytes) -> str:
        """The pages in their order up to the number of the case. Raises Again, and is then called once more."""
        if not self.is_signed_in:
            browser.ask("GET", "/sign-in/")
            status, _, _ = browser.post("/sign-in/", {"username": self.username, "password": self.password})
            self._expect(status, 302)
            self.is_signed_in = True
        if not self.draft:
            status, path, _ = browser.post("/apply/", {"region": self.region})
            self._expect(status, 302)
            if (found := re.match(r"/apply/([0-9a-f-]{36})/", path)) is None:
                raise Again(path)
            self.draft = found[1]
        if not self.is_filled:
            items = {f"item-{code}": "yes" for code in self.ticked}
            self._expect(browser.post(f"/apply/{self.draft}/items/", items)[0], 302)
            for _ in range(2):  # some fields are asked only after another one was answered
                self._expect(browser.post(f"/apply/{self.draft}/autosave/", self.answers, "application/json")[0], 200)
            self.is_filled = True
        for code in self.materials:
            if code not in self.given:
                self._expect(browser.upload(f"/apply/{self.draft}/materials/", code, picture), 200)
                self.given.append(code)
        return self._submit(browser)

    def _submit(self, browser: Browser) -> str:
        status, path, page = browser.ask("GET", f"/apply/{self.draft}/check/")
        if status == 200:
            version = re.search(r'name="version" value="(\d+)"', page)
            values = {"version": version[1] if version else "", "promise": "on", "agree": "on"}
            status, path, page = browser.post(f"/apply/{self.draft}/submit/", values)
        self._expect(status, 302)
        if (found := re.fullmatch(r"/cases/([^/]+)/submitted/", path)) is None:
            raise Again(path)
        status, _, page = browser.ask("GET", path)
        self._expect(status, 200)
        return found[1] if found[1] in page else ""

    def _expect(self, status: int, wanted: int) -> None:
        if status != wanted:
            self.is_signed_in = False
            raise Again(f"{status} instead of {wanted}")


class Crowd:
    """As many browsers at once as BROWSERS; `gate` on disk says how many people may have begun."""

    def __init__(self, home: Path, host: str) -> None:
        self.home, self.host = home, host
        self.picture = (home / "drill.jpg").read_bytes()
        self.people: Iterator[tuple[int, dict[str, Any]]] = enumerate(
            json.loads(line) for line in (home / "people.jsonl").read_text().splitlines()
        )
        self.answers = (home / "acknowledged.jsonl").open("a")
        self.lock = threading.Lock()

    def run(self) -> None:
        threads = [threading.Thread(target=self.serve) for _ in range(BROWSERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def serve(self) -> None:
        while True:
            with self.lock:
                number, facts = next(self.people, (0, None))
            if facts is None:
                return
            while number >= int((self.home / "gate").read_text() or 0):
                time.sleep(0.05)
            self.help(Person(**facts))

    def help(self, person: Person) -> None:
        browser, begun, tries = Browser(self.host), time.time(), 0
        while True:
            tries += 1
            try:
                number = person.apply(browser, self.picture)
            except Again as why:
                sys.stderr.write(f"{person.username}: {why}\n")
                time.sleep(PATIENCE)
                continue
            browser.close()
            facts = {"number": number, "expected": person.expected, "tries": tries, "seconds": time.time() - begun}
            self.write_down(facts)
            return

    def write_down(self, facts: dict[str, Any]) -> None:
        with self.lock:
            self.answers.write(json.dumps(facts) + "\n")
            self.answers.flush()
            os.fsync(self.answers.fileno())


if __name__ == "__main__":
    Crowd(Path(sys.argv[1]), sys.argv[2]).run()
