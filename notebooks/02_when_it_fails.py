# %% [markdown]
# # What becomes of a purchase when something goes wrong?
#
# The same purchase five times: as it should be, with too little money, without stock, over a network that loses messages, and with a late supplier. Where it stops early it is laid beside the good one, with a line across at the first difference.

# %% tags=["parameters"]
seed = 7
poor_balance = 120
loss = 0.2

# %%
import pandas as pd

import alesha_sim as alesha
from alesha_sim.conversation import compare_conversations
from alesha_sim.notebook import check_answer

scenario = alesha.scenarios.first_purchase()
good = alesha.simulate(scenario, seed=seed)

# %% [markdown]
# ## Too little money
#
# The bank declines, and the order is closed before anything has moved.

# %%
poor = scenario.with_settings({"users.opening_balance": poor_balance})
declined = alesha.simulate(poor, seed=seed)
compare_conversations(good.follow(1), declined.follow(1))

# %% [markdown]
# The same, to step through:

# %%
compare_conversations(good.follow(1), declined.follow(1)).stepper()

# %%
declined.why(1)

# %% [markdown]
# ## Nothing in stock
#
# The supplier makes nothing to order here and has one unit of each product; two watches are wanted. The money has already moved when the supplier finds out, so that it has to go back, step by step.

# %%
empty = scenario.with_settings(
    {"supplier.stock": {"kind": "base_stock", "level": 1}, "supplier.unmet_demand": "rejected"}
)
sold_out = alesha.simulate(empty, seed=seed)
compare_conversations(good.follow(1), sold_out.follow(1))

# %% [markdown]
# ## Lost messages
#
# Crosses are messages that never arrived. An asker without a reply retries after two seconds, then after four, and so on; what was done once is not done again.

# %%
lossy = scenario.with_settings({"network.default.loss": loss, "network.default.timeout": 2})
noisy = alesha.simulate(lossy, seed=seed)
noisy.follow(1)

# %% [markdown]
# ## A late supplier
#
# Making takes nine days instead of one. The messages are the same; only the calendar differs.

# %%
late = alesha.simulate(scenario.with_settings({"supplier.lead_time": "9 days"}), seed=seed)
late.why(1)

# %%
late.at("5 days")

# %% [markdown]
# ## Exercises
#
# Put your answer in place of `None` and run the cell.
#
# 1. How many messages were lost in the run over the bad network?

# %%
answer = None
check_answer("lost", answer, noisy)

# %% [markdown]
# 2. How many times did the bank book the payment in that run?

# %%
answer = None
check_answer("charged", answer, noisy)

# %%
runs = {"good": good, "declined": declined, "sold out": sold_out, "lost messages": noisy, "late": late}
columns = ["users_cash", "shop_cash", "supplier_cash", "messages", "messages_lost"]
pd.DataFrame(map(alesha.Result.summary, runs.values()), index=runs)[columns]

# %% [markdown]
# ## Answer
#
# Without money or goods the user ends with what they had, 120 and 5,000 BDT; lost messages and a late supplier change nothing in the end, and the user has 4,000 BDT and the goods.
