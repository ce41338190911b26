"""The one error of every codec: a slug that names the rule, and where it was broken."""


class WireError(Exception):
    """Something a codec of this package would not have written.

    slug: the broken rule, stable; it is also the vector's ``expect:`` line.
    where: an offset (int) or a field path (str). Never a value: the value may be card data.
    """

    def __init__(self, slug, where):
        super().__init__(slug, where)
        self.slug = slug
        self.where = where

    def __str__(self):
        return f"{self.slug} at {self.where}"
