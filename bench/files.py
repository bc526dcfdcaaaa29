"""The page files over HTTP, from the server under the sandbox, so that the sandbox's own work is missing.

Run as ``python -m bench.files FOLDER``; prints its address and serves until it is ended.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from bench.pages import Pages, opened
from integrations.sandbox.server import Request, Response, SandboxServer, WrongCommand


class Files(SandboxServer):
    """Answers what was asked when the pages were rendered."""

    def __init__(self, pages: Pages) -> None:
        super().__init__()
        self.pages = pages

    def answer(self, request: Request) -> Response:
        """The kept answer."""
        kept = self.pages.answers[request.target]
        headers = {name: value for name, value in kept.headers.items() if name != "Content-Type"}
        body = (self.pages.folder / kept.file).read_bytes()
        return Response(kept.status, body, kept.headers["Content-Type"], headers)

    def edit(self, verb: str, args: dict[str, Any]) -> Any:
        """There is no world behind these files."""
        raise WrongCommand(f"{verb} {sorted(args)}")


if __name__ == "__main__":
    server = Files(opened(Path(sys.argv[1])))
    print(f"{server.pages.kind.upper()}_API_URL={server.url}", flush=True)
    server.serve()
