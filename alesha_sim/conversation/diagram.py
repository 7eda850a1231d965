"""A sequence diagram as an object: SVG, PNG, a file, and what a notebook is given to show."""

from base64 import b64encode
from collections.abc import Sequence
from functools import cached_property
from html import escape
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import Any

from alesha_sim.conversation.layout import Drawing, lay_out
from alesha_sim.conversation.mermaid import mermaid
from alesha_sim.conversation.steps import Step
from alesha_sim.conversation.svg import svg

SHOWN = 200
"""How many steps a notebook is shown at most; all of them are in `svg`."""

PRINTED = 60
"""How many steps a notebook is given as PNG at most, since a taller one is no longer legible."""


class Diagram:
    """The sequence diagram of some steps; `text` is what is shown where no picture can be."""

    def __init__(self, title: str, lanes: Sequence[str], steps: Sequence[Step], text: str = "") -> None:
        self.title = title
        self.lanes = list(lanes)
        self.steps = list(steps)
        self.text = text or title

    @cached_property
    def drawing(self) -> Drawing:
        """Where everything stands."""
        return lay_out(self.title, self.lanes, self.steps)

    @property
    def svg(self) -> str:
        """The diagram as an SVG document."""
        return svg(self.drawing)

    def png(self, dpi: float = 144) -> bytes:
        """Return the diagram as a PNG file with so many dots an inch, drawn by matplotlib."""
        from alesha_sim.conversation.picture import png

        return png(self.drawing, dpi)

    def to_mermaid(self) -> str:
        """Return the diagram in Mermaid's notation."""
        return mermaid(self.title, self.lanes, self.steps)

    def first(self, steps: int) -> "Diagram":
        """Return the diagram of the first steps; its title says how many are left out."""
        if steps >= len(self.steps):
            return self
        title = f"{self.title} (the first {steps:,} of {len(self.steps):,} steps)"
        return Diagram(title, self.lanes, self.steps[:steps], self.text)

    @property
    def image(self) -> str:
        """The diagram as an HTML image that carries its own content, and so shows in every page."""
        return image(self.svg, self.title)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the diagram as the ending says: .svg, .png, or .mmd for Mermaid. Raises ValueError for another."""
        path = Path(path)
        match path.suffix:
            case ".svg":
                path.write_text(self.svg, encoding="utf-8")
            case ".png":
                path.write_bytes(self.png())
            case ".mmd":
                path.write_text(self.to_mermaid(), encoding="utf-8")
            case other:
                raise ValueError(f"path {path}: ending {other!r}: must be .svg, .png or .mmd")

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Return text, an image that shows everywhere, and a PNG where matplotlib is installed."""
        del include, exclude  # a reader that wants less picks from what there is
        bundle: dict[str, Any] = {"text/plain": self.text, "text/html": self.first(SHOWN).image}
        if find_spec("matplotlib"):
            bundle["image/png"] = b64encode(self.first(PRINTED).png()).decode()
        return bundle


def image(drawn: str, text: str) -> str:
    """Return an SVG document as an HTML image with an alternative text."""
    content = b64encode(drawn.encode()).decode()
    return f'<img alt="{escape(text)}" style="max-width: 100%" src="data:image/svg+xml;base64,{content}">'
