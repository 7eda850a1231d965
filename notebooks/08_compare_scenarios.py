# %% [markdown]
# # What does cash on delivery cost the shop, and how certain is that?
#
# Three markets with the same customers: in one all pay in advance, in the others 40 % and 80 % of buyers pay at the door. The same seed brings the same visitors to all three, so that runs can be compared in pairs.

# %% tags=["parameters"]
seed = 7
runs = 12
users = 60
visits_per_day = 12
days = 10
some = 0.4
most = 0.8

# %%
import alesha_sim as alesha

market = {"users": users, "visits_per_day": visits_per_day, "days": days}
prepaid = alesha.scenarios.cash_on_delivery(**market, share=0)
some_pay_later = alesha.scenarios.cash_on_delivery(**market, share=some)
most_pay_later = alesha.scenarios.cash_on_delivery(**market, share=most)
names = ["prepaid", f"{some:.0%} at the door", f"{most:.0%} at the door"]
study = alesha.compare(prepaid, some_pay_later, most_pay_later, runs=runs, seed=seed, labels=names, progress=False)
prepaid.diff(most_pay_later)

# %% [markdown]
# ## The means
#
# Buyers who refuse at the door cost the shop orders, and the goods travel before the money comes.

# %%
study.summary().unstack(0)["mean"].loc[["orders", "completed", "cancelled", "shop_cash_min", "shop_cash"]].round(1)

# %% [markdown]
# ## Paired differences
#
# `correlation` is how much the two runs of a pair have in common; `saved` is how many times as many independent runs would have been needed for the same precision.

# %%
alesha.plots.effects(study, "shop_cash", baseline="prepaid");

# %%
study.differences("shop_cash", baseline="prepaid").round(1)

# %%
study.differences("shop_cash_min", baseline="prepaid").round(1)

# %%
differences = study.differences("shop_cash", baseline="prepaid", confidence=0.95)
differences[["scenario", "difference", "low", "high"]].round(0).assign(confidence=0.95)

# %% [markdown]
# ## Answer
#
# With 80 % of buyers paying at the door the shop ends with 1,208 BDT less than with prepayment, and with 95 % confidence between 877 and 1,538 BDT less.
