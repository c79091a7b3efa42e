"""`/docs`: the service's description with a viewer that is shipped, so that it works without the internet."""

from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
}
PAGE: Final = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Shortlist: the service</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/docs/files/swagger-ui.css">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="/docs/files/swagger-ui-bundle.js"></script>
  <script src="/docs/files/start.js"></script>
</body>
</html>
"""


def add_documentation(app: FastAPI) -> None:
    """Add the page and the viewer's files."""

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        """The viewer."""
        return HTMLResponse(PAGE, headers=HEADERS)

    app.mount("/docs/files", StaticFiles(directory=Path(__file__).parent / "static"))
