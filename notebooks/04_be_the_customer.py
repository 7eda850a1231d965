# %% [markdown]
# # What does a customer's click set off?
#
# Be the customer: register, log in, fill the cart, check out, and pay with the account number and the secret of your wallet. Beside the shop's pages stands what each click sent. The pages need a running kernel; an exported page shows them as they were.

# %% tags=["parameters"]
seed = 7

# %%
import alesha_sim as alesha
from alesha_sim.notebook import Shopper, Storefront, check_answer

scenario = alesha.scenarios.first_purchase()

# %%
storefront = Storefront(scenario, seed=seed)
storefront

# %% [markdown]
# `storefront.finish()` lets everything end that is under way and returns the result, as of any run.
#
# ## The same clicks as text
#
# A `Shopper` is the storefront without its pages. This one tries to log in too early, mistypes the secret, and then pays.

# %%
shopper = Shopper(scenario, seed=seed)
shopper.home()
shopper.log_in("tea")

# %%
shopper.register("tea")
shopper.log_in("tea")

# %%
shopper.put("hp-laptop", 1)
shopper.put("apple-watch", 2)
shopper.check_out()

# %%
shopper.pay(shopper.account, "mistyped")

# %% [markdown]
# What that click sent. The order is closed; nothing has been paid.

# %%
shopper.last_click

# %%
shopper.log_in("tea")
shopper.check_out()
shopper.pay(shopper.account, "*" * 16)

# %% [markdown]
# Sixteen stars stand for the secret in the wallet, which is never shown.

# %%
shopper.last_click

# %%
result = shopper.finish()
result.follow(user=0).stepper()

# %%
result.orders[["order", "total", "status", "reason"]]

# %% [markdown]
# ## Exercise
#
# Put your answer in place of `None` and run the cell: which kind of message brings an account's secret to the bank?

# %%
answer = None
check_answer("carries", answer, result)

# %%
result

# %% [markdown]
# ## Answer
#
# A click on "pay" goes from the user to the shop, from the shop to the bank and, once the bank has moved the money, to the supplier; after one refusal and one success the user has 4,000.00 BDT, the shop 10,240.00 and the supplier 5,760.00.
