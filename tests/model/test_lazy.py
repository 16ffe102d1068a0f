import copy
import pickle
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, replace

import pytest

from gate.model.evidence import Collected
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject
from gate.model.lazy import LazyFindings, Sort, tally

ONE = Finding("R1", "high", "m", "t", "a.py", 3)
TWO = Finding("R2", "low", "m", "t", suppressed=True, new=True)
SORTS: Counter[Sort] = Counter(
    {("t", "high", False, None, None, None): 1, ("t", "low", True, True, "other", None): 1},
)


def lazy(called: list[None] | None = None) -> LazyFindings:
    def make() -> list[Finding]:
        if called is not None:
            called.append(None)
        return [ONE, TWO]

    return LazyFindings(SORTS, make)


def never() -> LazyFindings:
    def make() -> list[Finding]:
        raise AssertionError("nobody has to look")

    return LazyFindings(SORTS, make)


def test_counting_makes_nothing() -> None:
    assert len(never()) == 2
    assert never()
    assert tally(never()) == SORTS
    assert repr(never()) == "<2 findings>"
    assert never() != ()
    assert never() != (ONE,)
    assert not LazyFindings({}, list)


def test_a_tuple_is_counted_by_its_items() -> None:
    assert tally((ONE, TWO)) == SORTS
    of_a_baseline = replace(
        TWO, properties={"baseline_state": "new", "suppressions": [{"kind": "in_source"}, {"kind": "external"}]}
    )
    assert tally((of_a_baseline,)) == {("t", "low", True, True, "in_source", "new"): 1}
    odd_ones: list[Json] = [[], 3, [3], [{}], [{"kind": 3}]]
    odd: list[JsonObject] = [{"suppressions": each, "baseline_state": 3} for each in odd_ones]
    assert tally([replace(TWO, properties=each) for each in odd]) == {("t", "low", True, True, "other", None): 5}


@pytest.mark.parametrize(
    "look",
    [
        tuple,
        lambda found: (found[0], found[-1]),
        lambda found: found[:],
        lambda found: tuple(reversed(list(reversed(found)))),
        lambda found: tuple(item for item in (ONE, TWO) if item in found),
    ],
)
def test_looking_makes_them_once(look: Callable[[LazyFindings], tuple[Finding, ...]]) -> None:
    called: list[None] = []
    found = lazy(called)
    assert look(found) == look(found) == (ONE, TWO)
    assert found[0] is found[0]
    assert len(called) == 1


def test_it_is_equal_to_a_tuple_of_the_same() -> None:
    assert lazy() == (ONE, TWO) == lazy() == lazy()
    assert lazy() != (TWO, ONE)
    assert lazy() != [ONE, TWO]
    flat = replace(ONE, properties={})
    assert (flat,) == LazyFindings({("t", "high", False, None, None, None): 1}, lambda: [ONE])


def test_a_copy_is_a_tuple() -> None:
    assert pickle.loads(pickle.dumps(lazy())) == (ONE, TWO)
    assert not isinstance(copy.deepcopy(lazy()), LazyFindings)
    evidence = Collected("sast", {}, findings=lazy())
    assert asdict(evidence)["findings"] == (ONE, TWO)
    assert evidence == replace(evidence, findings=(ONE, TWO))


def test_many_threads_make_them_once() -> None:
    called: list[None] = []
    begin = threading.Barrier(8)
    found = lazy(called)
    seen: list[Finding] = []

    def look() -> None:
        begin.wait()
        seen.append(found[0])

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [ONE] * 8
    assert len(called) == 1
