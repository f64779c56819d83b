from services.notifier.domain.keys import message_id, notice_id, notice_key, told_mark


def test_every_part_of_a_key_makes_it_another() -> None:
    """Case, episode, step, recipient and channel each count."""
    parts: list[tuple[str, int, str, str, str]] = [
        ("c", 1, "solved", "a/head", "file"),
        ("d", 1, "solved", "a/head", "file"),
        ("c", 2, "solved", "a/head", "file"),
        ("c", 1, "verify", "a/head", "file"),
        ("c", 1, "solved", "b/head", "file"),
        ("c", 1, "solved", "a/head", "email"),
    ]
    assert len({notice_key(*one) for one in parts}) == len(parts)


def test_the_id_is_32_hexadecimal_digits_of_the_key_alone() -> None:
    """Whoever knows the key knows the id, in any process and at any time."""
    assert notice_id("k") == notice_id("k") == "8254c329a92850f6d539dd376f4816ee"


def test_a_message_of_one_notice_has_its_id_and_a_digest_one_of_its_own_members() -> None:
    """A digest of the same notices is the same message, in whatever order; one more notice makes it another."""
    assert message_id(["a"]) == "a"
    assert message_id(["a", "b"]) == message_id(["b", "a"])
    assert message_id(["a", "b"]) != message_id(["a", "b", "c"])


def test_marks_are_short_and_differ_by_episode() -> None:
    """A case remembers twelve characters for each step and recipient."""
    assert len(told_mark(1, "solved", "a/head")) == 12
    assert told_mark(1, "solved", "a/head") != told_mark(2, "solved", "a/head")
