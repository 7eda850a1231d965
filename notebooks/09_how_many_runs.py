# %% [markdown]
# # How many runs make a figure precise enough?
#
# One run is one draw. Runs are added until the mean is as precise as asked for, and the same question is then asked at several points of a design.

# %% tags=["parameters"]
seed = 7
within = 0.05
users = 60
visits_per_day = 120
grid_runs = 8

# %%
import alesha_sim as alesha

scenario = alesha.scenarios.market_day(users=users, visits_per_day=visits_per_day, bank_workers=1)
study = alesha.replicate(scenario, until={"revenue": within}, seed=seed, progress=False)
study

# %% [markdown]
# ## How the interval shrinks
#
# Half as wide needs four times as many runs.

# %%
alesha.plots.precision(study, "revenue");

# %%
alesha.plots.distribution(study, "revenue");

# %%
study.precision

# %% [markdown]
# ## The same over a grid
#
# Every point of the design has the same seeds, so that the points differ by their settings alone.

# %%
grid = alesha.sweep(
    scenario,
    {"supplier.delivery_time": ["1 day", "3 days"], "supplier.lead_time": ["1 day", "4 days", "7 days"]},
    runs=grid_runs, seed=seed, progress=False,
)  # fmt: skip
alesha.plots.heat_map(grid, "mean_delivery_seconds", "supplier.lead_time", "supplier.delivery_time");

# %% [markdown]
# ## The same from a script
#
# Any run of a study is made again, alone, by one line, which the study tells; a study of many runs by `alesha replicate`, `alesha sweep` and `alesha compare`, which keep every run in a folder (`--folder`) and go on after an interruption.

# %%
grid.command(point=5, replication=3)

# %%
study.summary().loc[["revenue"]].assign(within=within).round({"mean": 0, "half_width": 0, "within": 2})

# %% [markdown]
# ## Answer
#
# For a mean revenue known within 5 % it takes 60 runs: 25,372 BDT, give or take 1,201 BDT.
