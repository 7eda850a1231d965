"""Extensions that tests and their worker processes import, and what the command line is handed with `--setup`."""

from alesha_sim.entities import Entity


class Postbox(Entity):
    """Asks the bank for the shop's balance every hour."""

    def __init__(self, simulation, every=3600.0):
        super().__init__(simulation.clock)
        simulation.add_entity(self, name="postbox", role="postbox")
        simulation.connect(self, simulation.bank, latency=0.5)
        self.run(self.hourly(simulation.shop.wallet, every, simulation.scenario.horizon))

    def hourly(self, wallet, every, horizon):
        while self.clock.now + every < horizon:
            yield self.clock.pause(every)
            yield from self.query_balance(self.channels["bank"], wallet)


def install(simulation):
    Postbox(simulation)
    simulation.collect("waiting", lambda run: len(run.bank.inbox.waiting), every="1 h")


def install_half_hourly(simulation):
    Postbox(simulation, 1800.0)


class Installer:
    """An extension with a parameter."""

    def __init__(self, every):
        self.every = every

    def __call__(self, simulation):
        Postbox(simulation, self.every)


def fail(simulation):
    raise RuntimeError("no room")
