"""What shows itself by widgets while a kernel runs, and as a still image wherever none does."""

from collections.abc import Sequence
from html import escape
from itertools import count
from typing import Any


def widgets(asked: str) -> Any:
    """Return ipywidgets; raises ImportError, in one line that says what to install, where it is missing."""
    try:
        import ipywidgets
    except ImportError:
        raise ImportError(f'{asked} needs ipywidgets: python -m pip install "alesha-sim[notebook]"') from None
    return ipywidgets


class Live:
    """The base of what is shown live: subclasses make `root` of widgets and draw `still`.

    The still image is an output of its own, which the live widgets hide: an exported page and a notebook without a
    kernel have no widgets, so that there it shows, as it was after the last click.
    """

    def __init__(self) -> None:
        self.ui = widgets(type(self).__name__)
        self._shown = count()
        self._stills: list[Any] = []

    @property
    def still(self) -> str:
        """What is shown where there are no widgets, as HTML."""
        raise NotImplementedError

    @property
    def root(self) -> Any:
        """The widget that holds all others."""
        raise NotImplementedError

    def _ipython_display_(self) -> None:
        from IPython.display import display

        name = f"alesha-still-{id(self):x}-{next(self._shown)}"
        hide = self.ui.HTML(f"<style>.{name} {{ display: none; }}</style>")
        self._stills.append((name, display(self._still(name), display_id=True)))  # type: ignore[no-untyped-call]
        # Without its text, which an exported page would show in its place.
        shown = {**self.ui.VBox([hide, self.root])._repr_mimebundle_(), "text/plain": ""}
        display(shown, raw=True)  # type: ignore[no-untyped-call]

    def _still(self, name: str) -> Any:
        from IPython.display import HTML

        return HTML(f'<div class="{name}">{self.still}</div>')  # type: ignore[no-untyped-call]

    def renew_stills(self) -> None:
        """Draw the still images again, as things are now."""
        for name, handle in self._stills:
            if handle is not None:
                handle.update(self._still(name))


def button(ui: Any, text: str, act: Any, *, primary: bool = False, hint: str = "") -> Any:
    """Return a button that acts when it is pressed."""
    made = ui.Button(description=text, button_style="primary" if primary else "", tooltip=hint or text)
    made.layout.width = "auto"
    made.on_click(lambda _: act())
    return made


def table(head: Sequence[str], rows: Sequence[tuple[str, ...]]) -> str:
    """Return an HTML table whose columns but the first are aligned to the right."""

    def line(cells: Any, tag: str) -> str:
        styles = ["text-align: left; padding: 0 14px 0 0", *["text-align: right; padding: 0 14px 0 0"] * 9]
        return "".join(
            f'<{tag} style="{style}">{escape(cell)}</{tag}>' for cell, style in zip(cells, styles, strict=False)
        )

    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
    return f'<table style="border-collapse: collapse"><tr>{line(head, "th")}</tr>{body}</table>'
