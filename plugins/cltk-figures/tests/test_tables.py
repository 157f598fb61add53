"""The forms of a table."""

from __future__ import annotations

import json

from cltk_figures.tables import Table

TABLE = Table("Costs", ("cell", "samples", "MiB"), (("a|b", 12665, 0.5), ("<b>&", None, None)), "A <note>.")


def test_markdown_has_text_to_the_left_and_numbers_to_the_right() -> None:
    assert TABLE.to_markdown().splitlines() == [
        "### Costs",
        "",
        "| cell | samples | MiB |",
        "| :--- | ---: | ---: |",
        r"| a\|b | 12,665 | 0.50 |",
        "| <b>& |  |  |",
        "",
        "A <note>.",
    ]


def test_html_escapes_everything() -> None:
    text = TABLE.to_html()
    assert "<td>&lt;b&gt;&amp;</td>" in text
    assert '<td class="number">12,665</td>' in text
    assert text.endswith('<p class="note">A &lt;note&gt;.</p>')


def test_html_repeats_its_head_on_every_printed_page() -> None:
    assert '<thead><tr><th scope="col">cell</th><th scope="col" class="number">samples</th>' in TABLE.to_html()


def test_json_has_an_object_a_row() -> None:
    rows = json.loads(json.dumps(TABLE.to_dict()))["rows"]
    assert rows[0] == {"cell": "a|b", "samples": 12665, "MiB": 0.5}
