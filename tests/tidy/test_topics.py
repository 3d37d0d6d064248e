"""The page of topics is made from their declarations; each stands there, and nothing else does."""

from pathlib import Path

from topics.declared import TOPICS
from topics.page import page

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "topics.md"


def test_the_page_of_topics_is_the_one_their_declarations_make() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m topics.page > docs/reference/topics.md"


def test_no_topic_is_declared_twice_and_each_says_its_version() -> None:
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)
    assert all(topic.name.endswith(".v1") for topic in TOPICS)
