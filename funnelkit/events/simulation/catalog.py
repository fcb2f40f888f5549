"""The products on sale: the store's own, or the original store's `products.yaml`."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from funnelkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FIELDS = ("id", "name", "category", "image", "price")


@dataclass(frozen=True, slots=True)
class Product:
    """One product. `price` is in the store's currency, with at most two decimals."""

    id: int | str
    name: str
    category: str
    image: str
    price: float

    @property
    def cents(self) -> int:
        """The price in hundredths."""
        return round(self.price * 100)


@dataclass(frozen=True, slots=True)
class Catalog:
    """Products in the order of their file."""

    products: tuple[Product, ...]

    def in_categories(self, words: Iterable[str]) -> tuple[int, ...]:
        """Return the positions of the products whose category is one of the words."""
        wanted = set(words)
        return tuple(
            place for place, product in enumerate(self.products) if product.category in wanted
        )


@cache
def own_catalog() -> Catalog:
    """Return the built-in catalog: 64 invented products, 8 in each of 8 categories."""
    source = resources.files("funnelkit.events.simulation") / "data" / "catalog.csv"
    rows = csv.DictReader(source.read_text(encoding="utf-8").splitlines())
    return Catalog(tuple(_product({**row, "id": int(row["id"])}) for row in rows))


def read_catalog(path: Path) -> Catalog:
    """Read a catalog in the format of the original `products.yaml`: a list of flat maps.

    Keys other than id, name, category, image and price are ignored. Ids are integers or text.

    Raises:
        DataError: the file is not such a list, or a product lacks a key.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        with path.open(encoding="utf-8") as file:
            rows = yaml.load(file, Loader=loader)  # noqa: S506 - both loaders are safe ones
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"{path}: not a readable catalog: {_one_line(error)}") from error
    if not isinstance(rows, list) or not rows:
        raise DataError(f"{path}: a catalog is a list of products; found {type(rows).__name__}")
    products = []
    for number, row in enumerate(rows, start=1):
        try:
            products.append(_product(row))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{path}: product {number} needs {', '.join(FIELDS)}; wrong or missing: {error}"
            ) from error
    if len({type(product.id) for product in products}) > 1:
        raise DataError(f"{path}: some product ids are numbers and some are text")
    return Catalog(tuple(products))


def _product(row: Mapping[str, Any]) -> Product:
    identity = row["id"] if isinstance(row["id"], int) else str(row["id"])
    name, category, image = (str(row[field]) for field in FIELDS[1:4])
    price = float(row["price"])
    if not 0 <= price < math.inf:
        raise ValueError(f"the price {price}")
    return Product(identity, name, category, image, price)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
