# %% [markdown]
# # What happens in one purchase, message by message?
#
# A user who is not registered yet comes to the shop with 5,000 BDT in the bank and buys a laptop and two watches. The shop opens with 10,000 BDT and its supplier with 5,000 BDT. Everybody knows only what messages reported, and writes only into their own book.

# %% tags=["parameters"]
seed = 7
laptops = 1
watches = 2

# %%
import alesha_sim as alesha
from alesha_sim.notebook import check_answer

result = alesha.simulate(alesha.scenarios.first_purchase(laptops=laptops, watches=watches), seed=seed)
purchase = result.follow(1)

# %% [markdown]
# ## Step through it
#
# Go from message to message by the buttons or the arrow keys. Beside the diagram stands what each message wrote into the book of its receiver, and everybody's balance before and after.

# %%
purchase.stepper()

# %% [markdown]
# ## All of it on one page
#
# Time runs downwards; each arrow is a message. The secret that opens the account is never shown.

# %%
purchase

# %% [markdown]
# ## The money in the shop's book

# %%
result.ledger("shop")

# %%
alesha.plots.balances(result);

# %% [markdown]
# ## Exercises
#
# Put your answer in place of `None` and run the cell: it says whether it is right, and if not, what to look at again.
#
# 1. How much of the payment does the shop keep, in BDT?

# %%
answer = None
check_answer("kept", answer, result)

# %% [markdown]
# 2. Which kind of message tells the shop that it has been paid?

# %%
answer = None
check_answer("learns", answer, result)

# %% [markdown]
# 3. Which kind of message brings an account's secret to the bank?

# %%
answer = None
check_answer("carries", answer, result)

# %%
result.summary()[["messages", "revenue", "users_cash", "shop_cash", "supplier_cash"]]

# %% [markdown]
# ## Answer
#
# In 29 messages the user registers, orders and pays 1,000 BDT, the shop pays its supplier and the parcel comes, after which the user has 4,000 BDT, the shop 10,240 and the supplier 5,760.
