"""The first answer to a request is the only one."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from loyalty_ledger.store.log import Answer, Commit, Conflict, Log
from store_examples import commit

KEY = ("till", "s1", "r1")
FIRST = Answer(*KEY, "fingerprint", b'{"ok":true}')


def test_an_answer_is_found_with_the_position_of_its_commit(log: Log) -> None:
    enrolment = commit("ann", "bob")
    enrolment.answers.append(FIRST)
    log.append(enrolment)
    found = log.find_answers([KEY, ("till", "s1", "other")])
    assert found == {KEY: FIRST._replace(position=2)}


def test_a_second_answer_is_a_conflict_and_takes_its_events_with_it(log: Log) -> None:
    log.append(Commit([], {}, 0, answers=[FIRST]))
    again = commit("ann")
    again.answers.append(FIRST._replace(body=b"other"))
    with pytest.raises(Conflict) as raised:
        log.append(again)
    assert raised.value.what == "answers"
    assert log.head().position == 0
    assert log.find_answers([KEY])[KEY].body == FIRST.body


def test_the_same_request_twice_in_one_commit_is_a_conflict(log: Log) -> None:
    with pytest.raises(Conflict) as raised:
        log.append(Commit([], {}, 0, answers=[FIRST, FIRST]))
    assert raised.value.what == "answers"


def test_of_many_answers_at_once_to_one_request_one_is_stored(log: Log) -> None:
    def answer(number: int) -> bool:
        body = str(number).encode()
        try:
            log.append(Commit([], {}, 0, answers=[FIRST._replace(body=body)]))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        stored = [number for number, done in enumerate(threads.map(answer, range(24))) if done]
    assert [log.find_answers([KEY])[KEY].body] == [str(number).encode() for number in stored]


def test_many_answers_are_stored_and_found_at_once(log: Log) -> None:
    many = [FIRST._replace(request_id=f"r{number}", body=b"x" * 2000) for number in range(500)]
    log.append(Commit([], {}, 0, answers=many))
    assert len(log.find_answers([(a.client_id, a.store_id, a.request_id) for a in many])) == 500
    assert log.find_answers([]) == {}
