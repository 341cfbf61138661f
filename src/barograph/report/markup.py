"""Elements of HTML and SVG. What is in the data becomes text, whatever it looks like: ElementTree escapes it."""

from typing import Final, Literal
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

Content = str | Element | None
SVG: Final = "http://www.w3.org/2000/svg"


def element(tag: str, *content: Content, of: str = "", **attributes: str | float) -> Element:
    """An element.

    Args:
        tag: its name.
        content: texts and elements in it; None is left out.
        of: its classes.
        attributes: numbers are written as coordinates, to a tenth; a `_` in a name is a `-`.
    """
    made = Element(tag, {"class": of} if of else {})
    for name, value in attributes.items():
        made.set(name.replace("_", "-"), value if isinstance(value, str) else number(value))
    add(made, *content)
    return made


def add(parent: Element, *content: Content) -> None:
    """Put texts and elements at the end of another."""
    for one in content:
        if isinstance(one, str):
            if len(parent):
                parent[-1].tail = (parent[-1].tail or "") + one
            else:
                parent.text = (parent.text or "") + one
        elif one is not None:
            parent.append(one)


def number(value: float) -> str:
    """A coordinate: a tenth of a pixel is seen by nobody, and takes room."""
    text = f"{value:.1f}"
    return text.removesuffix(".0")


def written(root: Element, method: Literal["html", "xml"] = "html") -> str:
    """The text of an element: `html`, or `xml` for a picture."""
    return ElementTree.tostring(root, encoding="unicode", method=method)
