"""The job file: what a linguist asks for. Each class is a section, each line documents a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from mt.align.embedding import E5_SMALL
from mt.config import Section, expand, load
from mt.errors import CorpusError, ScoreError, suggest
from mt.languages import LANGUAGES
from mt.metric import MetricName, parse_metric
from mt.text.formats.address import find_address
from mt.text.furniture import LeftOut
from mt.text.reader import Split

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


def _known_language(code: str) -> str:
    if code not in LANGUAGES:
        raise ValueError(f"unknown language '{code}'{suggest(code, LANGUAGES)}")
    return code


def _existing_file(path: Path, info: ValidationInfo) -> Path:
    folder: Path = info.context["folder"] if info.context else Path()
    resolved = folder / expand(path)
    if not resolved.exists():
        raise ValueError(f"no such file: {resolved}")
    if not resolved.is_file():
        raise ValueError(f"not a file: {resolved}")
    return resolved


def _existing_document(path: Path, info: ValidationInfo) -> Path:
    """A file, or a dataset, whose folder must exist; the Hub is not asked here."""
    folder: Path = info.context["folder"] if info.context else Path()
    placed = folder / expand(path)
    try:
        if (address := find_address(path)) and address.remote:
            return path
        return placed if find_address(placed) else _existing_file(path, info)
    except CorpusError as error:
        raise ValueError(str(error)) from None


def _place_model(name: str, info: ValidationInfo) -> str:
    """A model that is a folder beside the file is named by its whole path from here on."""
    if not name.strip():
        raise ValueError("an empty name; expected 'builtin', a folder, or a Hub id")
    folder: Path = info.context["folder"] if info.context else Path()
    path = folder / expand(Path(name))
    return str(path) if name != "builtin" and path.is_dir() else name


def _known_metric(name: str, info: ValidationInfo) -> str:
    """The name as scores have it; a COMET model beside the file is named by its whole path."""
    try:
        metric = parse_metric(name)
    except ScoreError as error:
        raise ValueError(str(error)) from None
    if metric.base == "comet":
        metric = MetricName("comet", (_place_model(metric.options[0], info),))
    return str(metric)


LanguageCode = Annotated[str, AfterValidator(_known_language)]
InputFile = Annotated[Path, AfterValidator(_existing_file)]
InputDocument = Annotated[Path, AfterValidator(_existing_document)]
ModelName = Annotated[str, AfterValidator(_place_model)]
Metric = Annotated[str, AfterValidator(_known_metric)]
Name = Annotated[str, Field(pattern=_NAME)]


class SourceSection(Section):
    language: LanguageCode  # ISO 639-1
    path: InputDocument  # of any format of mt/text/formats
    split: Split = "sentence"  # what a segment is: a sentence, or a line of the file


class System(Section):
    """One way to a translation: models to run, or somebody's output to score."""

    name: Name  # names its files and its row in the report
    target: LanguageCode
    models: tuple[ModelName, ...] = ()  # builtin, a folder, or a Hub id with optional @revision
    via: tuple[LanguageCode, ...] = ()  # languages between the models of a route
    hypothesis: InputDocument | None = None  # in place of models: somebody's output
    split: Split = "line"  # of it: a line per source segment, or a document's own sentences

    @model_validator(mode="after")
    def _check_route(self) -> System:
        if bool(self.models) == bool(self.hypothesis):
            raise ValueError("a system has either 'models' or a 'hypothesis'")
        if self.models and self.split != "line":
            raise ValueError("'split' goes with a 'hypothesis', not with 'models'")
        if self.hypothesis and self.via:
            raise ValueError("'via' goes with 'models', not with a 'hypothesis'")
        if self.models and len(self.via) != len(self.models) - 1:
            raise ValueError(
                f"{len(self.models)} models need {len(self.models) - 1} languages in 'via', "
                f"not {len(self.via)}"
            )
        return self

    @property
    def targets(self) -> tuple[str, ...]:
        """The target language of each model."""
        return (*self.via, self.target)


def _distinct_names(systems: tuple[System, ...]) -> tuple[System, ...]:
    names = [system.name for system in systems]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"two systems are named '{min(repeated)}'")
    return systems


Systems = Annotated[tuple[System, ...], Field(min_length=1), AfterValidator(_distinct_names)]


class TranslateSection(Section):
    engine: Literal["ctranslate2", "transformers"] = "ctranslate2"
    beam_size: int = Field(5, ge=1, le=64)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    compute_type: Literal["auto", "int8", "float16", "float32"] = "auto"  # of the weights
    batch_tokens: int | None = Field(None, ge=16)  # padded source tokens translated at a time
    deterministic: bool = False  # the same bytes whatever is translated beside a segment
    repair: bool = True  # try other ways where a translation loops, is empty, or lost a number
    fallback: ModelName | None = None  # a second model, asked where all attempts are at fault
    glossary: InputFile | None = None  # terms to be preferred, tab-separated or TBX
    memory: bool = True  # take what was translated before, by the same model in the same way
    translation_memory: tuple[InputFile, ...] = ()  # TMX or TSV: its exact matches go before models


class AlignSection(Section):
    similarity: Literal["auto", "e5", "ngram", "length"] = "auto"
    model: ModelName = E5_SMALL  # or one of sentence-transformers: a folder, or a Hub id
    anchors: dict[str, InputFile] = {}  # by reference, "en.1": beads and borders that must stand
    parallel: bool = False  # a test set: line n of source and references say the same

    @model_validator(mode="after")
    def _check_use(self) -> AlignSection:
        if self.model != E5_SMALL and self.similarity != "auto":
            raise ValueError(f"'model' goes with similarity 'auto', not with '{self.similarity}'")
        if self.parallel and self.anchors:
            raise ValueError("'parallel' sets line against line and has no use for 'anchors'")
        return self


class ScoreSection(Section):
    metrics: tuple[Metric, ...] = ("bleu", "chrf2++", "ter")  # names and options of mt/metric.py
    bootstrap: int = Field(1000, ge=0, le=100_000)  # resamples; 0 for no intervals
    test: Literal["bootstrap", "randomization"] = "bootstrap"  # between systems
    trials: int = Field(10_000, ge=0, le=100_000)  # of the randomization test
    seed: int = Field(12345, ge=1, lt=2**32)
    glossary: InputFile | None = None  # terms that must arrive, tab-separated
    leave_out: tuple[LeftOut, ...] = ("furniture",)  # kinds of segment, by mt/text/furniture.py

    @field_validator("metrics")
    @classmethod
    def _check_metrics(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not names or len(set(names)) < len(names):
            raise ValueError("name at least one metric, each once")
        return names


Format = Literal["html", "markdown", "json", "csv", "xlsx", "latex"]


class ReportSection(Section):
    formats: tuple[Format, ...] = ("html", "markdown", "json")  # json is written always


class Job(Section):
    """A whole job. Paths are relative to the job file."""

    name: Name  # the run directory is runs/<name>
    encoding: str | None = None  # of files that are not UTF-8 and do not say what they are
    source: SourceSection
    references: dict[LanguageCode, tuple[InputDocument, ...]] = {}  # any number per language
    systems: Systems
    translate: TranslateSection = TranslateSection()
    align: AlignSection = AlignSection()
    score: ScoreSection = ScoreSection()
    report: ReportSection = ReportSection()

    @field_validator("align")
    @classmethod
    def _check_anchors(cls, section: AlignSection, info: ValidationInfo) -> AlignSection:
        if "references" in info.data:  # else they are wrong themselves
            known = _name_references(info.data["references"])
            for name in section.anchors.keys() - known.keys():
                raise ValueError(f"anchors: no reference '{name}'{suggest(name, known)}")
        return section

    @model_validator(mode="after")
    def _check_split(self) -> Job:
        if self.align.parallel and self.source.split != "line":
            raise ValueError("align.parallel: lines stand opposite lines: set source.split to line")
        return self

    def named_references(self) -> dict[str, tuple[str, Path]]:
        """References by the name their files have: ``{"en.1": ("en", path), ...}``."""
        return _name_references(self.references)


def _name_references(
    references: Mapping[str, Sequence[Path]],
) -> dict[str, tuple[str, Path]]:
    return {
        f"{language}.{number}": (language, path)
        for language, paths in references.items()
        for number, path in enumerate(paths, 1)
    }


def load_job(path: Path | str, overrides: Sequence[str] = ()) -> Job:
    """Read a job file; ``overrides`` are strings such as ``score.bootstrap=200``.

    Raises:
        JobError: with every problem, one line each, ``file:line: key: what is wrong``.
    """
    return load(Path(path), Job, overrides)
