# %% [markdown]
# # What happens when one user buys a laptop and two watches?
#
# A user who is not registered yet comes to the shop with 5,000 BDT in the bank. The shop opens with 10,000 BDT and its supplier with 5,000 BDT. The same seed always gives the same run.

# %% tags=["parameters"]
seed = 7

# %%
import alesha_sim as alesha

result = alesha.simulate(alesha.scenarios.first_purchase(), seed=seed)
result

# %% [markdown]
# ## What was said and what moved
#
# Every message of the purchase at the instant at which it was sent and, indented, every transfer with the account that it debits and the account that it credits. The shop refuses the first log-in, because only a registered user can log in.

# %%
result.follow(1)

# %% [markdown]
# ## The shop's ledger
#
# What the shop writes in its own book, when it learns of it. The charges leave its cash before the user knows; the sale is not earned before the delivery, two days later.

# %%
result.ledger("shop")

# %% [markdown]
# ## Everybody's deposit at the bank
#
# All money has moved after one second; the goods take two days.

# %%
alesha.plots.balances(result);

# %% [markdown]
# ## Answer
#
# The user pays 1,000 BDT for a laptop and two watches, the shop keeps 240 of it and passes 760 on to its supplier, and two days later the goods are there: the user ends with 4,000 BDT, the shop with 10,240 and the supplier with 5,760.
