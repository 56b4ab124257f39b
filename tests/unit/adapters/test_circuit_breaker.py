from touchstone.adapters.circuit_breaker import CircuitBreaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_calls_are_refused_for_the_pause_after_a_failure():
    clock = Clock()
    breaker = CircuitBreaker(pause_seconds=3, clock=clock)
    assert breaker.allows_a_call()
    breaker.failed("no answer in time")
    clock.now += 2.9
    assert not breaker.allows_a_call()
    assert breaker.last_reason == "no answer in time"


def test_after_the_pause_one_caller_tries_and_the_others_wait_on():
    clock = Clock()
    breaker = CircuitBreaker(pause_seconds=3, clock=clock)
    breaker.failed("")
    clock.now += 3
    assert [breaker.allows_a_call() for _ in range(3)] == [True, False, False]


def test_an_answer_lets_everybody_in_again():
    breaker = CircuitBreaker(pause_seconds=3, clock=Clock())
    breaker.failed("")
    breaker.answered()
    assert breaker.allows_a_call() and breaker.allows_a_call()


def test_a_trier_that_never_reports_back_does_not_close_the_way_for_ever():
    clock = Clock()
    breaker = CircuitBreaker(pause_seconds=3, clock=clock)
    breaker.failed("")
    clock.now += 3
    assert breaker.allows_a_call()
    clock.now += 3
    assert breaker.allows_a_call()
