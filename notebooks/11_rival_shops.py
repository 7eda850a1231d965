# %% [markdown]
# # Who wins which users with price, promise and trust, and what does a price war cost?
#
# Three shops sell the same phone. Each user compares their home pages and chooses a shop, or none, by a multinomial logit: the probability of a shop is exp(V) over the sum of all exp(V), where V falls with the price and the days promised, and rises with the user's own trust.

# %% tags=["parameters"]
seed = 7
visits_per_day = 60

# %%
import numpy as np
import pandas as pd

import alesha_sim as alesha
from alesha_sim.scenarios import rival_shops

rivals = rival_shops(visits_per_day=visits_per_day, trust=0, outside=-11)
result = alesha.simulate(rivals, seed=seed)
result

# %% [markdown]
# ## What the theory says
#
# On day 30 daraz cuts its price to 450, on day 40 the others follow, on day 60 the war is over, and on day 75 bikroy closes. While nobody's trust counts, the shares are known in closed form.

# %%
shops = ["daraz", "pickaboo", "bikroy"]
prices = pd.DataFrame(
    {
        "peace": [500, 490, 480],
        "one at war": [450, 490, 480],
        "all at war": [450, 450, 450],
        "peace again": [500, 490, 480],
        "two are left": [500, 490, np.nan],
    },
    index=shops,
)
days_promised = pd.Series([3, 5, 7], index=shops)
weights = np.exp((-0.02 * prices).sub(0.1 * days_promised, axis=0))
theory = (weights / (weights.sum() + np.exp(-11))).fillna(0).T
theory.round(3)

# %% [markdown]
# ## What the run shows
#
# Bars are the theory; points are the shares of all visits that checked out at a shop, with two standard errors.

# %%
start, day, ends = pd.Timestamp(rivals.start), pd.Timedelta("1 day"), [0, 30, 40, 60, 75, 90]
carts = result.messages.query("kind == 'Checkout'")
visits = pd.cut((result.visits["arrived_at"] - start) / day, ends, labels=prices.columns).value_counts(sort=False)
phase = pd.cut((carts["sent_at"] - start) / day, ends, labels=prices.columns)
shares = pd.crosstab(phase, carts["recipient"])[shops].div(visits, axis=0)

spread = 2 * np.sqrt((theory * (1 - theory)).div(visits, axis=0))
axes = theory.plot.bar(
    color=["#0072B2", "#E69F00", "#009E73"], alpha=0.5, width=0.8, rot=0, ylabel="share of visits", figsize=(8, 4)
)
places = np.add.outer(np.arange(5), [-0.27, 0, 0.27])
axes.errorbar(places.ravel(), shares.to_numpy().ravel(), spread.to_numpy().ravel(), fmt="k.", capsize=3)
axes.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# ## What the war costs
#
# A phone costs a shop 400. Its gross profit from each visit to the market is its share times what it earns on a phone.

# %%
profit = pd.DataFrame(
    {"theory": (theory * (prices.T - 400)).sum(axis=1), "run": (shares * (prices.T - 400)).sum(axis=1)}
)
profit.round(1)

# %% [markdown]
# ## Trust
#
# Now trust counts, and there is neither war nor exit. Goods come after 3.4 days on average, so the shop that promises 3 days is late for many, and each late delivery takes 0.3 of that user's trust.

# %%
trusting = alesha.simulate(rival_shops(visits_per_day=visits_per_day, war_price=500, exit_day=None), seed=seed)
trusted = trusting.messages.query("kind == 'Checkout'")
tens = pd.cut((trusted["sent_at"] - start) / day, range(0, 91, 10), labels=range(10, 91, 10))
trust = pd.crosstab(tens, trusted["recipient"], normalize="index")[shops].rename_axis(columns=None)
axes = trust.plot(
    color=["#0072B2", "#E69F00", "#009E73"],
    ylim=(0, 0.6),
    xlabel="until day",
    ylabel="share of orders",
    figsize=(8, 4),
)
axes.spines[["top", "right"]].set_visible(False)

# %%
answer = pd.concat({"theory": theory["daraz"], "run": shares["daraz"], "profit a visit": profit["run"]}, axis=1)
answer["trusted, days 1-10 and 81-90"] = pd.Series(
    trust["daraz"].iloc[[0, -1]].to_numpy(), index=answer.index[[0, -1]]
)
answer.round(2)

# %% [markdown]
# ## Answer
#
# Its lower price lifts daraz from 0.28 to 0.51 of all visits while the others stand still and to 0.39 once they follow, all shops together earn 46.93 a visit at war in place of 77.24, and where trust counts the promise that daraz cannot keep takes it from 0.32 of the orders to 0.20 in 90 days.
