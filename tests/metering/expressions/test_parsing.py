"""How an expression is read, and what is said of one that cannot be."""

import pytest

from metering.expressions import Wrong, parse
from metering.expressions.tree import Call, Code, Number, Property, Text, Timestamp


def said(node):
    """A tree as one reads it aloud: every operator between its parts, in parentheses."""
    match node:
        case Number():
            return str(node.value)
        case Text():
            return f"text<{node.value}>"
        case Property():
            return f"property<{node.name}>"
        case Code() | Timestamp():
            return type(node).__name__
        case Call():
            digits = [str(node.digits)] if node.digits else []
            return f"{node.name}({', '.join([*map(said, node.parts), *digits])})"


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1", "1"),
        ("1.50", "1.50"),
        ("2 - 3 - 4", "-(-(2, 3), 4)"),
        ("2 + 3 * 4 / 5", "+(2, /(*(3, 4), 5))"),
        ("(2 + 3) * 4", "*(+(2, 3), 4)"),
        ("-2 * -3", "*(negative(2), negative(3))"),
        ("2--3", "-(2, negative(3))"),
        ("\n event . code\t", "Code"),
        ("event.timestamp", "Timestamp"),
        ("event.properties.code", "property<code>"),
        ("event.properties.größe_2", "property<größe_2>"),
        ("event.properties['size (GB)']", "property<size (GB)>"),
        ('event.properties["it\'s"]', "property<it's>"),
        ("event.properties['a''b']", "property<a'b>"),
        ("'it''s \"so\" \\n'", "text<it's \"so\" \\n>"),  # a backslash is a backslash
        ("''", "text<>"),
        ("concat(event.code, 'x', 1)", "concat(Code, text<x>, 1)"),
        ("Round(1) + CEIL(2, 1) + floor(3, -2)", "+(+(round(1), ceil(2, 1)), floor(3, -2))"),
        ("coalesce(event.properties.a, event.code)", "coalesce(property<a>, Code)"),
        ("(" * 900 + "1" + ")" * 900, "1"),
    ],
)  # fmt: skip
def test_an_expression_is_read(text, tree):
    """Signs bind from the left, * and / before + and -; quotes are said twice within their kind."""
    assert said(parse(text)) == tree


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "at character 1: expected a number or a text or a name or event or ( or -"),
        ("1 +", "at character 4: expected a number or a text or a name or event or ( or -"),
        ("1 + * 2", "at character 5: expected a number or a text or a name or event or ( or -"),
        ("1 2", "at character 3: expected + or - or * or / or the end"),
        ("10^30", "at character 3: expected + or - or * or / or the end"),
        ("1e3", "at character 2: expected + or - or * or / or the end"),
        ("1; drop table events", "at character 2: expected + or - or * or / or the end"),
        ("' or 1=1 --", "at character 1: this text has no end"),
        ("(1", "at character 3: expected ) or + or -"),
        ("1)", "at character 2: expected + or - or the end"),
        ("event", "at character 6: expected ."),
        ("event.size", "at character 7: expected code or timestamp or properties"),
        ("event.properties", "at character 17: expected [ or ."),
        ("event.properties[1]", "at character 18: expected a text"),
        ("event.properties.a.b", "at character 19: expected + or - or * or / or the end"),
        ("size", "at character 5: expected ("),
        ("__import__('os')", "at character 1: expected a function: abs, ceil, coalesce, concat, "
                             "floor, max, min, round"),
        ("abs()", "at character 5: expected a number or a text or a name or event or ( or -"),
        ("abs(1, 2)", "at character 1: abs takes one argument, not 2"),
        ("min(1)", "at character 1: min takes 2 to 100 arguments, not 1"),
        ("round(1, 2, 3)", "at character 1: round takes one or two arguments, not 3"),
        ("round(1, 0.5)", "at character 10: expected a whole number from -26 to 12"),
        ("round(1, event.properties.n)", "at character 10: expected a whole number from -26 to 12"),
        ("1 + 'a'", "at character 5: expected a number, and this is a text"),
        ("-event.code", "at character 2: expected a number, and this is a text"),
        ("1" * 27, "at character 1: a number has 26 digits and 12 decimals at most"),
        ("0.0000000000001", "at character 1: a number has 26 digits and 12 decimals at most"),
        ("-" * 200 + "1", "at character 101: an expression has 100 parts at most"),
        ("+".join("1" * 51), "at character 1: an expression has 100 parts at most"),
        ("é" * 10_000, "at character 2001: an expression has 2000 characters at most"),
        ("１", "at character 1: expected a number or a text or a name or event or ( or -"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_its_place(text, message):
    """The first character that does not fit, counted from one, and what would have fit there."""
    with pytest.raises(Wrong) as wrong:
        parse(text)

    assert str(wrong.value) == message
