"""What clients get of test cases."""

import msgspec


class TestCaseInfo(msgspec.Struct, kw_only=True):
    """An empty template: the test case is made from none."""

    __test__ = False

    test_case: str
    template_id: str | None


class TestCasesResponse(msgspec.Struct, kw_only=True):
    __test__ = False

    test_cases: list[TestCaseInfo]
