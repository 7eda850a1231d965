"""The layers of the package, as data: the tidy test enforces them, the documentation shows them.

`docs/generate.py` writes them there, each package with the first sentence of its docstring.
"""

import ast
import re
from pathlib import Path
from textwrap import wrap

ROOT = Path(__file__).resolve().parents[1] / "alesha_sim"

LAYERS = (
    ("form", "units"),
    ("files", "kernel", "messages", "numbered", "streams", "theory", "vocabulary"),
    ("columns", "numeric"),
    ("distributions", "policies", "recording"),
    ("books", "network", "scenarios", "tables"),
    ("audit", "conversation", "entities", "storage"),
    ("results",),
    ("accounting", "simulation"),
    ("experiments", "exports"),
    ("plots", "verification"),
    ("notebook", "reports"),
    ("cli",),
    ("__init__", "__main__"),
)
LAYER = {part: number for number, parts in enumerate(LAYERS) for part in parts}

MODULES_AT_THE_TOP = {"__init__", "__main__"} | {
    "columns", "distributions", "form", "numbered", "streams", "units", "vocabulary"
}  # fmt: skip
"""What may stand beside the packages: the two names that Python asks for, and the foundation modules."""

# What a part may import of third parties: at module level; also inside functions and for annotations.
NUMPY = {"numpy"}
COMPILED = {"numpy", "mypy_extensions"}  # what a compiler is to know of some classes is said by its decorator
ANALYSIS = {"numpy", "pandas", "pyarrow", "matplotlib"}
NOTHING: set[str] = set()
THIRD_PARTY: dict[str, tuple[set[str], set[str]]] = {
    "files": (NOTHING, NOTHING),
    "form": (NOTHING, NOTHING),
    "kernel": ({*COMPILED, "simpy"}, NOTHING),
    "messages": ({"mypy_extensions"}, NOTHING),
    "numbered": (NUMPY, NOTHING),
    "numeric": (NUMPY, NOTHING),
    "streams": (NUMPY, NOTHING),
    "theory": (NUMPY, {"pandas"}),
    "units": (NUMPY, NOTHING),
    "vocabulary": (NOTHING, NOTHING),
    "columns": (NUMPY, NOTHING),
    "distributions": (NUMPY, NOTHING),
    "policies": (NUMPY, NOTHING),
    "recording": ({*COMPILED, "librt"}, NOTHING),  # librt only where it is machine code
    "scenarios": ({"numpy", "pydantic", "pydantic_core", "tomli_w"}, {"pandas", "pyarrow"}),
    "books": (COMPILED, NOTHING),
    "network": (NUMPY, NOTHING),
    "tables": (NUMPY, {"pandas"}),
    "audit": (NUMPY, NOTHING),
    "conversation": (NUMPY, {"pandas", "matplotlib"}),
    "entities": ({*COMPILED, "simpy"}, NOTHING),
    "storage": (NUMPY, {"pandas", "pyarrow"}),
    "results": (NUMPY, {"pandas"}),
    "accounting": (ANALYSIS, NOTHING),
    "simulation": (NUMPY, {"pandas"}),
    "experiments": (ANALYSIS, {"cloudpickle", "joblib", "SALib", "scipy", "tqdm"}),
    "exports": (ANALYSIS, {"duckdb"}),
    "verification": (NUMPY, NOTHING),
    "plots": (ANALYSIS, NOTHING),
    "notebook": (ANALYSIS, {"IPython", "ipywidgets"}),
    "reports": (NUMPY, {"matplotlib"}),
    "cli": (NUMPY, {"pandas", "matplotlib", "tqdm"}),
    "__init__": (NOTHING, NOTHING),
    "__main__": (NOTHING, NOTHING),
}


def block() -> str:
    """Return the layers as the documentation shows them, the foundation first: number, name, first sentence."""
    lines = []
    for number, parts in enumerate(LAYERS[:-1]):
        for place, part in enumerate(parts):
            first, *more = wrap(sentence(part), 98)
            lines.append(f"{number if place == 0 else '':>2}  {part:<15} {first}")
            lines += [f"{'':<20}{line}" for line in more]
    return "\n".join(lines)


def sentence(part: str) -> str:
    """Return the first sentence of the docstring of a package, or of a module at the top."""
    file = ROOT / part / "__init__.py" if (ROOT / part).is_dir() else ROOT / f"{part}.py"
    text = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return re.split(r"[.](?:\s|$)", " ".join(text.split()))[0]
