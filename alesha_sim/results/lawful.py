"""The check of a run's tables against the laws, on what its scenario says of prices, parties and banks."""

from typing import TYPE_CHECKING

from alesha_sim.audit import laws
from alesha_sim.books.chart import ONE_OF_EACH
from alesha_sim.scenarios.price_changes import price_changes
from alesha_sim.tables.source import Source
from alesha_sim.units import microseconds

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario


def violations(scenario: "Scenario", source: Source, *, drained: bool) -> list[str]:
    """Return a line for each violation of a law by the tables of a run of a scenario."""
    minor = scenario.currency.minor
    catalogue = [
        laws.Priced(product.sku, minor(product.price), minor(product.charge), minor(product.cost))
        for product in scenario.catalogue
    ]
    changes = [
        laws.Repriced(shop.name, microseconds(at), sku, price)
        for shop in scenario.organisations
        if shop.role == "shop"
        for at, sku, price in price_changes(shop.terms.prices, scenario.catalogue_prices, scenario.currency)
    ]
    settling = None
    if scenario.clearing is not None:
        credit = {bank.name: minor(bank.credit) for bank in scenario.banks}
        settling = laws.Settling(credit, any(bank.closes is not None for bank in scenario.banks))
    roles = scenario.roles if scenario.is_market else ONE_OF_EACH
    return laws.check(source, catalogue, drained=drained, roles=roles, changes=changes, settling=settling)
