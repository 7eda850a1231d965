# %% [markdown]
# # Where does the wave come from that grows from tier to tier?
#
# Four tiers sell beer to each other. Each sees the orders of the next tier alone, and these are two weeks on their way, as are the goods. In week 5 customers want 8 units a week and no longer 4. Nothing else ever changes.

# %% tags=["parameters"]
seed = 7
weeks = 36
long_weeks = 240

# %%
import numpy as np
import pandas as pd

import alesha_sim as alesha
from alesha_sim.scenarios import beer_game
from alesha_sim.simulation.stock_levels import watch_weekly
from alesha_sim.theory import bullwhip_chain

tiers = ["retailer", "wholesaler", "distributor", "brewery"]
columns = ["retailer beer ordered", "wholesaler beer ordered", "distributor beer ordered", "brewery beer ordered"]
players = alesha.simulate(beer_game(weeks=weeks), seed=seed, setup=watch_weekly)
players

# %% [markdown]
# ## Players
#
# People order what they forecast, and correct what their stock lacks; of what they have ordered already they count a third (Sterman 1989). Week 6 of the run is week 1 of the game.

# %%
alesha.plots.wave(players);

# %% [markdown]
# ## The same, and nobody forgets what is on order
#
# A tier that counts all of it orders up to a level: after the step each orders 8 a week, and nobody more.

# %%
patient = beer_game(weeks=weeks, gain=1, counted=1, smoothing=0, goal=24)
calm = alesha.simulate(patient, seed=seed, setup=watch_weekly)
alesha.plots.wave(calm);

# %% [markdown]
# ## What the theory says
#
# Forgetting is not the only cause. Where demand is random and each tier forecasts by a moving average of the orders that it gets, even a tier that counts everything makes more variance than it sees. For order-up-to levels of one period's forecast, of five periods, the variance of each tier's orders over that of demand is known in closed form (Chen, Drezner, Ryan and Simchi-Levi 2000): with separate forecasts the tiers' filters follow each other, with shared demand the lead times add up.

# %%
theory = pd.DataFrame(
    {
        "separate forecasts": [
            bullwhip_chain([1], 5, shared=False),
            bullwhip_chain([1, 1], 5, shared=False),
            bullwhip_chain([1, 1, 1], 5, shared=False),
            bullwhip_chain([1, 1, 1, 1], 5, shared=False),
        ],
        "shared demand": [
            bullwhip_chain([1], 5, shared=True),
            bullwhip_chain([1, 1], 5, shared=True),
            bullwhip_chain([1, 1, 1], 5, shared=True),
            bullwhip_chain([1, 1, 1, 1], 5, shared=True),
        ],
    },
    index=tiers,
)

# %% [markdown]
# ## What the run shows

# %%
demands = np.random.default_rng(seed).integers(16, 25, long_weeks)
forecasting = {"kind": "moving_average", "periods": 5, "period": "7 days", "lead_periods": 1, "opening_stock": 100}
random_demand = beer_game(demand=20, demands=demands.tolist()).with_settings(
    {
        "shops.retailer.stock": forecasting,
        "suppliers.wholesaler.stock": forecasting,
        "suppliers.distributor.stock": forecasting,
        "suppliers.brewery.stock": forecasting,
    }
)
long_run = alesha.simulate(random_demand, seed=seed, setup=watch_weekly)
ordered = long_run.collected["stock"][columns].diff()[40 : long_weeks + 5]
theory["run"] = (ordered.var() / demands[35:].var()).to_numpy()
theory.round(2)

# %%
axes = theory.plot(marker="o", figsize=(7, 3.5), ylabel="variance of orders over that of demand")
axes.spines[["top", "right"]].set_visible(False)

# %%
peaks = pd.DataFrame(
    {
        "players": players.collected["stock"][columns].diff()[6 : weeks + 6].max().astype(int).to_numpy(),
        "all counted": calm.collected["stock"][columns].diff()[6 : weeks + 6].max().astype(int).to_numpy(),
    },
    index=tiers,
)
peaks

# %% [markdown]
# ## Answer
#
# Players who count a third of what they have ordered turn one step in demand into orders that peak at 11 units at the retailer and at 33 at the brewery, while tiers that count all of it order 8 and never more.
