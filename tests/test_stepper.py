import json
import re
from base64 import b64decode
from itertools import pairwise

import pytest
from conftest import needed

import alesha_sim as alesha
from alesha_sim.conversation import compare_conversations

DARK = "dark"


def purchase(**knobs):
    return alesha.simulate(alesha.scenarios.first_purchase(**knobs), seed=7).follow(1)


@pytest.fixture(scope="module")
def good():
    return purchase()


def told(conversation):
    """Return the steps as the script reads them: with all balances and totals, told where they change."""
    (pane,) = conversation.stepper().description["panes"]
    amounts, known = dict(enumerate(pane["opening"])), {}
    for step in pane["steps"]:
        before = amounts = {**amounts, **dict(step.get("before", []))}
        amounts = {**amounts, **dict(step.get("after", []))}
        known |= {name: step[name] for name in ("totals", "balanced") if name in step}
        step |= {"balances": [[before[owner], amounts[owner]] for owner in amounts], **known}
    return pane["steps"]


@pytest.fixture(scope="module")
def steps(good):
    return told(good)


@pytest.fixture(scope="module")
def long():
    scenario = alesha.scenarios.market_day(users=30).with_settings(
        {"network.default.loss": 0.1, "network.default.timeout": 2}
    )
    return alesha.simulate(scenario, seed=3)


# What the script is given


def test_each_step_has_the_ledger_lines_that_its_message_caused(good, steps):
    authorise = next(step for step in steps if step["label"] == "17 Authorise (secret ***)")
    assert authorise["rows"] == [
        ("bank", "payment", "bank:deposits:user:0", "bank:deposits:shop", "1,000.00 BDT"),
    ]
    assert sum(len(step["rows"]) for step in steps) == len(good.transfers)


def test_balances_stand_before_and_after_each_step(good, steps):
    (pane,) = good.stepper().description["panes"]
    assert pane["owners"] == ["user:0", "shop", "bank", "supplier"]
    authorise = next(step for step in steps if "Authorise" in step["label"])
    assert authorise["balances"] == [
        ["5,000.00", "4,000.00"], ["10,000.00", "11,000.00"], ["20,000.00", "20,000.00"], ["5,000.00", "5,000.00"],
    ]  # fmt: skip
    assert [after for _, after in steps[-1]["balances"]] == ["4,000.00", "10,240.00", "20,000.00", "5,760.00"]
    for one, following in pairwise(steps):
        assert [after for _, after in one["balances"]] == [before for before, _ in following["balances"]]


def test_the_orders_status_follows_the_messages(steps):
    found = {step["label"].partition(" ")[2]: step.get("status") for step in steps if step["label"]}
    assert found["Homepage"] is None
    assert found["Invoice"] == "Order 1: received"
    assert found["PlaceOrder"] == "Order 1: processing"
    assert found["Confirmation"] == "Order 1: on_the_way"
    assert found["Delivered"] == "Order 1: completed"


def test_the_badge_tells_of_books_that_do_not_balance(good):
    assert all(step["balanced"] for step in told(good))
    broken = purchase()
    left, right = broken.run._sums["bank"]
    broken.run._sums["bank"] = (left + 1, right)
    assert not any(step["balanced"] for step in told(broken))


def test_another_orders_transfers_are_in_the_balances_and_not_in_the_lines(long):
    orders = long.orders
    order = int(orders.loc[orders["status"] == "completed", "order"].iloc[-1])
    shop = long.follow(order).lanes.index("shop")
    last = told(long.follow(order))[-1]
    written = long.transfers["posted_at"] <= long.follow(order).steps[-1].at
    account, rows = "bank:deposits:shop", long.transfers[written]
    balance = (
        rows.loc[rows["credit"] == account, "amount"].sum() - rows.loc[rows["debit"] == account, "amount"].sum()
    )
    assert last["balances"][shop][1] == f"{balance:,.2f}"


def test_the_size_grows_with_the_messages_and_a_thousand_take_less_than_a_megabyte(long):
    whole = long.between("users", "shop")
    moments = [whole.where(until=whole.steps[count - 1].at) for count in (500, 1000)]
    sizes = [len(part.stepper().html.encode()) for part in moments]
    assert [len(part.messages) for part in moments] == [500, 1000]
    assert sizes[1] < 1_000_000
    everything = long.follow(user=3)
    half, full = (len(json.dumps(part.stepper().description)) for part in (everything, whole))
    assert half / len(everything.messages) < 900
    assert full / len(whole.messages) < 900


def test_nothing_in_the_page_asks_for_anything_outside(good):
    page = good.stepper().html
    assert set(re.findall(r"https?://[^\"'\s)<]+", page)) <= {"http://www.w3.org/2000/svg"}
    (still,) = re.findall(r'<img alt="[^"]+" style="[^"]+" src="data:image/svg\+xml;base64,([^"]+)">', page)
    assert b64decode(still).startswith(b"<svg")


def test_names_cannot_end_the_script(good):
    named = good.where()
    named.title = "</script><b>"
    assert "</script><b>" not in named.stepper().html


# In a browser


@pytest.fixture
def page(browser):
    requests, complaints = [], []
    context = browser.new_context(viewport={"width": 1400, "height": 760}, offline=True)
    page = context.new_page()
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []


@pytest.fixture
def opened(page, good, tmp_path):
    good.stepper().save(tmp_path / "stepper.html")
    page.goto((tmp_path / "stepper.html").as_uri())
    return page


def said(page):
    return page.locator(".say").inner_text()


def test_next_goes_from_the_first_message_to_the_last(opened, steps):
    heard = [said(opened)]
    while opened.get_by_role("button", name="Next", exact=True).is_enabled():
        opened.get_by_role("button", name="Next", exact=True).click()
        heard.append(said(opened))
    assert heard == [step["say"] for step in steps]
    assert "4,000.00" in opened.locator(".side").inner_text()
    assert opened.locator(".badge").inner_text() == "✓ books balance"
    assert opened.locator(".status").inner_text() == "Order 1: completed"


def test_the_keyboard_alone_goes_through_it(opened, steps):
    opened.get_by_role("button", name="Next", exact=True).focus()
    for key, place in (
        ("ArrowRight", 1),
        ("ArrowDown", 2),
        ("ArrowLeft", 1),
        ("End", len(steps) - 1),
        ("Home", 0),
    ):
        opened.keyboard.press(key)
        assert said(opened) == steps[place]["say"]
    opened.keyboard.press("Enter")
    assert said(opened) == steps[1]["say"]


def test_a_message_is_chosen_by_click_and_by_key(opened, steps):
    opened.locator("[data-step='3'] text.label").click()
    assert said(opened) == steps[3]["say"]
    assert opened.locator("[data-step='3']").get_attribute("aria-current") == "step"
    opened.locator("[data-step='3']").focus()
    opened.keyboard.press("ArrowRight")
    assert said(opened) == steps[4]["say"]


def test_a_lane_is_chosen_and_only_its_steps_are_gone_through(opened, steps):
    opened.locator("[data-lane='bank']").click()
    opened.get_by_role("button", name="Next", exact=True).click()
    assert said(opened) == next(step["say"] for step in steps if "bank" in step["who"])
    opened.locator("[data-lane='bank']").click()
    opened.get_by_role("button", name="Back", exact=True).click()
    assert "bank" not in said(opened)


def test_play_goes_on_by_itself_and_stops(opened, steps):
    opened.clock.install()
    opened.get_by_role("button", name="Play").click()
    opened.clock.run_for(2500)
    assert said(opened) == steps[2]["say"]
    opened.get_by_role("button", name="Play").click()
    opened.clock.run_for(5000)
    assert said(opened) == steps[2]["say"]


def test_the_page_follows_the_readers_theme(opened):
    # Awaited: a busy browser takes its time.
    ground = needed("playwright.sync_api", "browser").expect(opened.locator(".page"))
    ground.to_have_css("background-color", "rgb(255, 255, 255)")
    opened.emulate_media(color_scheme=DARK)
    ground.to_have_css("background-color", "rgb(22, 24, 28)")


def test_everything_to_press_has_a_name_for_screen_readers(opened):
    names = opened.locator(".page").evaluate(
        "node => [...node.querySelectorAll('button, input, [role=button]')].map(n => n.getAttribute('aria-label'))"
    )
    assert len(names) > 30
    assert all(names)
    assert opened.locator(".say").get_attribute("aria-live") == "polite"


def test_two_conversations_go_in_step_to_their_first_difference(page, good, tmp_path):
    compare_conversations(good, purchase(opening_balance=120)).stepper().save(tmp_path / "two.html")
    page.goto((tmp_path / "two.html").as_uri())
    assert said(page).startswith("Both: Message 0 ViewHomepage")
    page.get_by_role("button", name="Go to the first difference").click()
    assert said(page).startswith("Different: Message 17 Authorise")
    sides = page.locator(".side").all_inner_texts()
    assert "payment" in sides[0]
    assert "none: nothing moved" in sides[1]
    tops = [box.bounding_box()["y"] for box in page.locator(".band.now").all()]
    assert tops[0] == pytest.approx(tops[1], abs=2)


def test_without_scripts_the_still_image_shows(browser, good, tmp_path):
    good.stepper().save(tmp_path / "stepper.html")
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((tmp_path / "stepper.html").as_uri())
    assert page.locator("img").bounding_box()["height"] > 500
    context.close()


def test_in_an_exported_notebook_the_stepper_works_and_the_diagram_shows(page, tmp_path):
    export(tmp_path)
    page.goto((tmp_path / "talk.html").as_uri())
    first = said(page)
    page.get_by_role("button", name="Next", exact=True).click()
    assert said(page) != first
    assert page.locator("img[alt^='Order 1']").first.evaluate("node => node.naturalWidth") > 500


def export(folder):
    """Write a notebook with a diagram and a stepper as HTML, without running a kernel."""
    nbformat, nbconvert = needed("nbformat"), needed("nbconvert")
    followed = purchase()
    outputs = [
        nbformat.v4.new_output("display_data", data={"text/html": data, "text/plain": "shown"})
        for data in (followed._repr_mimebundle_()["text/html"], followed.stepper()._repr_html_())
    ]
    cell = nbformat.v4.new_code_cell("followed", outputs=outputs)
    # Without these the page asks for libraries of formulas and widgets, which it does not need.
    nothing = dict.fromkeys(("mathjax_url", "require_js_url", "jquery_url", "widget_renderer_url"), "")
    text, _ = nbconvert.HTMLExporter(**nothing).from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    (folder / "talk.html").write_text(text, encoding="utf-8")
