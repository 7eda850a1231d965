"""Notebooks in a real JupyterLab, in a real browser: what readers press, and what shows where nothing runs."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from conftest import needed

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 120  # seconds for the server, a kernel or an answer to come: only a failure waits so long
MAKE = "import alesha_sim as alesha\nscenario = alesha.scenarios.first_purchase()\n"
NOTEBOOKS = {
    "walk": f"{MAKE}walk = alesha.notebook.Walkthrough(scenario, seed=7)\nwalk",
    "shop": f"{MAKE}shop = alesha.notebook.Storefront(scenario, seed=7)\nshop",
    "step": f"{MAKE}alesha.simulate(scenario, seed=7).follow(1).stepper()",
}
RUN_ALL = """async () => {
    const app = window.jupyterapp;
    await app.restored;
    while (!app.shell.currentWidget?.sessionContext) await new Promise((next) => setTimeout(next, 50));
    const panel = app.shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
    await app.commands.execute("notebook:run-all-cells");
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give the folder whose notebooks JupyterLab serves."""
    return tmp_path_factory.mktemp("notebooks")


@pytest.fixture(scope="module")
def lab(folder, tmp_path_factory):
    """Give the address of a JupyterLab that serves one notebook for each of NOTEBOOKS."""
    for package in ("jupyterlab", "ipykernel", "ipywidgets"):
        needed(package)
    own = tmp_path_factory.mktemp("lab")
    settings = own / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    for name, source in NOTEBOOKS.items():
        write(folder / f"{name}.ipynb", source)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--expose-app-in-browser", "--allow-root",
        "--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token=", f"--notebook-dir={folder}",
        f"--LabApp.user_settings_dir={own / 'settings'}", f"--LabApp.workspaces_dir={own / 'workspaces'}",
    ]  # fmt: skip
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(own / "ipython"), "HOME": str(own),
        "JUPYTER_DATA_DIR": str(own / "data"), "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
    }  # fmt: skip
    with (own / "server.log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        await_answer(f"http://127.0.0.1:{port}/api/status", own / "server.log")
        yield f"http://127.0.0.1:{port}/lab"
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:  # it waits for its kernels; nobody else does
            server.kill()
            server.wait(PATIENCE)


def await_answer(address, log):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            urlopen(address, timeout=5).close()
            return
        except (URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"JupyterLab does not answer: {log.read_text()[-2000:]}")


def write(path, source, outputs=()):
    """Write a notebook of one cell."""
    path.parent.mkdir(exist_ok=True)
    format4 = needed("nbformat").v4
    cell = format4.new_code_cell(source, outputs=list(outputs))
    kernel = {"name": "python3", "display_name": "Python 3"}
    path.write_text(json.dumps(format4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})))


@pytest.fixture
def page(browser, lab):
    context = browser.new_context(viewport={"width": 1500, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    yield page
    context.close()


def opened(page, lab, name, *, run=True):
    page.goto(f"{lab}/workspaces/{name}/tree/{name}.ipynb?reset")
    page.wait_for_function("window.jupyterapp")
    if run:
        page.evaluate(RUN_ALL)
    return page.locator(".jp-OutputArea").first


def press(page, name):
    page.get_by_role("button", name=name, exact=True).first.click()


def field(page, name):
    return page.locator(".jp-OutputArea").get_by_label(name, exact=True)


def reads(where, text):
    """Wait until some place shows a text."""
    where.filter(has_text=text).first.wait_for()


def keep(page, name):
    """Keep a screenshot where one is asked for, to be looked at."""
    if folder := os.environ.get("ALESHA_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_a_walkthrough_runs_to_a_breakpoint_and_back(page, lab):
    opened(page, lab, "walk")
    view = page.locator(".alesha-walkthrough")
    press(page, "Next message")
    reads(view, "message 0, ViewHomepage, reached shop from user:0")
    field(page, "Breakpoint").fill("PlaceOrder")
    press(page, "Run to breakpoint")
    reads(view, "message 21, PlaceOrder, reached supplier from shop")
    reads(view, "user:0 waits for shop: 16 Pay")
    keep(page, "walkthrough")
    press(page, "Back")
    reads(view, "message 20, Receipt, reached shop from bank")
    press(page, "Finish")
    reads(view, "Nothing is left to happen.")
    reads(view, "10,240.00")
    field(page, "Breakpoint").fill("Plaice")
    press(page, "Run to breakpoint")
    reads(view, "breakpoint: 'Plaice': must be a kind of message")


def test_the_reader_is_the_customer(page, lab):
    opened(page, lab, "shop")
    view = page.locator(".alesha-storefront")
    reads(view, "Welcome")
    assert view.locator("s").all_inner_texts() == ["600.00 BDT", "300.00 BDT", "1,000.00 BDT"]
    assert view.locator("img[alt^='picture of']").count() == 3
    keep(page, "storefront-home")
    register_and_log_in(page, view)
    buy(page, view, "HP laptop", 1)
    buy(page, view, "Apple watch", 2)
    reads(view, "Together 1,000.00 BDT")
    keep(page, "storefront-cart")
    pay_with_a_mistyped_secret(page, view)
    press(page, "Back to the cart")
    press(page, "Check out")
    reads(view, "The invoice came: order 2, 1,000.00 BDT.")
    press(page, "From my wallet")
    keep(page, "storefront-pay")
    press(page, "Pay")
    reads(view, "Your payment was received (transaction")
    reads(view, "The ordered products will be supplied: 1 HP laptop, 2 Apple watch.")
    assert view.locator("img[alt='What the last click sent']").count() == 1
    keep(page, "storefront-success")
    press(page, "Balances")
    for balance in ("4,000.00 BDT", "10,240.00 BDT", "5,760.00 BDT"):
        reads(view, balance)
    keep(page, "storefront-balances")
    press(page, "My orders")
    reads(view, "on_the_way")
    press(page, "Finish")
    reads(view, "completed 1, declined 1")


def register_and_log_in(page, view):
    press(page, "Register or log in")
    field(page, "Password").fill("mine")
    press(page, "Log in")
    reads(view, "Refused: not registered")
    press(page, "Register")
    reads(view, "You are registered. Now log in.")
    press(page, "Log in")
    reads(view, "You are logged in.")


def buy(page, view, name, units):
    press(page, "Home")
    press(page, f"Look at {name}")
    reads(view, "Warranty 730 days; may come back within 7 days.")
    field(page, "Quantity").fill(str(units))
    press(page, "Put into the cart")
    reads(view, "Your cart")


def pay_with_a_mistyped_secret(page, view):
    press(page, "Check out")
    reads(view, "The invoice came: order 1, 1,000.00 BDT.")
    field(page, "Account").fill("10000000")
    field(page, "Secret key").fill("not mine")
    press(page, "Pay")
    reads(view, "Refused: wrong secret")


def test_a_stepper_in_a_notebook_keeps_its_keys_from_the_notebook(page, lab):
    opened(page, lab, "step")
    page.locator(".say").wait_for()
    page.get_by_role("button", name="Next", exact=True).click()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    reads(page.locator(".say"), "Message 4 Register (password ***)")
    keep(page, "stepper-in-lab")


def test_in_an_exported_page_a_live_view_is_a_still_image_and_asks_for_nothing(browser, tmp_path):
    notebook = needed("nbformat").v4.new_notebook(cells=[needed("nbformat").v4.new_code_cell(NOTEBOOKS["shop"])])
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path / "ipython")}
    client = needed("nbclient").NotebookClient(notebook, kernel_name="python3", store_widget_state=False)
    client.execute(env=environment)
    nothing = dict.fromkeys(("mathjax_url", "require_js_url", "jquery_url", "widget_renderer_url"), "")
    text, _ = needed("nbconvert").HTMLExporter(**nothing).from_notebook_node(notebook)
    (tmp_path / "shop.html").write_text(text, encoding="utf-8")
    requests = []
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.on("request", lambda request: requests.append(request.url))
    page.goto((tmp_path / "shop.html").as_uri())
    assert page.locator("img[alt^='picture of']").count() == 3
    assert page.locator("img[alt='What the last click sent']").bounding_box()["height"] > 80
    keep(page, "storefront-exported")
    context.close()
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []


def stills():
    """Return what the live views and the stepper put into a saved notebook, as outputs."""
    import alesha_sim as alesha

    output = needed("nbformat").v4.new_output
    scenario = alesha.scenarios.first_purchase()
    walk = alesha.notebook.Walkthrough(scenario, 7)
    walk.run_to("PlaceOrder")
    stepper = alesha.simulate(scenario, seed=7).follow(1).stepper()
    bundle = stepper.panes[0].diagram._repr_mimebundle_()
    pages = [walk._still("still").data, stepper._repr_html_(), bundle["text/html"]]
    return [output("display_data", data={"text/html": text, "text/plain": "shown"}) for text in pages]


def test_in_a_notebook_that_is_not_trusted_the_images_show(page, lab, folder):
    write(folder / "foreign.ipynb", "1", stills())
    area = opened(page, lab, "foreign", run=False)
    images = area.locator("img")
    images.nth(2).wait_for()
    widths = [images.nth(place).evaluate("node => node.naturalWidth") for place in range(3)]
    assert min(widths) > 500
    assert page.locator(".page").count() == 0  # the stepper's script did not run
    keep(page, "not-trusted")
