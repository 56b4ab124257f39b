import json

import pytest

from touchstone.adapters.ray_dashboard import Answer
from touchstone.adapters.ray_logs import CUT_LINE, logged_text
from touchstone.errors import Unavailable

TEXT = 'plain, "quoted", back\\slash\n\té 🐊 end'


def test_a_whole_log_is_what_was_printed():
    assert logged_text(Answer(200, json.dumps({"logs": TEXT}).encode())) == TEXT


def test_a_log_cut_anywhere_is_a_beginning_of_the_text_and_says_so():
    body = json.dumps({"logs": TEXT}).encode()
    for length in range(len(b'{"logs": "'), len(body)):
        read = logged_text(Answer(200, body[:length], is_cut=True))
        assert read.endswith(CUT_LINE)
        assert TEXT.startswith(read.removesuffix(CUT_LINE))


def test_a_cut_log_loses_no_more_than_the_character_that_was_cut():
    body = json.dumps({"logs": "a" * 1000 + "🐊"}).encode()
    assert logged_text(Answer(200, body[:-3], is_cut=True)).startswith("a" * 1000)


def test_an_answer_of_another_shape_is_not_ray():
    with pytest.raises(Unavailable):
        logged_text(Answer(200, b"<html>"))
    with pytest.raises(Unavailable):
        logged_text(Answer(200, b"<html>" * 100, is_cut=True))
