# %% [markdown]
# # Who buys on a market day, who waits, and what does the shop live on?
#
# One day in the market: visitors by the hour of the day, some of whom look, some of whom buy, some of whom cannot pay. The bank has one clerk here.

# %% tags=["parameters"]
seed = 7
users = 2_000
visits_per_day = 4_000
bank_workers = 1

# %%
import alesha_sim as alesha
from alesha_sim import accounting

scenario = alesha.scenarios.market_day(users=users, visits_per_day=visits_per_day, bank_workers=bank_workers)
result = alesha.simulate(scenario, seed=seed)
result

# %% [markdown]
# ## How far visitors come

# %%
alesha.plots.funnel(result);

# %%
result.orders["reason"].value_counts()

# %% [markdown]
# ## Who waits
#
# The time between the arrival of a request at the bank and the moment at which its clerk takes it up.

# %%
requests = result.messages.query("recipient == 'bank'")
waits = (requests["started_at"] - requests["delivered_at"]).dt.total_seconds()
waits.describe(percentiles=[0.5, 0.9, 0.99]).round(2)

# %% [markdown]
# ## What the shop lives on
#
# Customers pay at once, the shop pays its supplier at once, and the goods come days later: in between the shop holds its customers' money.

# %%
alesha.plots.balances(result);

# %%
accounting.trial_balance(result, "shop", at="1 day")

# %%
result.summary()[
    ["visits", "orders", "completed", "declined", "mean_bank_wait_seconds", "shop_cash_min", "shop_cash"]
].round(2)

# %% [markdown]
# ## Answer
#
# Of 3,922 visitors 1,554 order and 1,150 can pay; a request waits 0.11 seconds for the bank in the mean; and of the 190,640 BDT that the shop has in the evening all but its own 10,000 are paid for goods that have yet to come.
