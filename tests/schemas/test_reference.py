import pathlib

from tapeline.schemas.config import Config
from tapeline.schemas.reference import reference

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_in_the_docs_is_what_the_code_says() -> None:
    assert PAGE.read_text() == reference(), "run: python -m tapeline.schemas.reference > docs/configuration.md"


def test_every_field_has_a_sentence() -> None:
    assert "|  |" not in reference()
    assert "`horizon`" in reference()
    assert "`training.early_stopping`" in reference()


def test_every_top_level_section_is_described() -> None:
    for name in Config.model_fields:
        assert f"`{name}`" in reference()
