"""From a scenario to the terms of each party, in the units of a run: minor units, seconds, exact shares, draws.

One function a party. A knob is written in three places: the scenario's field, the party's terms, and where it
is used.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from alesha_sim.books.owners import of_role
from alesha_sim.distributions import Distribution, durations
from alesha_sim.entities.bank.calendar import Income
from alesha_sim.entities.bank.terms import BankTerms
from alesha_sim.entities.courier import Courier
from alesha_sim.entities.shop.order import CatalogueItem
from alesha_sim.entities.shop.terms import ShopTerms
from alesha_sim.entities.sources import PurchasingTerms, Seller
from alesha_sim.entities.stock import StockTerms
from alesha_sim.entities.supplier.terms import SupplierTerms
from alesha_sim.entities.user.terms import BehaviourRates, UserTerms
from alesha_sim.kernel.scheduled import INFINITY
from alesha_sim.messages import Offer
from alesha_sim.policies import Fees
from alesha_sim.scenarios.demand import visit_draws
from alesha_sim.scenarios.price_changes import price_changes
from alesha_sim.simulation.fault_injection import uniform
from alesha_sim.simulation.roster import Roster
from alesha_sim.streams import Streams
from alesha_sim.units import Share

if TYPE_CHECKING:
    from alesha_sim.scenarios.scenario import Scenario
    from alesha_sim.scenarios.sections import Bank


def shop_terms(scenario: "Scenario", streams: Streams, name: str, roster: Roster) -> ShopTerms:
    """Return what a shop sells and on which terms."""
    shop: Any = scenario.party(name).terms
    supplier = scenario.suppliers_of(name)[0]
    return ShopTerms(
        catalogue=_catalogue(scenario),
        purchasing=_purchasing(scenario, name, roster),
        page_seconds=duration_draws(streams, f"{name}:service", shop.page_time),
        workers=shop.workers,
        unpaid_seconds=shop.unpaid_after,
        promise_seconds=INFINITY if shop.promise is None else shop.promise,
        advance=Share.read(shop.advance),
        purchase_limit=shop.purchase_limit,
        keeps_orders=_has_after_sales(scenario),
        restocking_fee=Share.read(shop.restocking_fee),
        unfit=shop.unfit,
        unfit_draw=uniform_draws(streams, f"{name}:unfit", if_any=shop.unfit),
        compensation=Share.read(shop.compensation),
        stock=None if shop.stock is None else StockTerms(shop.stock, horizon=scenario.horizon),
        courier=None if shop.stock is None else _courier(scenario, streams, name, supplier),
        closes_at=INFINITY if shop.closes is None else shop.closes,
        price_changes=price_changes(shop.prices, scenario.catalogue_prices, scenario.currency),
        backorders=getattr(shop, "unmet_demand", "passed-on") == "backordered",
    )


def _purchasing(scenario: "Scenario", name: str, roster: Roster) -> PurchasingTerms:
    """Return from whom and how a shop or a supplier buys."""
    buyer: Any = scenario.party(name).terms
    return PurchasingTerms(
        [_seller(scenario, seller, roster) for seller in scenario.suppliers_of(name)],
        getattr(buyer, "order_time", 0.0),
        getattr(buyer, "sourcing", None),
    )


def _seller(scenario: "Scenario", name: str, roster: Roster) -> Seller:
    """Return a supplier as its buyers know it; what it keeps is there after the way, what it makes later."""
    supplier: Any = scenario.party(name).terms
    way = supplier.delivery_time.expected
    leads = [
        way + (_lead_time(supplier, sku).expected if supplier.stock.opening(sku) is None else 0.0)
        for sku in scenario.skus
    ]
    charges = list(_charges(scenario, supplier).values())
    return Seller(
        roster.code(name), roster.account(name), charges, name, leads, getattr(supplier, "credit", False)
    )


def _charges(scenario: "Scenario", supplier: Any) -> dict[str, int]:
    """Return what a supplier takes for a unit of each product, in minor units."""
    own, minor = getattr(supplier, "charges", {}), scenario.currency.minor
    return {product.sku: minor(own.get(product.sku, product.charge)) for product in scenario.catalogue}


def _lead_time(supplier: Any, sku: str) -> Distribution:
    """Return how long it takes a supplier to make a product."""
    found: Distribution = getattr(supplier, "lead_times", {}).get(sku, supplier.lead_time)
    return found


def _catalogue(scenario: "Scenario") -> list[CatalogueItem]:
    minor = scenario.currency.minor
    return [
        CatalogueItem(
            Offer(product.sku, product.name, minor(product.marked_price), minor(product.price)),
            minor(product.charge),
            product.warranty,
            product.return_window,
        )
        for product in scenario.catalogue
    ]


def _has_after_sales(scenario: "Scenario") -> bool:
    """Tell whether users may come back with goods or complaints about orders that are closed."""
    shares = [share for product in scenario.catalogue for share in (product.return_share, product.defect_share)]
    return any(shares) or scenario.users.after_sales.complaint_share > 0


def user_terms(scenario: "Scenario", streams: Streams, roster: Roster) -> UserTerms:
    """Return what users have in common: what they know of the products, and how they react."""
    users, minor = scenario.users, scenario.currency.minor
    banks = of_role("bank", scenario.roles)
    return UserTerms(
        products={product.sku: (k, minor(product.price)) for k, product in enumerate(scenario.catalogue)},
        scale=scenario.currency.scale,
        behaviour=_behaviour(scenario),
        patience=None if users.patience is None else duration_draws(streams, "users:patience", users.patience),
        choice=users.choice,
        trust=users.trust,
        budget=None if users.budget is None else minor(users.budget),
        budget_seconds=users.budget_period,
        shops=tuple(of_role("shop", scenario.roles)),
        shop_choice=users.shop_choice,
        suppliers=tuple(of_role("supplier", scenario.roles)),
        banks={name: roster.customers(name) if len(banks) > 1 else None for name in banks},
        price_changes={
            each.name: price_changes(each.terms.prices, scenario.catalogue_prices, scenario.currency)
            for each in scenario.organisations
            if each.role == "shop" and each.terms.prices
        },
    )


def _behaviour(scenario: "Scenario") -> BehaviourRates:
    products, after_sales = scenario.catalogue, scenario.users.after_sales
    return BehaviourRates(
        door_refusal=scenario.users.payment.door_refusal,
        cancel_share=after_sales.cancel_share,
        return_shares=tuple(product.return_share for product in products),
        late_return_factor=after_sales.late_return_factor,
        defect_shares=tuple(product.defect_share for product in products),
        complaint_share=after_sales.complaint_share,
        confirms=scenario.uses_escrow,
    )


def bank_terms(scenario: "Scenario", streams: Streams, name: str) -> BankTerms:
    """Return how a bank serves, settles and pays, and what it takes for it."""
    bank: Bank = scenario.party(name).terms
    minor, fees = scenario.currency.minor, bank.fees
    return BankTerms(
        authorisation_seconds=duration_draws(streams, f"{name}:service", bank.authorisation_time),
        workers=bank.workers,
        secret_attempts=bank.secret_attempts,
        lock_seconds=bank.lock_time,
        settlement=bank.settlement,
        fees=Fees(minor(fees.fixed), fees.share, minor(fees.payer_fixed), fees.payer_share, minor(fees.declined)),
        rolling_reserve_share=bank.rolling_reserve.share,
        rolling_reserve_seconds=bank.rolling_reserve.period,
        income=income_terms(scenario),
    )


def income_terms(scenario: "Scenario") -> Income | None:
    """Return what users get from outside, and when; None if nothing."""
    income = scenario.users.income
    if income is None:
        return None
    return Income(scenario.currency.minor(income.amount), income.every, income.first, scenario.horizon)


def supplier_terms(scenario: "Scenario", streams: Streams, name: str, roster: Roster) -> SupplierTerms:
    """Return what a supplier makes and keeps, and how it delivers."""
    supplier: Any = scenario.party(name).terms
    minor, own = scenario.currency.minor, roster.code(name)
    leads = {sku: _lead_time(supplier, sku) for sku in getattr(supplier, "lead_times", {})}
    firms = [roster.code(each.name) for each in scenario.organisations if each.role != "bank"]
    return SupplierTerms(
        charges={sku: (k, charge) for k, (sku, charge) in enumerate(_charges(scenario, supplier).items())},
        handling_seconds=duration_draws(streams, f"{name}:service", supplier.handling_time),
        lead_seconds=duration_draws(streams, f"{name}:lead_time", supplier.lead_time),
        courier=_courier(scenario, streams, name, name),
        stock=StockTerms(supplier.stock, supplier.minimum_lot, supplier.capacity, scenario.horizon),
        workers=supplier.workers,
        unmet_demand=supplier.unmet_demand,
        partial=scenario.delivery.partial,
        return_transport=minor(supplier.return_transport),
        transport_charged=Share.read(supplier.transport_charged),
        remit_seconds=supplier.remit_after,
        buyers=frozenset(firm for firm in firms if roster.directory.buys(firm, own)),
        parts=getattr(supplier, "parts", False),
        on_credit=getattr(supplier, "credit", False),
        lead_by_product={
            scenario.skus.index(sku): duration_draws(streams, f"{name}:lead_time:{sku}", lead)
            for sku, lead in leads.items()
        },
        purchasing=_purchasing(scenario, name, roster) if scenario.suppliers_of(name) else None,
    )


def _courier(scenario: "Scenario", streams: Streams, sender: str, supplier: str) -> Courier:
    """Return who brings the parcels of a supplier, or of a shop, in the supplier's time."""
    delivery = scenario.delivery
    name = f"{sender}:delivery_time"
    travels = [duration_draws(streams, f"{name}:{zone.name}", zone.delivery_time) for zone in delivery.zones]
    return Courier(
        travels or [duration_draws(streams, name, scenario.party(supplier).terms.delivery_time)],
        visit_draws.zones(scenario, streams),
        delivery.lost,
        uniform_draws(streams, f"{sender}:parcel_loss", if_any=delivery.lost),
        duration_draws(streams, f"{sender}:parcel_report", delivery.report_time),
    )


def duration_draws(streams: Streams, name: str, distribution: Distribution) -> Callable[[], float]:
    """Return the durations of a stream, seconds."""
    return durations(distribution, streams.generator(name))


def uniform_draws(streams: Streams, name: str, *, if_any: float) -> Callable[[], float] | None:
    """Return the numbers from 0 to 1 of a stream, or None where nothing depends on them."""
    return uniform(streams, name) if if_any > 0 else None
