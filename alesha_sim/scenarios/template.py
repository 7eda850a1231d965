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
horizon = "1 day"            # new visits begin before this (duration); must be given
# drain = "30 days"          # how long open matters may go on after that (duration); off: until all is done

[currency]
code = "BDT"                 # 2 to 10 capital letters
decimals = 2                 # of every amount, 0 to 4

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
# kind = "replay"            # recorded visits
# file = "visits.csv"        # a .csv or .parquet file beside this one, with columns at (seconds, in order), user
#                            # (from 0) and units in a column for each SKU, or one column units; off: none
# visits = { at = [0, 60], user = [0, 1], hp-laptop = [1, 2] }
#                            # the columns themselves, in place of a file; off: none
# format = "visits"          # what the file holds: "visits", or "cdnow" for the layout of the CDNOW histories
# shares = { hp-laptop = 1, apple-watch = 2 }
#                            # products of a column units

[shop]
# workers = 3                # requests served at once; off: a worker is hired when none is idle
page_time = 0                # time to serve a page (distribution of durations)
opening_balance = 10000      # what it has in the bank (amount)
# unpaid_after = "1 day"     # when an order that nobody pays is cancelled (duration); off: never

[bank]
# workers = 3                # as the shop's
authorisation_time = 0       # time to decide on a payment (distribution of durations)
# secret_attempts = 3        # how many wrong secrets in a row lock an account; off: none does
lock_time = "1 day"          # how long an account stays locked (duration)

[supplier]
# workers = 3                # as the shop's
handling_time = 0            # time to look at an order (distribution of durations)
lead_time = "1 day"          # time to make the goods (distribution of durations)
delivery_time = "1 day"      # time to bring them to the user (distribution of durations)
opening_balance = 5000       # what it has in the bank (amount)

[supplier.stock]
kind = "make_to_order"       # every unit is made for its order
unavailable = []             # SKUs that the supplier does not make: orders of them are rejected

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
