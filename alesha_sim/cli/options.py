"""Every positional argument and option of the command `alesha`: how it is read and what its help says."""

from typing import Any

from alesha_sim.cli.values import (
    factor,
    file_name,
    function,
    goal,
    jobs,
    level,
    positive,
    seed,
    setting,
    share,
    whole,
)
from alesha_sim.exports import FORMATS
from alesha_sim.recording.levels import LEVELS

ARGUMENTS: dict[str, dict[str, Any]] = {
    "scenario": {"metavar": "SCENARIO", "help": "name of a scenario (see alesha list) or a TOML file"},
    "file": {"metavar": "FILE", "type": file_name, "help": "the scenario file to write, such as market.toml"},
    "--seed": {
        "type": seed,
        "metavar": "SEED",
        "help": "whole number that determines all randomness (default: drawn at random)",
    },
    "--set": {
        "type": setting,
        "metavar": "PATH=VALUE",
        "action": "append",
        "default": [],
        "help": "change a field of the scenario, such as bank.workers=3 or supplier.lead_time='7 days' "
        "(repeatable; VALUE is parsed as TOML, otherwise taken as text; the last setting of a field counts)",
    },
    "--out": {
        "type": file_name,
        "metavar": "FOLDER",
        "help": "write all tables, manifest.json and balances.png to this folder, which must be new or empty",
    },
    "--spool": {
        "type": file_name,
        "metavar": "FOLDER",
        "help": "stream the tables to this folder during the run, to save memory; it must be new or empty",
    },
    "--record": {
        "type": level,
        "metavar": "LEVEL",
        "help": f"record {' or '.join(LEVELS)}: less is faster and smaller and has the same metrics, but without "
        "transfers no law can be checked (default: all)",
    },
    "--setup": {
        "type": function,
        "metavar": "MODULE:FUNCTION",
        "help": "pass each simulation to this function before its first event",
    },
    "--csv": {
        "action": "store_true",
        "help": "also write the tables as CSV files, which are safe to open in a spreadsheet",
    },
    "--force": {"action": "store_true", "help": "overwrite existing files"},
    "--json": {"action": "store_true", "help": "print JSON on standard output, everything else on standard error"},
    "--quiet": {
        "action": "store_true",
        "help": "no progress and no remarks; run prints nothing unless a law is broken",
    },
    "--all": {"action": "store_true", "help": "print all users, not only the first 20"},
    "--plain": {
        "action": "store_true",
        "help": "print the whole conversation without waiting for keys (the default without a terminal)",
    },
    "--full": {"action": "store_true", "help": "run the checks at full size, which takes minutes"},
    "--worlds": {
        "type": positive,
        "metavar": "N",
        "help": "run N random scenarios (worlds) instead, and check every law in each",
    },
    "--markets": {
        "action": "store_true",
        "help": "let each world have one to three shops, banks and suppliers",
    },
    "--first": {
        "type": whole,
        "metavar": "K",
        "help": "number of the first world, from 0; the seed and its number determine a world",
    },
    "--jobs": {"type": positive, "metavar": "J", "help": "number of processes that run worlds"},
    "--stop": {"action": "store_true", "help": "stop at the first world that fails"},
    "result": {"metavar": "RESULT", "type": file_name, "help": "folder of a result (see alesha run --out)"},
    "--to": {"metavar": "FORMAT", "required": True, "help": f"one of {', '.join(FORMATS)}"},
    "--out PATH": {
        "type": file_name,
        "metavar": "PATH",
        "required": True,
        "help": "the file or, for csv and parquet, the folder to write",
    },
    "scenario ?": {
        "nargs": "?",
        "metavar": "SCENARIO",
        "help": "name of a scenario (see alesha list) or a TOML file; optional if the study file names one",
    },
    "scenarios": {
        "nargs": "*",
        "metavar": "SCENARIO",
        "help": "two or more scenarios, by name or TOML file, or one with --vary; optional if the study "
        "file names them",
    },
    "--study": {
        "type": file_name,
        "metavar": "FILE",
        "help": "read the study from a TOML file; the command line takes precedence",
    },
    "--runs": {"type": positive, "metavar": "N", "help": "number of runs at each point (default: 30)"},
    "--vary": {
        "type": factor,
        "metavar": "PATH=VALUE,VALUE",
        "action": "append",
        "default": [],
        "help": "a field and its values, such as bank.workers=1,2,4 (repeatable, for a full grid)",
    },
    "--until": {
        "type": goal,
        "metavar": "METRIC=SHARE",
        "action": "append",
        "default": [],
        "help": "add runs until the interval of a metric is this narrow, relative to its mean, such as "
        "shop_cash=0.05, or in absolute terms, METRIC=absolute:HALF-WIDTH (repeatable)",
    },
    "--max-runs": {
        "type": positive,
        "metavar": "N",
        "help": "limit on the number of runs with --until (default: 500)",
    },
    "--warmup": {"metavar": "TIME", "help": "count metrics only after this time, such as 12h"},
    "--series": {
        "metavar": "NAME",
        "action": "append",
        "help": "record balances, stock, open_orders, waits or a collector of --setup by its name, and print its "
        "means (repeatable; --json and --out give all instants)",
    },
    "--every": {"metavar": "TIME", "help": "interval between the instants of a series, such as 1h"},
    "--keep": {
        "metavar": "TABLE",
        "action": "append",
        "help": "keep a whole table of every run in the folder, such as orders (repeatable)",
    },
    "--confidence": {
        "type": share,
        "metavar": "SHARE",
        "help": "confidence level of the intervals (default: 0.95)",
    },
    "--baseline": {"metavar": "LABEL", "help": "compare each scenario with this one only"},
    "--baseline POINT": {
        "metavar": "LABEL",
        "help": "print differences from this point, such as 'bank.workers=2' (default: the first one)",
    },
    "--out TABLES": {
        "type": file_name,
        "metavar": "FOLDER",
        "help": "write runs, means, differences and series to this folder as CSV files; it must be new or empty",
    },
    "--metric": {
        "metavar": "NAME",
        "action": "append",
        "help": "print only this metric (repeatable; JSON has all)",
    },
    "--folder": {
        "type": file_name,
        "metavar": "FOLDER",
        "help": "save each run here as it finishes; a later call makes only the missing ones",
    },
    "--jobs N": {"type": jobs, "metavar": "N", "help": "number of processes (default: one per core)"},
    "--out FILE": {
        "type": file_name,
        "metavar": "FILE",
        "help": "write the smallest failing world to this TOML file",
    },
    "scenario or folder": {
        "metavar": "SCENARIO",
        "help": "name of a scenario, a TOML file, or a folder that alesha run --out wrote",
    },
    "--out PAGE": {
        "type": file_name,
        "metavar": "FILE",
        "required": True,
        "help": "write the report to this HTML file, which is self-contained",
    },
    "--order": {
        "type": positive,
        "metavar": "N",
        "help": "number of the order to show message by message (default: the first completed one)",
    },
}
"""Every positional argument and option, as `ArgumentParser.add_argument` takes it.

What follows a space tells apart options of one name that mean different things to different commands.
"""
