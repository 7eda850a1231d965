# %% [markdown]
# # Whose money is stranded when campaigns sell below cost for prepayment, and which rule protects it?
#
# Waves of a campaign sell motorcycles 35 % below list price, paid in advance; the shop pays its supplier near list price, out of its own capital and of what the next wave brings. A model of a mechanism, compared with press figures; it says nothing of any person or firm.

# %% tags=["parameters"]
seed = 1
scale = 0.005

# %%
import pandas as pd

import alesha_sim as alesha
from alesha_sim.scenarios import prepaid_campaigns
from alesha_sim.verification.campaigns import REPORTED, outcome

none, escrow, guidelines, advance = map(
    alesha.simulate,
    [
        prepaid_campaigns(scale=scale),
        prepaid_campaigns(rule="escrow", scale=scale),
        prepaid_campaigns(rule="guidelines", scale=scale),
        prepaid_campaigns(rule="advance", scale=scale),
    ],
    [seed] * 4,
)

# %% [markdown]
# ## Without a rule
#
# Each wave costs the shop more than it brings, until its own capital is used up and a wave pays only for the goods of the one before.

# %%
alesha.plots.balances(none);

# %% [markdown]
# ## Beside the press figures
#
# Amounts at full size, in crore (ten million) Tk. What is reported is reported with different certainty: see the page on prepaid campaigns.

# %%
reported = pd.DataFrame(REPORTED, index=["reported, least", "reported, most"]).T
reported.assign(simulated=pd.Series(outcome(none).metrics())).round(2)

# %% [markdown]
# ## With a rule
#
# "escrow": the bank holds each payment until its user confirms the delivery. "guidelines": the same, and delivery within ten days. "advance": at most 10 % are paid in advance.

# %%
alesha.plots.balances(escrow);

# %%
outcomes = pd.DataFrame(
    map(outcome, [none, escrow, guidelines, advance]), index=["none", "escrow", "guidelines", "advance"]
)
outcomes[["delivered_last", "short_from", "stranded", "customers", "recovered"]].round(
    {"delivered_last": 2, "short_from": 0, "stranded": 1}
)

# %% [markdown]
# ## Answer
#
# Without a rule 231.7 crore Tk of 12,400 customers are stranded; escrow and the guidelines strand nobody, and the limit on advances still strands 60.7 crore of 22,400 customers.
