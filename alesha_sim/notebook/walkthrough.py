"""A run stepped through with buttons: to the next message, event, order, instant or breakpoint, and back."""

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

from alesha_sim.notebook.live import Live, button, table
from alesha_sim.results.result import Result
from alesha_sim.simulation.simulation import MessageSeen
from alesha_sim.simulation.stepping import Condition, Walk

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario

RECENT = 10
"""How many messages are shown: those sent last."""

WAITING_SHOWN = 8


class Walkthrough(Live):
    """A run of a scenario that the reader goes through; without a seed one is drawn.

    The buttons and the methods do the same. `walk` is the run itself, `result` what it left behind once it is
    finished. Raises ImportError without ipywidgets.
    """

    def __init__(self, scenario: "Scenario", seed: int | None = None) -> None:
        super().__init__()
        self.walk = Walk(scenario, seed)
        self.result: Result | None = None
        self._before = self.walk.balances()
        self._remark = ""
        self._make()
        self._show()

    # Moves, as those of Walk

    def next_event(self) -> bool:
        """Go on by one kernel event; False if there is none."""
        return bool(self._move(self.walk.next_event))

    def next_message(self) -> MessageSeen | None:
        """Go on until a message has been delivered; None if none was any more."""
        return self._move(self.walk.next_message)  # type: ignore[no-any-return]

    def next_order(self) -> int | None:
        """Go on until an order has been placed, and return its number; None if none was any more."""
        return self._move(self.walk.next_order)  # type: ignore[no-any-return]

    def next_instant(self) -> bool:
        """Let everything happen that happens at the next instant; False if nothing does."""
        return bool(self._move(self.walk.next_instant))

    def run_to(self, breakpoint: Condition | str) -> MessageSeen | None:
        """Go on until a message is delivered for which a breakpoint holds, as `Walk.run_to` reads it."""
        return self._move(lambda: self.walk.run_to(breakpoint))  # type: ignore[no-any-return]

    def back(self) -> None:
        """Go back by one kernel event, by a replay of the run up to there."""
        self.result = None
        self._move(self.walk.back)

    def finish(self) -> Result:
        """Run to the end and return the result, which is in `result` from then on."""
        self.result = self._move(self.walk.finish)
        return self.result

    def _move(self, move: Callable[[], Any]) -> Any:
        self._before, self._remark = self.walk.balances(), ""
        came = move()
        if self.walk.simulation.drained:
            self._remark = "Nothing is left to happen."
        self._show()
        return came

    # What is shown

    def _make(self) -> None:
        ui = self.ui
        self._breakpoint = ui.Text(
            placeholder="Authorise, or order=3, or from=bank", description="Breakpoint", continuous_update=False
        )
        moves = [
            button(ui, "Back", self.back, hint="to the event before, by replay"),
            button(ui, "Next event", self.next_event),
            button(ui, "Next message", self.next_message, primary=True),
            button(ui, "Next instant", self.next_instant),
            button(ui, "Next order", self.next_order),
        ]
        ends = [button(ui, "Run to breakpoint", self._run_to_breakpoint), button(ui, "Finish", self.finish)]
        self._head, self._said, self._side = ui.HTML(), ui.HTML(), ui.HTML()
        self._root = ui.VBox(
            [
                ui.HBox(moves, layout=ui.Layout(flex_flow="row wrap")),
                ui.HBox([self._breakpoint, *ends], layout=ui.Layout(flex_flow="row wrap")),
                self._head,
                self._side,
                self._said,
            ]
        )
        self._root.add_class("alesha-walkthrough")

    @property
    def root(self) -> Any:
        """The widget that holds all others."""
        return self._root

    def _run_to_breakpoint(self) -> None:
        try:
            if self.run_to(self._breakpoint.value) is None:
                self._remark = "No message was like that: the run is over."
        except ValueError as error:
            self._remark = str(error)
        self._show()

    def _show(self) -> None:
        self._head.value = self._headline()
        self._said.value = self._picture()
        self._side.value = self._tables()
        self.renew_stills()

    def _headline(self) -> str:
        walk = self.walk
        place = f"{walk.simulation.now:,.3f} s, event {walk.events:,}"
        last = walk.last
        said = (
            f"; message {last.message}, {last.kind}, reached {last.recipient} from {last.sender}" if last else ""
        )
        text = f"<b>{escape(walk.scenario.name)}</b>, seed {walk.seed}: {place}{escape(said)}"
        return f"<p>{text}</p>" + (f'<p role="status"><b>{escape(self._remark)}</b></p>' if self._remark else "")

    def _picture(self) -> str:
        if not len(self.walk.simulation.records.messages):
            return "<p>Nothing has been said yet.</p>"
        return self.walk.recent(RECENT).with_lanes(self.walk.parties()).diagram().image

    def _tables(self) -> str:
        decimals = self.walk.scenario.currency.decimals
        amounts = [
            (name, f"{self._before[name]:,.{decimals}f}", f"{amount:,.{decimals}f}")
            for name, amount in self.walk.balances().items()
        ]
        waiting = self.walk.waiting()
        lines = "".join(f"<li>{escape(str(who))}</li>" for who in waiting[:WAITING_SHOWN])
        more = f"<li>and {len(waiting) - WAITING_SHOWN:,} more</li>" if len(waiting) > WAITING_SHOWN else ""
        who = f"<ul>{lines}{more}</ul>" if waiting else "<p>Nobody waits for a reply.</p>"
        balances = table([self.walk.scenario.currency.code, "before", "now"], amounts)
        return f'<div style="display: flex; flex-wrap: wrap; gap: 0 32px">{balances}<div>{who}</div></div>'

    @property
    def still(self) -> str:
        """The last messages as an image, with the clock and the balances."""
        return self._headline() + self._tables() + self._picture()

    def __repr__(self) -> str:
        return f"Walkthrough of {self.walk.scenario.name}, seed {self.walk.seed}, at event {self.walk.events}"
