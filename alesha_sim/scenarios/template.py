"""A commented scenario file that runs at once, as a starting point for one's own.

Here lives text only. A test keeps it complete: it names every field, with its default.
"""

TEMPLATE = """\
# A scenario of alesha_sim. It runs as it is: alesha run FILE
#
# Every field stands here with its meaning and unit. The value shown is the default, unless the comment names
# another; a field behind "# " is off and then has no value. Leave out what you do not change.
#
# duration      a number of seconds, or text: "250 ms", "3 days", "1:30:00"
# amount        a number, or text such as "499.99", in major units of the currency
# distribution  a plain duration (or amount), which is constant, or a table of one of these kinds:
#               { kind = "constant", value = 2 }            { kind = "uniform", low = 1, high = 3 }
#               { kind = "exponential", mean = 2 }          { kind = "triangular", low = 1, mode = 2, high = 3 }
#               { kind = "lognormal", mean = 2, cv = 0.5 }  { kind = "gamma", mean = 2, cv = 0.5 }
#               { kind = "erlang", k = 3, mean = 2 }        { kind = "empirical", values = [1], weights = [1] }
#               (cv is the standard deviation divided by the mean)

name = "my_scenario"         # what results call it: letters, digits, dashes, underscores; default "scenario"
description = ""             # one line that says what it is about
start = 2021-01-01 00:00:00  # the instant of time 0, without a zone
horizon = "1 day"            # new visits begin before this (duration); off: a replay ends after its last
#                            # visit, and every other demand must have it
# drain = "30 days"          # how long open matters may go on after that (duration); off: until all is done

[currency]
code = "BDT"                 # 2 to 10 capital letters
decimals = 2                 # of every amount, 0 to 4; default: as ISO 4217 gives the code, else 2

# The products. Without any [[catalogue]] they are these three.
[[catalogue]]
sku = "hp-laptop"            # its name everywhere: at most 24 of a-z, 0-9 and dash, first a letter; must be given
name = "HP laptop"           # what people read; must be given
marked_price = 600           # the price before the discount (amount); must be given
price = 500                  # what a user pays for a unit (amount); must be given
charge = 400                 # what the supplier takes from the shop for a unit (amount); must be given
cost = 300                   # what a unit costs the supplier, at most the charge (amount); must be given
warranty = "730 days"        # how long the warranty lasts (duration)
return_window = "7 days"     # how long after delivery goods may come back (duration)
return_share = 0             # share of purchases of it that are sent back, 0 to 1
defect_share = 0             # share of purchases of it that break and are claimed under warranty, 0 to 1

[[catalogue]]
sku = "apple-watch"
name = "Apple watch"
marked_price = 300
price = 250
charge = 180
cost = 120

[[catalogue]]
sku = "iphone-x"
name = "Apple iPhone X"
marked_price = 1000
price = 900
charge = 720
cost = 540

[users]
count = 100                  # how many there are; default 1
opening_balance = 5000       # what each has in the bank (distribution of amounts)
wrong_secret = 0             # share of visits in which the user mistypes the secret, 0 to 1
views = "bought"             # which products a buyer looks at first: "bought" or "all"
# patience = "1 min"         # how long a user waits for each reply (distribution of durations); off: for ever

# budget = 1000              # most that a user orders in each budget_period (amount); off: no limit
budget_period = "30 days"    # how long a budget is for (duration)

# How users pay.
[users.payment]
cash_on_delivery = 0         # share that pays on delivery, at the door, 0 to 1; the others in advance
per = "visit"                # share of visits, or of users who always do so: "visit" or "user"
door_refusal = 0             # share of parcels to be paid at the door that are refused there, 0 to 1

# What users do about an order once it is placed; shares are from 0 to 1.
[users.afterwards]
cancellation = 0             # share of orders that the user wants cancelled
cancel_after = "1 hour"      # how long after the order (distribution of durations)
return_after = "2 days"      # how long after delivery goods go back (distribution of durations)
late_returns = 1             # by what a late delivery multiplies the products' return_share
defect_after = "90 days"     # how long after delivery goods break (distribution of durations)
complaint = 0                # share of late deliveries about which the user complains

# [users.income]             # money from outside on pay-days before the horizon; off: none
# amount = 500               # paid to each user (amount); must be given
# every = "30 days"          # from pay-day to pay-day (duration)
# first = 0                  # when the first pay-day is (duration)

# [users.choice]             # how a user chooses among products by price; off: what demand says
# kind = "logit"             # multinomial logit (McFadden 1974): all units of a cart are of the product chosen
# price_sensitivity = 0.01   # utility lost with each major unit of the price; must be given
# discount_attraction = 2    # utility won by a discount of the whole marked price; default 0
# appeal = { hp-laptop = 3 } # utility of each product besides, one number or a table by SKU; default 0
# outside = 0                # utility of buying nothing; off: everybody buys

# [users.trust]              # how lateness and refusals keep a user from coming again; off: not at all
# kind = "trust"             # a user comes with the probability of this trust, at first 1
# late = 0.3                 # share of the trust that a late order takes, 0 to 1; default 0
# refused = 0.5              # share that an order takes that was not supplied, 0 to 1; default 0
# on_time = 0.1              # share of what is missing to 1 that one on time gives back, 0 to 1; default 0

# Shares of all visits that are attacks, 0 to 1; together at most 1.
[users.attacks]
guess_secret = 0             # pays from someone else's account and guesses the secret
replay_payment = 0           # sends someone else's payment again
borrow_account = 0           # pays from someone else's account with the own secret
claim_transaction = 0        # orders at the supplier and names a transaction that is none
tamper_total = 0             # checks out with a total of the visitor's own

# Who visits when and wants what: one [demand] of one kind; must be given.
[demand]
kind = "poisson"             # visits at random instants, each of a random user
visits_per_day = 100         # mean number of visits a day; must be given
buy_share = 1                # share of visits that buy, 0 to 1; the others look at the home page and leave
units = 1.5                  # mean units of a purchase, at least 1: 1 + Poisson(units - 1)
# profile = [1, 1, 1, 1, 1, 1, 2, 4, 6, 8, 8, 8, 9, 9, 8, 8, 9, 9, 10, 10, 9, 7, 4, 2]
#                            # relative weights of the clock's 24 hours from midnight; off: all equal
# week = [1, 1, 1, 1, 1, 1, 1]
#                            # relative weights of the days from Monday; off: all equal
# seasons = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
#                            # relative weights of the months from January; off: all equal
growth = 1                   # by what the number of visits is multiplied within each 365 days
# shares = { hp-laptop = 1, apple-watch = 2 }
#                            # relative share of each product in the units bought; off: all equal

# [demand]
# kind = "single"            # one visit of one user
# at = 0                     # when it begins (duration)
# user = 0                   # which user, counted from 0
# quantities = { hp-laptop = 1, apple-watch = 2 }
#                            # units of each product; default none: the user looks at the home page and leaves

# [demand]
# kind = "bg_nbd"            # repeat buyers who drop out (Fader, Hardie and Lee 2005); each purchase is a visit
# weeks = 78                 # purchases happen before the end of this week; must be given
# r = 0.243                  # shape of the gamma distribution of purchase rates; must be given
# alpha = 4.414              # rate of that gamma distribution, weeks; must be given
# a = 0.793                  # first parameter of the beta distribution of drop-out probabilities; must be given
# b = 2.426                  # its second parameter; must be given
# entry_weeks = 12           # first purchases are spread evenly over so many weeks
# units = 1.5                # as above
# shares = { hp-laptop = 1, apple-watch = 2 }

# [demand]
# kind = "pareto_nbd"        # repeat buyers with a lifetime (Schmittlein, Morrison and Colombo 1987)
# weeks = 78                 # as above
# r = 0.553                  # as above
# alpha = 10.578             # as above
# s = 0.606                  # shape of the gamma distribution of drop-out rates; must be given
# beta = 11.669              # rate of that gamma distribution, weeks; must be given
# entry_weeks = 12           # as above
# units = 1.5                # as above
# shares = { hp-laptop = 1, apple-watch = 2 }

# [demand]
# kind = "flash"             # a sale that opens at an instant; each user comes once
# at = "1 hour"              # when it opens (duration); default 0
# visits = 50                # how many users come, at most users.count; must be given
# rush = "1 min"             # mean time from the opening to a visit (duration)
# units = 1                  # as above
# shares = { hp-laptop = 1, apple-watch = 2 }

# [demand]
# kind = "waves"             # campaigns that come in waves; must have at least one
# waves = [{ at = 0, duration = "1 day", visits = 50, units = 1, shares = { hp-laptop = 1 } }]
#                            # each begins at an instant and brings so many visits, evenly over its duration

# [demand]
# kind = "mixture"           # several kinds at once
# parts = [{ kind = "single", at = "2 hours" }, { kind = "flash", visits = 20 }]
#                            # each a demand of its own, of any kind but this one; must have at least one

# [demand]
# kind = "replay"            # recorded visits
# file = "visits.csv"        # a .csv or .parquet file beside this one, with columns at (seconds, in order), user
#                            # (from 0) and units in a column for each SKU, or one column units; off: none
# visits = { at = [0, 60], user = [0, 1], hp-laptop = [1, 2] }
#                            # the columns themselves, in place of a file; off: none
# format = "visits"          # what the file holds: "visits", or "cdnow" for the layout of the CDNOW histories
# shares = { hp-laptop = 1, apple-watch = 2 }
#                            # products of a column units
# cut = false                # whether visits at or after the horizon are left out and counted, or refused

[shop]
# workers = 3                # requests served at once; off: a worker is hired when none is idle
page_time = 0                # time to serve a page (distribution of durations)
opening_balance = 10000      # what it has in the bank (amount)
# unpaid_after = "1 day"     # when an order that nobody pays is cancelled (duration); off: never
# promise = "3 days"         # within what time of the order delivery is promised (duration); off: none is
advance = 1                  # share of the total paid in advance, 0 to 1; the rest is paid at the door
restocking_fee = 0           # share of the price kept when goods are sent back, 0 to 1
unfit = 0                    # share of goods sent back that are written off, 0 to 1
compensation = 0             # share of the price given back for a complaint about a late delivery, 0 to 1
# limit = 1                  # most units of a product that one user may order in all; off: no limit

# [shop.stock]               # goods of its own, as supplier.stock but made to order; off: the supplier sends all
# kind = "base_stock"
# level = 10

[bank]
# workers = 3                # as the shop's
authorisation_time = 0       # time to decide on a payment (distribution of durations)
# secret_attempts = 3        # how many wrong secrets in a row lock an account; off: none does
lock_time = "1 day"          # how long an account stays locked (duration)

# When users' payments reach the shop: one of these.
[bank.settlement]
kind = "immediate"           # at once

# [bank.settlement]
# kind = "delayed"           # some time after the payment
# after = "2 days"           # how long (duration); must be given

# [bank.settlement]
# kind = "escrow"            # when the user says that the goods have come
# refund_after = "10 days"   # how much later than promised the user gets the money back (duration); off: never
# since = 0                  # payments before this instant are the shop's at once (duration); default 0

# What the bank takes for payments; shares from 0 to 1.
[bank.fees]
fixed = 0                    # from the shop for each payment (amount)
share = 0                    # from the shop, as a share of the payment
payer_fixed = 0              # from the user for each payment (amount)
payer_share = 0              # from the user, as a share of the payment
declined = 0                 # from the shop for each declined payment (amount)

# A rolling reserve.
[bank.reserve]
share = 0                    # share of each settlement that is kept back, 0 to 1
time = "30 days"             # how long it is kept (duration)

[supplier]
# workers = 3                # as the shop's
handling_time = 0            # time to look at an order (distribution of durations)
lead_time = "1 day"          # time to make the goods (distribution of durations)
delivery_time = "1 day"      # time to bring them to the user (distribution of durations)
opening_balance = 5000       # what it has in the bank (amount)
unmet = "backordered"        # orders that the stock cannot serve at once: "backordered" or "rejected"
minimum_lot = 1              # least units of a product made at once for stock
# capacity = 100             # most units of a product in stock and being made; off: no limit
return_transport = 0         # cost of a parcel that comes back (amount)
transport_charged = 1        # share of that cost that the shop bears, 0 to 1
remit_after = "7 days"       # when money collected at doors is passed on to the shop (duration)

# How it keeps goods: one of these. Numbers of units are one for all products, or a table by SKU.
[supplier.stock]
kind = "make_to_order"       # every unit is made for its order
unavailable = []             # SKUs that the supplier does not make: orders of them are rejected

# [supplier.stock]
# kind = "base_stock"        # every unit sold is made anew
# level = 10                 # units in stock and being made, less those waited for; must be given

# [supplier.stock]
# kind = "reorder_point"     # (r, Q): lots of a fixed size
# reorder_point = 5          # a lot is ordered when no more than so many are left; must be given
# quantity = 20              # units of a lot; must be given

# [supplier.stock]
# kind = "periodic"          # (s, S): reviewed now and then
# reorder_point = 5          # s; must be given
# order_up_to = 25           # S; must be given
# period = "7 days"          # from review to review (duration); must be given

# [supplier.stock]
# kind = "moving_average"    # order up to what a moving average forecasts (Chen et al. 2000)
# periods = 5                # how many past periods the average has; must be given
# period = "1 day"           # from review to review (duration); must be given
# lead_periods = 3           # lead time and review period together, in periods; must be given
# safety = 0                 # standard deviations kept besides, times the root of lead_periods
# opening_stock = 0          # units at the start

[delivery]
lost = 0                     # share of parcels that are lost and sent once more, 0 to below 1
report_time = "1 day"        # how long after it was due a lost parcel is reported (distribution of durations)
partial = false              # whether each product of an order is sent as soon as it is there

# Where users live; without any zone, supplier.delivery_time holds for all.
# [[delivery.zones]]
# name = "dhaka"             # letters, digits, dashes, underscores; must be given
# share = 3                  # relative share of the users; must be given
# delivery_time = "1 day"    # time to bring a parcel there (distribution of durations); must be given

[network.default]
latency = 0.05               # time a message takes on every link (distribution of durations)
loss = 0                     # probability that a message is lost, 0 to 1
duplication = 0              # probability that a message that is not lost arrives twice, 0 to 1
# timeout = "5 s"            # how long the first attempt waits for a reply (duration); off: for ever
# attempts = 5               # how often is asked; off: until a reply comes
growth = 2                   # by what each wait is longer than the one before: 1 constant, 2 doubling
jitter = 0                   # how far later waits are spread, as a share of themselves, 0 to below 1

# What is different on one link. Links: user->shop, shop->user, user->bank, bank->user, supplier->user,
# user->supplier, shop->bank, bank->shop, shop->supplier, supplier->shop, supplier->bank, bank->supplier.
# [network.links."user->shop"]
# latency = { kind = "lognormal", mean = 0.08, cv = 0.8 }  # off, as all that follow: as the default
# loss = 0.1
# duplication = 0.1
# timeout = "2 s"
# attempts = 3
# growth = 1
# jitter = 0.2

# What goes wrong for a while; where messages can be lost, network.default.timeout must be given.
# [[faults]]
# kind = "outage"            # a link on which every message is lost
# link = "shop->bank"        # a link, or "shop<->bank" for both ways; must be given
# start = "2 hours"          # when it begins (duration from the start); must be given
# duration = "10 min"        # how long it lasts (duration); must be given

# [[faults]]
# kind = "spell"             # a link that is worse than usual
# link = "user<->shop"       # as above; must be given
# start = "4 hours"          # must be given
# duration = "1 hour"        # must be given
# loss = 0.3                 # besides the link's own; default 0
# duplication = 0.1          # besides the link's own; default 0
# latency = { kind = "exponential", mean = 2 }
#                            # added to each latency (distribution of durations); off: nothing

# [[faults]]
# kind = "crash"             # an entity that stops and is restarted: its records stay
# entity = "bank"            # "shop", "bank" or "supplier"; must be given
# start = "6 hours"          # must be given
# duration = "5 min"         # must be given
"""
"""The text of the file, in TOML."""
