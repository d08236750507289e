"""What of templates, code and pages people read, and whether it goes through gettext and is translated."""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from django.template.base import Lexer, Token, TokenType

from prm.local import words
from tests.reading import Page

READ_ALOUD = {"alt", "aria-label", "aria-description", "placeholder", "title", "data-done"}
READ_ALOUD |= {"data-confirm", "data-confirm-text", "data-confirm-verb"}
LETTERS = re.compile(r"[^\W\d_]{2,}")
SENTENCE = re.compile(r"[A-Z][a-z]|\w [a-z]")  # a name such as "pencil" or "end" is none
MARKED = ("translate", "blocktranslate")
WITHOUT_WORDS = ("extends", "load", "url", "icon", "static")

SAYERS = {"Refused", "Duplicate", "LastAdmin", "Stale", "ValidationError", "unique", "HttpResponseForbidden"}
MESSAGES = {"success", "info", "warning", "error", "add_error"}
NAMED = {"label", "help_text", "verbose_name", "verbose_name_plural", "empty_label", "message", "many", "title"}


def unmarked_in_template(text: str) -> list[str]:
    """Words of a template that stand outside of `translate` and `blocktranslate`, in text, attributes and tags."""
    shown, until = "", ""
    said: list[str] = []
    for token in Lexer(text).tokenize():
        if until:
            until = "" if token.token_type == TokenType.BLOCK and token.contents.strip() == until else until
        elif token.token_type == TokenType.TEXT:
            shown += token.contents
        elif token.token_type in {TokenType.BLOCK, TokenType.VAR}:
            said += _quoted(token)
            word, name, *_ = [*token.contents.split(), ""] if token.token_type == TokenType.BLOCK else ("", "")
            is_silent = word in {"comment", "blocktranslate"} or (word == "block" and name.endswith("_class"))
            until = f"end{word}" if is_silent else ""
    reader = _Reader()
    reader.feed(shown)
    reader.close()
    return [*(words for words in reader.found if LETTERS.search(words)), *said]


def _quoted(token: Token) -> Iterator[str]:
    """Sentences between quotes in a tag: `with title="No leads"`, `|default:"None yet"`."""
    word = token.contents.split()[0]
    if token.token_type == TokenType.BLOCK and word in (*MARKED, *WITHOUT_WORDS):
        return
    for before, quoted in re.findall(r"""(\S*?)["']([^"']*)["']""", token.contents):
        if SENTENCE.search(quoted) and not before.endswith(("_(", "date:", "time:")):
            yield quoted


class _Reader(HTMLParser):
    """The words that a person sees or hears."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in {"script", "style", "code"}
        self.found += [value for name, value in attrs if value and name in READ_ALOUD]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in {"script", "style", "code"}

    def handle_data(self, data: str) -> None:
        if not self.silent and data.strip():
            self.found.append(data.strip())


def numbers_in_attributes(text: str) -> list[str]:
    """Attributes for programs that hold a number as its reader would write it: to a browser "1.234" is no 1234."""
    measures = (
        r"[xyr]|[xy][12]|[cr][xy]|d|points|viewBox|transform|width|height|min|max|step|low|high|aria-value\w+"
    )
    found = re.findall(rf"""\s(?:{measures})=("[^"]*")""", text)
    found += re.findall(r"""<(?:progress|meter|input[^>]*?name="version")[^>]*?\svalue=("[^"]*")""", text)
    plain = re.compile(r"\{\{[^}]*\|(?:stringformat|unlocalize)[^}]*\}\}")
    return [value for value in found if "{{" in plain.sub("", value)]


def unmarked_in_code(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of what code says to people without gettext."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _unmarked_arguments(node)
        elif isinstance(node, ast.ClassDef) and any("Choices" in ast.unparse(base) for base in node.bases):
            yield from _unmarked_choices(node)


def _unmarked_arguments(call: ast.Call) -> Iterator[tuple[int, str]]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    said = [k.value for k in call.keywords if k.arg in NAMED]
    if name in SAYERS:
        said += call.args[:1]
    if name in MESSAGES and len(call.args) > 1:
        said.append(call.args[1])
    for value in said:
        if words := _literal(value):
            yield value.lineno, words


def _unmarked_choices(choices: ast.ClassDef) -> Iterator[tuple[int, str]]:
    for line in choices.body:
        if isinstance(line, ast.Assign):
            label = line.value.elts[-1] if isinstance(line.value, ast.Tuple) else line.value
            if words := _literal(label):
                yield line.lineno, words


def _literal(value: ast.expr) -> str:
    """Its words, where it is text as it stands there."""
    if isinstance(value, ast.JoinedStr):
        parts = [part.value for part in value.values if isinstance(part, ast.Constant)]
        return _literal(ast.Constant("".join(str(part) for part in parts)))
    text = value.value if isinstance(value, ast.Constant) else ""
    return text if isinstance(text, str) and LETTERS.search(text) else ""


def read(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


# --- Pages and mails as they are sent ------------------------------------------------------------------------


@cache
def english(language: str) -> tuple[dict[str, str], list[re.Pattern[str]]]:
    """The texts that read otherwise in this language: whole ones, and patterns of those with something in them."""
    catalogue = words.read(language, words.catalogues()[language])
    whole, patterns = {}, []
    alike = {text for message in catalogue for text in words.forms(message.string)}
    for message in catalogue:
        said = words.forms(message.string)
        for text in words.forms(message.id):
            if not text or text in alike:
                continue
            parts = re.split(r"%\(\w+\)[sd]|\{\w+\}", text)
            if len(parts) == 1:
                whole[text] = said[0]
            elif re.search(r"[a-z]{3}", "".join(parts)):
                patterns.append(re.compile(".+?".join(re.escape(part) for part in parts)))
    return whole, patterns


def left_in_english(texts: Page | Iterable[str], language: str) -> Iterator[str]:
    """What of a page, or of lines, is said in English and reads otherwise in this language."""
    whole, patterns = english(language)
    for text in texts_of(texts) if isinstance(texts, Page) else texts:
        if text in whole or any(pattern.fullmatch(text) for pattern in patterns):
            yield text


def texts_of(page: Page) -> Iterator[str]:
    for element in page.root.walk():
        spoken = [element.attributes[name] for name in READ_ALOUD if name in element.attributes]
        shown = [child for child in element.children if isinstance(child, str)]
        for text in [*spoken, *shown]:
            if " ".join(text.split()):
                yield " ".join(text.split()).rstrip(":,")
