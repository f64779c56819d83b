"""`python -m deploy.grafana`: write dashboards/*.json anew, one for each file of `boards`."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path

from deploy.grafana import boards
from deploy.grafana.board import Board

FOLDER = Path(__file__).parent / "dashboards"


def found() -> Iterator[Board]:
    """Yield every dashboard there is."""
    for module in pkgutil.iter_modules(boards.__path__):
        yield importlib.import_module(f"{boards.__name__}.{module.name}").BOARD


def text(board: Board) -> str:
    """Return what its file holds."""
    return json.dumps(board.json(), ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Write each, and forget those that are no more."""
    written = {FOLDER / f"{board.name}.json": text(board) for board in found()}
    for path in set(FOLDER.glob("*.json")) - set(written):
        path.unlink()
    for path, content in written.items():
        path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
