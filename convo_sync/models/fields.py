"""The kinds of field that the API's objects are made of, each reading what it can. Knows no endpoint.

An optional of the wrong type reads as None; a list drops the items that do not fit, and counts them in `Dropped`.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.alias_generators import to_camel


class Dropped:
    """How many parts of one document were unusable."""

    def __init__(self) -> None:
        self.count = 0


def _none_if_invalid(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    try:
        return validate(value)
    except ValidationError:
        return None


def _keep_valid(values: Any, validate: ValidatorFunctionWrapHandler, info: ValidationInfo) -> tuple[Any, ...]:
    raw = values if isinstance(values, list) else [] if values is None else [...]
    kept: list[Any] = []
    for value in raw:
        try:
            kept.extend(validate([value]))
        except ValidationError:
            continue
    if isinstance(info.context, Dropped):
        info.context.count += len(raw) - len(kept)
    return tuple(kept)


lenient = WrapValidator(_none_if_invalid)
usable = WrapValidator(_keep_valid)

Text = Annotated[str | None, lenient]
Count = Annotated[Annotated[int, Field(ge=0, le=2**53)] | None, lenient]
Number = Annotated[Annotated[float, Field(allow_inf_nan=False)] | None, lenient]
Texts = Annotated[tuple[str, ...], usable]

_count: TypeAdapter[int | None] = TypeAdapter(Count)
_number: TypeAdapter[float | None] = TypeAdapter(Number)


class Model(BaseModel):
    """An object of the contract: its keys in camel case, what it does not name ignored."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)


_M = TypeVar("_M", bound=Model)


def read_counting(model: type[_M], content: Any) -> tuple[_M, int]:
    """Read an object, with the number of its parts that were dropped."""
    dropped = Dropped()
    return model.model_validate(content, context=dropped), dropped.count


def read_count(value: Any) -> int | None:
    """The value where it is a whole number from 0 to 2**53."""
    return _count.validate_python(value)


def read_number(value: Any) -> float | None:
    """The value where it is a finite number."""
    return _number.validate_python(value)
