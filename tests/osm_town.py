"""Small OpenStreetMap files made by hand: a grid of 0.001 degrees at 9.5°E 47.1°N (about 76 m by 111 m)."""

from xml.sax.saxutils import quoteattr

STEP = 0.001
WEST, SOUTH = 9.5, 47.1


class Town:
    """Nodes, ways and relations, numbered as they come."""

    def __init__(self):
        self.nodes, self.ways, self.relations = [], [], []

    def node(self, x, y, **tags):
        lon, lat = WEST + x * STEP, SOUTH + y * STEP
        self.nodes.append(f'<node id="{len(self.nodes) + 1}" lon="{lon:.7f}" lat="{lat:.7f}">{_tags(tags)}</node>')
        return f"n{len(self.nodes)}"

    def way(self, nodes, **tags):
        refs = "".join(f'<nd ref="{node[1:]}"/>' for node in nodes)
        self.ways.append(f'<way id="{len(self.ways) + 1}">{refs}{_tags(tags)}</way>')
        return f"w{len(self.ways)}"

    def box(self, x, y, x2, y2, **tags):
        corners = [self.node(*corner) for corner in ((x, y), (x2, y), (x2, y2), (x, y2))]
        return self.way([*corners, corners[0]], **tags)

    def relation(self, members, **tags):
        kinds = {"n": "node", "w": "way", "r": "relation"}
        inside = "".join(
            f'<member type="{kinds[member[0]]}" ref="{member[1:]}" role="{role}"/>' for member, role in members
        )
        self.relations.append(f'<relation id="{len(self.relations) + 1}">{inside}{_tags(tags)}</relation>')
        return f"r{len(self.relations)}"

    def district(self, x, y, x2, y2, *, level="8", **tags):
        ring = self.box(x, y, x2, y2)
        return self.relation([(ring, "outer")], type="boundary", boundary="administrative", admin_level=level, **tags)

    def write(self, path):
        content = "\n".join([*self.nodes, *self.ways, *self.relations])
        path.write_text(f'<?xml version="1.0"?>\n<osm version="0.6">\n{content}\n</osm>\n', encoding="utf-8")
        return path


def _tags(tags):
    names = {key.replace("__", ":"): value for key, value in tags.items()}
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(str(value))}/>" for key, value in names.items())


def two_villages():
    """Two districts of 10 by 10 steps side by side, with a population, four houses, three schools."""
    town = Town()
    town.district(0, 0, 10, 10, name="Westdorf")
    town.district(10, 0, 20, 10, name="Ostdorf")
    town.node(5, 5, place="village", name="Westdorf", population="300")
    town.node(15, 5, place="village", name="Ostdorf", population="90")
    for x in (1, 3, 11):
        town.box(x, 1, x + 0.2, 1.1, building="house")
    town.box(5, 1, 5.2, 1.1, building="apartments", building__levels="4")
    town.node(2, 2, amenity="school", name="Grundschule West")
    town.node(3, 3, amenity="kindergarten", name="Kindergarten West")
    town.node(12, 2, amenity="school", name="Haus am See")
    town.way([town.node(0, 1.5), town.node(20, 1.5)], highway="residential")
    return town
