"""Draw `docs/scored.svg`, the picture in the README: what `pharmaspam score --file docs/article.md` shows on a terminal.

Run it again after a new model is promoted: python docs/picture.py
"""

import io
import re
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

from pharmaspam import Detector, Post
from pharmaspam.terminal import show_verdict

HERE = Path(__file__).parent
WIDTH = 104


def draw() -> str:
    """The terminal as SVG, without the web fonts that rich would load from elsewhere."""
    console = Console(record=True, force_terminal=True, color_system="truecolor", width=WIDTH, file=io.StringIO(), highlight=False)
    post = Post((HERE / "article.md").read_text(encoding="utf-8"), format="markdown")
    console.print("$ pharmaspam score --file docs/article.md\n", style="bold")
    show_verdict(console, post, Detector.load().score(post))
    svg = console.export_svg(title="pharmaspam", theme=MONOKAI, unique_id="scored")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL).replace(
        "Fira Code, monospace", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace"
    )


if __name__ == "__main__":
    (HERE / "scored.svg").write_text(draw(), encoding="utf-8")
