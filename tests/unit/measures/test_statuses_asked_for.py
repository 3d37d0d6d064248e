"""A page may ask for a status: one that counts anyway, to narrow, or another, to find what was not done."""

from tests.unit.measures.pages import holds

ACTIVE = "{order: drug, status: active}"


def test_an_active_order_alone_counts_when_only_active_ones_are_asked_for() -> None:
    assert holds(ACTIVE, "{order: drug, at: 2025-05-01, status: active}")
    assert not holds(ACTIVE, "{order: drug, at: 2025-05-01, status: completed}")


def test_an_order_not_to_give_a_drug_is_no_active_order() -> None:
    assert not holds(ACTIVE, "{order: drug, at: 2025-05-01, status: active, refused: true}")


def test_what_was_not_done_is_found_where_a_page_asks_for_it() -> None:
    undone = "{procedure: seen, at: 2025-05-01, status: not-done, refused: true}"
    assert holds("{procedure: seen, status: not-done}", undone)
    assert not holds("{procedure: seen}", undone)
