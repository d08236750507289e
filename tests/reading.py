"""Reads a page as a person does: what stands in a field, the error beside it, the messages on top."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "path", "circle", "source", "wbr"})
INLINE = frozenset({"a", "b", "code", "del", "em", "ins", "strong"})  # no space around their words


@dataclass
class Element:
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    parent: "Element | None" = None
    children: "list[Element | str]" = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    @property
    def text(self) -> str:
        """All words in it, with single spaces."""
        return " ".join(self._words().split())

    def _words(self) -> str:
        words = "".join(child if isinstance(child, str) else child._words() for child in self.children)
        return words if self.tag in INLINE else f" {words} "

    def walk(self) -> "Iterator[Element]":
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def all(self, tag: str = "", css: str = "", **attributes: str) -> "list[Element]":
        """Elements in it with this tag, class and attributes, as far as given."""
        return [
            element
            for element in self.walk()
            if (not tag or element.tag == tag)
            and (not css or css in element.classes)
            and attributes.items() <= element.attributes.items()
        ]


class Page:
    """The HTML of an answer of Django's test client, or a string."""

    def __init__(self, answer: Any) -> None:
        self.html: str = answer if isinstance(answer, str) else answer.content.decode()
        self.root = _Tree.of(self.html)

    @property
    def text(self) -> str:
        return self.root.text

    @property
    def heading(self) -> str:
        return self.root.all("h1")[0].text

    @property
    def toasts(self) -> list[str]:
        """The messages on top."""
        return [toast.all("span")[0].text for toast in self.root.all(css="toast")]

    @property
    def rows(self) -> list[str]:
        """What a list shows, by its links, in its order."""
        return [link.text for link in self.root.all("a", css="row-link")]

    def links(self, text: str) -> list[str]:
        """Where links with exactly this text lead."""
        return [link.attributes["href"] for link in self.root.all("a") if link.text == text]

    def buttons(self) -> list[str]:
        return [button.text for button in self.root.all("button") if "hidden" not in button.attributes]

    def by_id(self, name: str) -> Element:
        return self.root.all(id=name)[0]

    def value(self, name: str) -> str:
        """What stands in the field."""
        found = self._field(name)
        if found.tag == "textarea":
            # the first line break after the tag is no part of the value
            return "".join(child for child in found.children if isinstance(child, str)).removeprefix("\n")
        if found.tag == "select":
            chosen = [option for option in found.all("option") if "selected" in option.attributes]
            return chosen[0].attributes["value"] if chosen else ""
        return found.attributes.get("value", "")

    def error(self, name: str) -> str:
        """What is said against the field, in the same box with it; empty when nothing is."""
        box: Element | None = self._field(name)
        while box is not None and "field" not in box.classes and "input-row" not in box.classes:
            box = box.parent
        errors = box.all("ul", css="errorlist") if box else []
        return errors[0].text if errors else ""

    def form(self, action: str) -> dict[str, list[str]]:
        """What a browser would send to `action`, as the page stands; a form without an address is its own."""
        forms = [form for form in self.by_id("main").all("form", method="post") if len(form.all("input")) > 1]
        addressed = [form for form in forms if form.attributes.get("action") == action]
        (form,) = addressed or [form for form in forms if "action" not in form.attributes]
        return _sent(form)

    def _field(self, name: str) -> Element:
        fields = [e for tag in ("input", "select", "textarea") for e in self.root.all(tag, name=name)]
        assert fields, f"There is no field {name}."
        chosen = [e for e in fields if e.attributes.get("type") != "radio" or "checked" in e.attributes]
        return (chosen or fields)[0]


def _sent(form: Element) -> dict[str, list[str]]:
    sent: dict[str, list[str]] = {}
    for box in (box for tag in ("input", "select", "textarea") for box in form.all(tag)):
        attributes, values = box.attributes, []
        if box.tag == "textarea":
            # the first line break after the tag is no part of the value
            values = ["".join(child for child in box.children if isinstance(child, str)).removeprefix("\n")]
        elif box.tag == "select":
            values = [option.attributes["value"] for option in box.all("option") if "selected" in option.attributes]
        elif attributes.get("type") not in {"radio", "checkbox"} or "checked" in attributes:
            values = [attributes.get("value", "on" if attributes.get("type") == "checkbox" else "")]
        sent.setdefault(attributes["name"], []).extend(values)
    return sent


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.here = Element("")

    @classmethod
    def of(cls, html: str) -> Element:
        parser = cls()
        parser.feed(html)
        parser.close()
        return parser.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.children.append(element)
        if tag not in VOID:
            self.here = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.here.children.append(Element(tag, {name: value or "" for name, value in attrs}, self.here))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        element: Element | None = self.here
        while element is not None and element.tag != tag:
            element = element.parent
        if element is not None and element.parent is not None:
            self.here = element.parent

    def handle_data(self, data: str) -> None:
        self.here.children.append(data)
