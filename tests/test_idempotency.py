"""What an inbox keeps of requests: enough to tell one from another, and no secret."""

import pytest

from alesha_sim.messages import LogIn, Pay, Register, Secret, VerifyTransaction
from alesha_sim.messages.message import Message
from alesha_sim.network.idempotency import IdempotencyStore

KEY = (0, 1, -1, "pay")


class Whisper(Message):
    """A message of a reader's own, whose secret has a name that nobody knows."""

    __match_args__ = ("to", "word")
    __slots__ = __match_args__

    def __init__(self, to, word):
        self.to, self.word = to, word


@pytest.mark.parametrize(
    "message",
    [
        Pay(1, 2, Secret("hush")),
        Register(Secret("hush")),
        Whisper(3, Secret("hush")),
        Whisper(3, (4, Secret("hush"))),
    ],
)
def test_of_a_request_with_a_secret_a_digest_is_kept(message):
    content = IdempotencyStore().content(message)
    assert isinstance(content, bytes)
    assert b"hush" not in content


def test_of_a_request_without_secrets_the_message_is_kept():
    message = VerifyTransaction(7)
    assert IdempotencyStore().content(message) is message


def test_contents_are_equal_when_kind_and_all_fields_are():
    store = IdempotencyStore()
    messages = [
        Pay(1, 2, Secret("hush")), Pay(1, 2, Secret("hum")), Pay(1, 3, Secret("hush")), Pay(12, 2, Secret("hush")),
        Register(Secret("hush")), LogIn(Secret("hush")), VerifyTransaction(7), VerifyTransaction(8),
    ]  # fmt: skip
    contents = [store.content(message) for message in messages]
    assert [contents.index(store.content(type(each)(*each))) for each in messages] == list(range(len(messages)))


def test_a_crash_forgets_what_was_being_served_and_keeps_what_was():
    store, content = IdempotencyStore(), VerifyTransaction(7)
    assert store.admit(KEY, content) is None
    assert store.admit(KEY, content) is content
    store.store(("other",), content, "reply")
    store.crash()
    assert (store.is_up, store.admit(("other",), content).reply) == (False, "reply")
    assert store.served(KEY) is None
    assert store.admit(KEY, content) is None


def test_to_forget_a_request_leaves_a_reply_that_was_given():
    store = IdempotencyStore()
    store.begin(KEY, VerifyTransaction(7))
    store.forget(KEY)
    assert store.admit(KEY, VerifyTransaction(7)) is None
    store.store(KEY, None, "reply")
    store.forget(KEY)
    store.begin(KEY, VerifyTransaction(8))
    assert store.served(KEY).reply == "reply"
