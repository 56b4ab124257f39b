"""People order issues; a worker makes them later."""

from touchstone.adapters.issue_tracker import NotConfigured, Source, TrackerProject
from touchstone.adapters.tracker_urls import DEFAULT_HOSTS, TrackerHosts, issue_reference, issue_url
from touchstone.database.executor import Database
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.issue_orders.model import OrderTemplates, ResultPassed, text_of, title_of
from touchstone.domains.issue_orders.repository import IssueOrderRepository
from touchstone.domains.issue_orders.schemas import IssueOrder, NewIssueOrder
from touchstone.domains.periodic_work.repository import PeriodicWorkRepository
from touchstone.http.caller import Caller

PERIODIC_WORK = "make_ordered_issues"


class IssueOrderService:
    """`configured` are the trackers that workers have access to; `frontend` has no slash at its end."""

    def __init__(
        self,
        database: Database,
        configured: frozenset[tuple[Source, str]],
        hosts: TrackerHosts,
        templates: OrderTemplates,
        frontend: str,
    ) -> None:
        self.database, self.configured, self.hosts = database, configured, hosts
        self.templates, self.frontend = templates, frontend

    async def order(self, caller: Caller, given: NewIssueOrder) -> IssueOrder:
        """One that is wanted or made already is answered as it is.

        Raises NotConfigured, UnrecognizedIssueUrl, ResultNotFound, ResultPassed.
        """
        project = self._project(given)
        async with self.database.transaction() as transaction:
            orders = IssueOrderRepository(transaction)
            facts = await orders.facts(given.test_result_id)
            if facts.status == "PASSED":
                raise ResultPassed
            page = facts.page(self.frontend, given.test_result_id)
            title = title_of(given.title or _lines(self.templates.title), facts, page)
            text = text_of(_lines(self.templates.text) if given.text is None else given.text, facts, page)
            labels = list(dict.fromkeys(given.labels))
            order_id = await orders.want(given.test_result_id, project, title, text, labels, caller.name)
            if order_id is None:
                there = await orders.find_id(given.test_result_id, project)
                assert there is not None  # the result is locked, so nobody takes the order away from it
                return await orders.get(there)
            await PeriodicWorkRepository(transaction).trigger_if_possible(PERIODIC_WORK, caller.name)
            made = await orders.get(order_id)
            await AuditRepository(transaction).record(caller, "order_issue", f"issue_order:{order_id}", after=made)
            return made

    def _project(self, given: NewIssueOrder) -> TrackerProject:
        """In the spelling of addresses."""
        source: Source = given.source.value
        if (source, given.host) not in self.configured:
            raise NotConfigured(system=given.host or DEFAULT_HOSTS[source])
        url = issue_url(TrackerProject(source, given.project, given.host).issue("1"))
        sound = issue_reference(url, self.hosts)
        return TrackerProject(sound.source, sound.project, sound.host)


def _lines(written: str) -> str:
    return written.replace("\\n", "\n")
