"""Two conversations side by side, aligned on the first step at which they differ."""

from typing import TYPE_CHECKING, Any

from alesha_sim.conversation.diagram import SHOWN, image
from alesha_sim.conversation.entries import amount_text
from alesha_sim.conversation.labels import label
from alesha_sim.conversation.layout import Drawing
from alesha_sim.conversation.stepper import STILL, Stepper
from alesha_sim.conversation.steps import Step, book_of
from alesha_sim.conversation.svg import HALO, svg

if TYPE_CHECKING:
    from alesha_sim.conversation.conversation import Conversation

WIDTH = 58


class Comparison:
    """Two conversations; `difference` is the number of the first step that differs, None if none does.

    Two steps are the same if the same message went the same way, met the same fate, and moved the same; which user
    it was, when it was and how messages were numbered do not count.
    """

    def __init__(self, one: "Conversation", other: "Conversation") -> None:
        self.one = one
        self.other = other
        pairs = zip(one.steps, other.steps, strict=False)
        both = min(len(one.steps), len(other.steps))
        found = next((number for number, (a, b) in enumerate(pairs) if _essence(a) != _essence(b)), both)
        self.difference = None if found == len(one.steps) == len(other.steps) else found

    @property
    def sentence(self) -> str:
        """Where they part, in one sentence."""
        if self.difference is None:
            return "They do not differ."
        texts = [_text(side.steps, self.difference) for side in (self.one, self.other)]
        return f"They differ first at step {self.difference + 1}: {texts[0]} against {texts[1]}."

    def __repr__(self) -> str:
        lines = [self.sentence, "", f"  {self.one.title[:WIDTH]:{WIDTH}}  {self.other.title[:WIDTH]}"]
        for number in range(max(len(self.one.steps), len(self.other.steps))):
            texts = [_text(side.steps, number)[:WIDTH] for side in (self.one, self.other)]
            differs = self.difference is not None and number >= self.difference
            lines.append(
                f"{'>' if number == self.difference else '|' if differs else ' '} {texts[0]:{WIDTH}}  {texts[1]}"
            )
        return "\n".join(line.rstrip() for line in lines)

    @property
    def svg(self) -> str:
        """Both sequence diagrams in one SVG document, with a line across at the first difference."""
        return self._svg(None)

    def _svg(self, steps: int | None) -> str:
        sides = (self.one, self.other)
        drawings = [(side.diagram() if steps is None else side.diagram().first(steps)).drawing for side in sides]
        tops = [_top(drawing, self.difference) for drawing in drawings]
        known = [top for top in tops if top is not None]
        lower = [0.0 if top is None else max(known) - top for top in tops]
        width = sum(drawing.width for drawing in drawings) + 20
        height = max(drawing.height + down for drawing, down in zip(drawings, lower, strict=True)) + 24
        left = (0.0, drawings[0].width + 20)
        inside = "".join(
            f'<g transform="translate({x:g} {down:g})">{svg(drawing)}</g>'
            for x, down, drawing in zip(left, lower, drawings, strict=True)
        )
        mark = ""
        if known:
            y = max(known) - 16
            mark = (
                f'<path d="M0 {y:g}H{width:g}" stroke="#B33C00" stroke-width="2.5" stroke-dasharray="9 5"/>'
                f'<text x="{drawings[0].width + 10:g}" y="{y - 5:g}" text-anchor="middle" fill="#B33C00" '
                f'font-weight="bold" {HALO}>first difference</text>'
            )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
            f'viewBox="0 0 {width:g} {height:g}" font-family="\'DejaVu Sans\', Helvetica, Arial, sans-serif" '
            f'font-size="12"><rect width="100%" height="100%" fill="#ffffff"/>{inside}{mark}</svg>'
        )

    def stepper(self) -> Stepper:
        """Return a page that goes through both in step."""
        still = image(self._svg(STILL), self.sentence)
        return Stepper([self.one.pane, self.other.pane], difference=self.difference, still=still)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        del include, exclude
        return {"text/plain": repr(self), "text/html": image(self._svg(SHOWN), self.sentence)}


def compare_conversations(one: "Conversation", other: "Conversation") -> Comparison:
    """Lay two conversations side by side, such as a good purchase and a declined one."""
    return Comparison(one, other)


def _essence(step: Step) -> tuple[Any, ...]:
    """Return what makes a step the same as another."""
    said = step.message
    heard = said and (
        book_of(said.sender),
        book_of(said.recipient),
        said.kind,
        said.fate,
        said.reason,
        said.attempt,
    )
    moved = sorted((row.book, row.code, row.amount, row.commodity) for row in step.transfers)
    return book_of(step.lane), heard, moved


def _text(steps: list[Step], number: int) -> str:
    """Return a step in a few words; nothing beyond the end."""
    if number >= len(steps):
        return "nothing more"
    step = steps[number]
    moved = ", ".join(f"{row.code} {amount_text(row)}" for row in step.transfers)
    if step.message is None:
        return f"{step.lane}: {moved}"
    said = step.message
    text = f"{said.sender} -> {said.recipient} {label(said).partition(' ')[2]}"
    return f"{text} [{moved}]" if moved else text


def _top(drawing: Drawing, step: int | None) -> float | None:
    """Return where a step begins; None if it is not drawn."""
    return drawing.ends[step][0] if step is not None and step < len(drawing.ends) else None
