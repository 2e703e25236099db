"""Named tuples that are quick to define: a search in a cold process defines two dozen, and `typing`'s take 0.1 ms each.

A class is written as with `typing.NamedTuple`, which it is to a type checker, and behaves so; but it can have no heirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:
    from collections import _tuplegetter

    class _Kind(type):
        """Makes a class of its annotations: a field's number is its place among them."""

        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            made = super().__new__(cls, name, bases, {"__slots__": (), **body})
            fields = made._fields = made.__match_args__ = tuple(made.__annotations__) if bases != (tuple,) else ()
            made._field_defaults = {field: body[field] for field in fields if field in body}
            for number, field in enumerate(fields):
                setattr(made, field, _tuplegetter(number, ""))
            return made

    class NamedTuple(tuple, metaclass=_Kind):
        """A tuple whose fields have names. See above."""

        def __new__(cls, *values: Any, **named: Any) -> NamedTuple:
            lacking = cls._fields[len(values) :]
            if len(values) > len(cls._fields) or not named.keys() <= {*lacking}:
                raise TypeError(f"{cls.__name__} takes {', '.join(cls._fields)}, each once")
            if lacking:
                known = cls._field_defaults | named
                if missing := [field for field in lacking if field not in known]:
                    raise TypeError(f"{cls.__name__} needs {', '.join(missing)}")
                values += tuple([known[field] for field in lacking])
            return tuple.__new__(cls, values)

        def _replace(self, **named: Any) -> NamedTuple:
            return type(self)(**self._asdict() | named)

        def _asdict(self) -> dict[str, Any]:
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self) -> str:
            return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"

        def __getnewargs__(self) -> tuple[Any, ...]:
            return tuple(self)
