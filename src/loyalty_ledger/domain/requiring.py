"""What a rule requires of a customer, judged after a sale's awards.

What others than this sale had come to by then is frozen when the rule is first asked: a return
never makes a rule hold because of what was bought in between.
"""

from typing import Any, NamedTuple

from loyalty_ledger.domain import upkeep
from loyalty_ledger.domain.events.settlement import Asked
from loyalty_ledger.domain.granting import Granting
from loyalty_ledger.domain.program.tiers import Node, PointsEarned, Spend
from loyalty_ledger.domain.progress import Leaf, holds_by, leaf_nodes, measure
from loyalty_ledger.domain.sale_record import Counted
from loyalty_ledger.domain.values import Window


class Requiring(NamedTuple):
    """A customer who is asked, and how the sale counts for him."""

    customer_id: str
    counted: Counted
    granting: Granting
    asked: list[Asked]

    def measured(self, rule: str, requires: Node) -> list[dict[str, Any]] | None:
        """How the customer stands to what the rule requires; None when he does not meet it."""
        nodes = list(leaf_nodes(requires))
        known = self.granting.case.record.asked.get((self.customer_id, rule))
        if known is None:
            known = self._ask(rule, nodes)
            self.asked.append(known)
        draft, case = self.granting.draft, self.granting.case
        measures = upkeep.measures_of(draft, self.customer_id, case.rulebook)
        at = upkeep.latest(draft, self.customer_id, case.at)
        leaves = [
            measure(node, measures, at)._replace(present=others + counts * self._own(node))
            for node, others, counts in zip(nodes, known.others, known.counts, strict=True)
        ]
        if not holds_by(requires, iter(leaves)):
            return None
        return [leaf.as_fact() for leaf in leaves]

    def _ask(self, rule: str, nodes: list[Leaf]) -> Asked:
        """How he stands without this sale."""
        draft, case = self.granting.draft, self.granting.case
        measures = upkeep.measures_of(draft, self.customer_id, case.rulebook)
        at = upkeep.latest(draft, self.customer_id, case.at)
        others, counts = [], []
        for node in nodes:
            leaf = measure(node, measures, at)
            window = Window(at, leaf.within, case.rulebook.program.time_zone)
            counts.append(window.holds(case.at))
            own = self._own(node) + self._before(node)
            others.append(leaf.present - own * counts[-1])
        return Asked(customer_id=self.customer_id, rule=rule, others=others, counts=counts)

    def _own(self, node: Leaf) -> int:
        """What this sale, as this version has it, adds to a leaf."""
        match node:
            case PointsEarned(points_earned=earned):
                return self.granting.points_so_far(self.customer_id, earned.account)
            case Spend():
                return self.counted.spend
            case _:
                minimum = self.granting.case.rulebook.program.minor(node.transactions.minimum_total)
                return self.counted.times if self.counted.total >= minimum else 0

    def _before(self, node: Leaf) -> int:
        """What of the versions before is still in the measure."""
        if isinstance(node, PointsEarned):
            account = node.points_earned.account
            return self.granting.points_before(self.customer_id, account)
        return 0
