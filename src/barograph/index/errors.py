"""What the index refuses, told apart by what a client must answer."""

from barograph.config.errors import BadRequest, Conflict, NotFound


class NoSuchIndex(NotFound):
    """No index or alias of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no such index [{name}]")
        self.name = name


class NoSuchContext(NotFound):
    """A scroll or a point in time that was given back, has run out, or never was."""


class IndexExists(BadRequest):
    """The name is taken, by an index or by an alias."""


class IndexClosed(Conflict):
    """The index is closed: it can be opened or deleted, and nothing else."""

    def __init__(self, name: str) -> None:
        super().__init__(f"index [{name}] blocked by: [FORBIDDEN/4/index closed]")
        self.name = name


class BadMapping(BadRequest):
    """A mapping that cannot be, or that contradicts the one that is there."""


class BadDocument(BadRequest):
    """A document that does not fit the mapping of its index."""


class BadName(BadRequest):
    """A name that no index can have."""


class NoSuchDocument(NotFound):
    """A document that is to be changed is not there."""


class BadQuery(BadRequest):
    """A query, a sort or an aggregation that cannot be answered."""


class VersionConflict(Conflict):
    """A document of this id is there already, or is not what the writer believes it to be."""
