"""Named tuples that are quick to define behave as those of `typing` do."""

from __future__ import annotations

import copy
import pickle
import typing

import pytest

from convo_sync.hits import Coverage
from convo_sync.tuples import NamedTuple


class Place(NamedTuple):
    """Where."""

    first: int
    last: int = 7
    name: str = ""

    @property
    def length(self) -> int:
        """Both ends included."""
        return self.last - self.first + 1


class Typed(typing.NamedTuple):
    """The same, of `typing`."""

    first: int
    last: int = 7
    name: str = ""


@pytest.mark.parametrize("kind", [Place, Typed])
def test_it_is_made_by_place_and_by_name(kind: type[Place]) -> None:
    """Fields that are not given have their defaults; a tuple it is as well."""
    assert kind(3) == kind(first=3) == kind(3, name="") == (3, 7, "")
    assert (kind(3, 4).last, kind(3, name="a").name) == (4, "a")
    assert hash(kind(3)) == hash((3, 7, ""))
    assert [*kind(1, 2, "b")] == [1, 2, "b"]


@pytest.mark.parametrize("kind", [Place, Typed])
@pytest.mark.parametrize(("values", "named"), [((), {}), ((1, 2, "", 4), {}), ((1,), {"first": 2}), ((1,), {"no": 2})])
def test_what_does_not_fit_is_refused(
    kind: typing.Callable[..., object], values: tuple[object, ...], named: dict[str, object]
) -> None:
    """A field too many, too few, twice, or one that there is not."""
    with pytest.raises(TypeError):
        kind(*values, **named)


@pytest.mark.parametrize("kind", [Place, Typed])
def test_it_is_changed_by_a_copy_alone(kind: type[Place]) -> None:
    """No field can be set, no other added; `_replace` knows the fields."""
    place = kind(3)
    assert place._replace(last=9) == (3, 9, "")
    for name in ("first", "other"):
        with pytest.raises(AttributeError):
            setattr(place, name, 4)
    with pytest.raises((TypeError, ValueError)):
        place._replace(other=1)  # type: ignore[call-arg]


def test_it_shows_its_fields_and_has_methods() -> None:
    """As a person debugging sees it; `match` takes it apart."""
    assert repr(Place(3)) == "Place(first=3, last=7, name='')"
    assert (Place(3).length, Place(3)._asdict(), Place._fields) == (
        5, {"first": 3, "last": 7, "name": ""}, ("first", "last", "name"),
    )  # fmt: skip
    match Place(3):
        case Place(first, last):
            assert (first, last) == (3, 7)


def test_it_survives_copying_and_pickling() -> None:
    """Hits may go to another process."""
    coverage = Coverage(3, 1)
    for again in (copy.copy(coverage), copy.deepcopy(coverage), pickle.loads(pickle.dumps(coverage))):
        assert (again, type(again)) == (coverage, Coverage)
