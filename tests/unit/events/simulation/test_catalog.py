import pytest

from funnelkit.errors import DataError
from funnelkit.events.simulation import simulate
from funnelkit.events.simulation.catalog import own_catalog, read_catalog

ORIGINAL = """\
- id: 1
  name: Black Leather Backpack
  category: accessories
  style: backpack
  description: Our handcrafted leather backpack will look great
    at the office or out on the town, it's "new"
  price: 109.99
  image: '1.jpg'
  featured: true
- category: accessories
  id: 2
  image: 2.jpg
  name: "Bag: the yellow one"
  price: 19
"""


def test_the_own_catalog_has_64_products_in_8_categories():
    products = own_catalog().products
    assert [product.id for product in products] == list(range(1, 65))
    categories = [product.category for product in products]
    assert {categories.count(category) for category in set(categories)} == {8}
    assert len({product.name for product in products}) == 64
    assert all(product.price == product.cents / 100 > 0 for product in products)


def test_the_originals_catalog_is_read(tmp_path):
    file = tmp_path / "products.yaml"
    file.write_text(ORIGINAL, encoding="utf-8")
    one, two = read_catalog(file).products
    assert (one.id, one.name, one.price, one.cents) == (1, "Black Leather Backpack", 109.99, 10999)
    assert (two.name, two.category, two.image, two.price) == (
        "Bag: the yellow one",
        "accessories",
        "2.jpg",
        19.0,
    )


def test_product_ids_may_be_text_and_then_productid_is(tmp_path):
    file = tmp_path / "products.yaml"
    rows = [
        f"- {{id: e1669081-8ffc-{place:04}, name: Thing {place}, category: {category}, "
        f"image: {place}.jpg, price: {place}.99}}\n"
        for place, category in enumerate(["apparel", "beauty", "jewelry", "housewares"] * 5)
    ] + [
        f"- {{id: f{place}, name: Shoe {place}, category: {category}, image: a.jpg, price: 1.5}}\n"
        for place, category in enumerate(["accessories", "outdoors", "footwear", "electronics"] * 5)
    ]
    file.write_text("".join(rows), encoding="utf-8")
    ids = simulate(catalog=file, days=2).events["event_properties"].struct.field("productId")
    assert ids.drop_nulls()[0].startswith(("e1669081", "f"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a catalog is a list of products; found NoneType"),
        ("a: 1", "found dict"),
        ("[]", "a catalog is a list of products"),
        ("- 1", "product 1 needs id, name, category, image, price"),
        (ORIGINAL.replace("price: 19", "prize: 19"), "product 2 needs .*: 'price'"),
        (ORIGINAL.replace("price: 19", "price: cheap"), "product 2 needs .* 'cheap'"),
        (ORIGINAL.replace("price: 19", "price: .nan"), "product 2 needs .* price"),
        (ORIGINAL.replace("price: 19", "price: -1"), "product 2 needs .* price"),
        (ORIGINAL.replace("id: 2", "id: two"), "some product ids are numbers and some are text"),
        ("- [", "not a readable catalog"),
        ("!!python/object/apply:os.system ['true']", "not a readable catalog"),
    ],
)
def test_what_is_no_catalog_is_refused(tmp_path, text, message):
    file = tmp_path / "products.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message) as caught:
        read_catalog(file)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


def test_a_missing_catalog_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="not a readable catalog"):
        read_catalog(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not a readable catalog"):
        read_catalog(tmp_path / "bytes.yaml")
