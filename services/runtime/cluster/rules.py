"""One rule book at a time: all workers of a store derive with the same rules (design §9, rule 10)."""

from services.runtime.cluster.ending import OtherRules
from services.runtime.store.cluster_contract import ClusterStore, Transaction
from services.runtime.store.contract import Batch
from services.runtime.workset import FORMAT, check_format

_REMEDY = """the store was derived with other rules, pages, value sets, calendars or feeds than this worker has.
  Give all workers one configuration. To change it: stop them, run `warmhandoff rebuild --apply`, start them again."""


def adopt_rules(store: ClusterStore, digest: str) -> None:
    """Have a store that is new derived with these rules.

    Raises:
        OtherRules: it was derived with others.
        StoreIsStrange: its records have another shape.
    """
    with store.transaction() as transaction:
        transaction.own_reference()
        check_format(transaction)
        if transaction.reference("digest") is None:
            transaction.commit(Batch(reference={"digest": digest.encode(), "format": FORMAT}))
    with store.transaction() as transaction:
        check_rules(transaction, digest)


def check_rules(transaction: Transaction, digest: str) -> None:
    """Have the rules stay as they are until the end of a transaction.

    Raises:
        OtherRules: the store was derived with others meanwhile.
    """
    transaction.share_reference()
    if transaction.reference("digest") != digest.encode():
        raise OtherRules(_REMEDY)
