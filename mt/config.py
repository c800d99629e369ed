"""YAML 1.2 files read into pydantic models, with every problem at once and its line.

``JobError`` lines look like
``configs/x.yaml:7: systems[0].modles: unknown key; did you mean 'models'?``
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase, CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from mt.errors import JobError, suggest

# What ruamel.yaml raises for values that cannot be, such as the date 2026-99-99 or odd tags.
_ODD = (ValueError, AttributeError, AssertionError, NotImplementedError)
MAX_NODES = 100_000  # values, where what is referred to by *name counts each time
MAX_BYTES = 1_000_000  # a job file is a page of text; anything larger is a mistake or an attack


class Section(BaseModel):
    """Base of every section of a job or training file: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


S = TypeVar("S", bound=Section)


def expand(path: Path) -> Path:
    """``~`` as the user's home; raises ``ValueError`` for a user or a name that cannot be."""
    try:
        found = path.expanduser()
        found.exists()  # which fails for one that is too long
    except RuntimeError as error:
        raise ValueError(str(error)) from None
    except OSError as error:
        raise ValueError(f"{str(path)[:60]}: {error.strerror}") from None
    return found


def _resolve(path: Path, info: ValidationInfo) -> Path:
    return Path(info.context["folder"], expand(path)) if info.context else path


FilePath = Annotated[Path, AfterValidator(_resolve)]  # relative to the file that names it


def has_key(path: Path, key: str) -> bool:
    """Whether the file has ``key`` at its top; raises ``JobError`` when it cannot be read."""
    return key in _read(path)


def load(path: Path, model: type[S], overrides: Sequence[str] = ()) -> S:
    """Read ``path`` as ``model``; ``overrides`` are ``key.path=value`` strings, values in YAML.

    Paths inside the file are the model's business: it finds the file's folder in the validation
    context as ``info.context["folder"]``.

    Raises:
        JobError: the file is missing, unreadable, not YAML, or does not fit; one line a problem.
    """
    tree = _read(path)
    overridden = {_override(path, tree, text) for text in overrides}
    try:
        return model.model_validate(_plain(tree), context={"folder": path.parent})
    except ValidationError as error:
        details = [detail for detail in error.errors() if not _echoes(detail, error.errors())]
        raise JobError(
            [_describe(path, tree, model, detail, overridden) for detail in details]
        ) from None


def place_data(node: Any, data: str) -> Any:
    """``node`` with ``data`` in place of "{data}", so that ``--set data=DIR`` moves all paths."""
    if isinstance(node, str):
        return node.replace("{data}", data)
    if isinstance(node, Mapping):
        return {key: place_data(value, data) for key, value in node.items()}
    return [place_data(value, data) for value in node] if isinstance(node, list) else node


def _read(path: Path) -> CommentedMap:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise JobError([f"{path}: no such file"]) from None
    except OSError as error:
        raise JobError([f"{path}: cannot be read: {error.strerror}"]) from None
    if len(data) > MAX_BYTES:
        raise JobError([f"{path}: {len(data)} bytes; a job file has at most {MAX_BYTES}"])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise JobError([f"{path}:{line}: not UTF-8 (byte 0x{data[error.start]:02x})"]) from None
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise JobError([f"{where}: not valid YAML: {error.problem or error.context}"]) from None
    except (YAMLError, RecursionError, *_ODD) as error:
        reason = str(error).splitlines()[0] if str(error) else "nested too deeply"
        raise JobError([f"{path}: not valid YAML: {reason}"]) from None
    if not isinstance(tree, CommentedMap):
        raise JobError([f"{path}: expected keys and values at the top, such as 'name: my-job'"])
    if _count(tree, {}) > MAX_NODES:
        raise JobError([f"{path}: more than {MAX_NODES} values when every *name is written out"])
    return tree


def _count(node: Any, known: dict[int, float]) -> float:
    """How many values a node has, those of its references too; no end where it is in itself."""
    if not isinstance(node, (CommentedMap, CommentedSeq)):
        return 1
    if id(node) not in known:
        known[id(node)] = math.inf
        inside = node.values() if isinstance(node, CommentedMap) else node
        known[id(node)] = 1 + sum(_count(each, known) for each in inside)
    return known[id(node)]


def _override(path: Path, tree: CommentedMap, text: str) -> tuple[str | int, ...]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise JobError([f"--set {text}: expected KEY=VALUE, such as score.bootstrap=200"])
    parts: list[str | int] = [int(p) if p.isascii() and p.isdigit() else p for p in key.split(".")]
    node: Any = tree
    try:
        for part in parts[:-1]:
            if isinstance(node, CommentedMap) and part not in node:
                node[part] = CommentedMap()
            node = node[part]
        node[parts[-1]] = YAML(typ="rt").load(value)
    except (KeyError, IndexError, TypeError):
        raise JobError([f"--set {text}: {path} has no place '{key}'"]) from None
    except (YAMLError, *_ODD):
        raise JobError([f"--set {text}: '{value}' is not valid YAML"]) from None
    return tuple(parts)


def _plain(node: Any) -> Any:
    """Strip ruamel's comment-carrying types, so that pydantic sees built-in ones."""
    if isinstance(node, Mapping):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _echoes(detail: ErrorDetails, others: Sequence[ErrorDetails]) -> bool:
    """Pydantic calls a list too short when its items are wrong: that is said already."""
    place = detail["loc"]
    return detail["type"] == "too_short" and any(
        len(other["loc"]) > len(place) and other["loc"][: len(place)] == place for other in others
    )


def _describe(
    path: Path,
    tree: CommentedMap,
    model: type[Section],
    detail: ErrorDetails,
    overridden: set[tuple[str | int, ...]],
) -> str:
    loc, line, section = _locate(tree, model, detail["loc"])
    where = f"{path}:{line}" if line else str(path)
    if any(loc[: len(key)] == key for key in overridden):
        where = "--set"
    return f"{where}: {_spell(loc)}{_reason(detail, section)}"


def _locate(
    tree: CommentedMap, model: type[Section], raw: tuple[str | int, ...]
) -> tuple[tuple[str | int, ...], int, type[BaseModel] | None]:
    """Follow pydantic's location through the YAML tree: (keys that exist there, line, section)."""
    node: Any = tree
    line = 0
    kept: list[str | int] = []
    section: type[BaseModel] | None = model
    for index, part in enumerate(raw):
        if not isinstance(node, (CommentedMap, CommentedSeq)):
            break  # below this pydantic names types ("list[str]"), not keys
        last = index == len(raw) - 1
        if part == "[key]":
            break  # pydantic's way to say that the key itself is wrong
        present = part in node if isinstance(node, CommentedMap) else _in_range(part, node)
        if not present and not last:
            continue  # a union's branch name
        kept.append(part)
        if not present:
            break
        line = _line(node, part) or line
        if not last:
            section = _section_at(section, part)
        node = node[part]
    return tuple(kept), line, section


def _in_range(part: str | int, node: CommentedSeq) -> bool:
    return isinstance(part, int) and part < len(node)


def _line(node: CommentedBase, part: str | int) -> int:
    data = node.lc.data
    return int(data[part][0]) + 1 if data and part in data else 0


def _section_at(section: type[BaseModel] | None, part: str | int) -> type[BaseModel] | None:
    if isinstance(part, int) or section is None:
        return section
    field = section.model_fields.get(part)
    return _first_model(field.annotation) if field else section


def _first_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (list, tuple, dict, Union, UnionType, Annotated):
        for inner in get_args(annotation):
            if found := _first_model(inner):
                return found
    return None


def _spell(loc: tuple[str | int, ...]) -> str:
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return f"{text}: " if text else ""


def _reason(detail: ErrorDetails, section: type[BaseModel] | None) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    given = repr(detail["input"])
    if kind == "extra_forbidden":
        return "unknown key" + suggest(
            str(detail["loc"][-1]), section.model_fields if section else ()
        )
    if kind == "missing":
        return "required, and not there"
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        choices = [
            word.strip("'") for word in context["expected"].replace(" or ", ", ").split(", ")
        ]
        return f"{given} is not known" + suggest(str(detail["input"]), choices)
    short = given if len(given) <= 60 else given[:57] + "..."
    if kind == "tuple_type":
        return f"expected a list, got {short}"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"expected keys and values, got {short}"
    return f"{detail['msg'][0].lower()}{detail['msg'][1:]}, got {short}"
