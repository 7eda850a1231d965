# %% [markdown]
# # How does a message become a line in the ledger, and a profit?
#
# Each party keeps its own double-entry book and writes when it learns of something. Here is the shop's book of one purchase, from the message to the statements.

# %% tags=["parameters"]
seed = 7
at = "1 day"

# %%
import alesha_sim as alesha
from alesha_sim import accounting
from alesha_sim.notebook import check_answer

result = alesha.simulate(alesha.scenarios.first_purchase(), seed=seed)

# %% [markdown]
# ## From the message to the posting
#
# What the bank and the shop say to each other. In the box at the end of an arrow stands what its receiver wrote; the same lines of the shop's book follow, with the account debited and the account credited.

# %%
receipts = result.follow(1).between("shop", "bank")
receipts.title = "The shop and the bank"
receipts

# %%
result.ledger("shop")[["posted_at", "debit", "credit", "amount", "code"]]

# %% [markdown]
# ## T-accounts
#
# Every posting stands twice, left in one account and right in another.

# %%
accounting.t_accounts(result, "shop", account="shop:cash")[0]

# %%
accounting.t_accounts(result, "shop", account="shop:customer-prepayments")[0]

# %% [markdown]
# ## The trial balance after one day
#
# The money has moved, the goods have not: what the user has paid is a debt of the shop's, what the shop has paid is a claim.

# %%
trial = accounting.trial_balance(result, "shop", at=at)
trial

# %%
trial[["debit", "credit"]].sum()

# %% [markdown]
# ## What was earned, and when
#
# A sale is earned at the delivery. Until then there is cash, but no profit.

# %%
accounting.income_statement(result, "shop", end=at)

# %%
accounting.balance_sheet(result, "shop", at=at)

# %% [markdown]
# ## Does the bank agree?
#
# Not at every instant: 0.92 seconds after the start it has booked the payment, and the news of that is still on its way to the shop.

# %%
accounting.reconcile(result, "shop", 0.92).frame()[["code", "amount", "held_by", "kind", "sender", "recipient"]]

# %%
alesha.plots.balances(result);

# %% [markdown]
# ## Exercises
#
# Put your answer in place of `None` and run the cell.
#
# 1. How much does the shop owe for goods that have not come yet, a day after the start, in BDT?

# %%
answer = None
check_answer("owed", answer, result)

# %% [markdown]
# 2. What profit has the shop made by the end of the first day, in BDT?

# %%
answer = None
check_answer("profit", answer, result)

# %%
accounting.income_statement(result, "shop")

# %% [markdown]
# ## Answer
#
# The receipt for 1,000 BDT first makes a debt to the customer; only the news of the delivery turns it into sales of 1,000 BDT, against which stand 760 BDT of cost, so that 240 BDT are profit.
