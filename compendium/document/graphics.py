"""A figure inside a page: the same drawing in fewer signs, its letters shared by all figures of the page.

matplotlib writes every letter as a path and names parts that nothing refers to. Here names that nothing refers to are
dropped, groups that say nothing are opened, and the paths of the letters are kept apart, once for a whole page.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

_SVG, _XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
_LETTER = re.compile(r"^(DejaVu|STIX|Cm)[\w-]*-[0-9a-f]+$")
_MOVED = re.compile(r"translate\((\S+) (\S+)\)")
_DROPPED = ("metadata", "style", "title", "desc")


def _tag(element: ET.Element) -> str:
    return element.tag.removeprefix(_SVG)


class Drawing:
    """One SVG file to be put into a page.

    `name` begins every identifier of its own; ``letters`` are the paths of the letters by identifier, ``lines`` the
    drawing in pieces, which variants of one figure have in common; ``width`` and ``height`` in points.
    """

    def __init__(self, svg: str, name: str) -> None:
        root = ET.fromstring(svg)
        self.name, self.letters = name, {}
        self.width, self.height = (float(part) for part in root.get("viewBox", "").split()[2:])
        self._referred = set(re.findall(r'(?:url\(|href=")#([^)"]+)', svg))
        self.lines = list(self._written(root))[1:-1]

    def _attributes(self, element: ET.Element) -> str:
        found = []
        for name, value in element.attrib.items():
            name = "href" if name == _XLINK else name
            if name == "id" and (value not in self._referred or value == "figure_1"):
                continue
            if name == "style":
                value = re.sub(r"\s*([:;])\s*", r"\1", value).strip("; ")
            elif name in ("d", "points"):
                value = re.sub(r"\s*([A-Za-z])\s*", r"\1", " ".join(value.split()))
            if name == "id":
                value = self._own(value)
            elif name == "href" and value.startswith("#"):
                value = "#" + self._own(value[1:])
            else:
                value = re.sub(r"url\(#([^)]+)\)", lambda m: f"url(#{self._own(m[1])})", value)
            if _tag(element) == "use" and name == "transform" and (moved := _MOVED.fullmatch(value)):
                found.append(f' x="{moved[1]}"' + f' y="{moved[2]}"' * (moved[2] != "0"))
                continue
            value = value.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
            found.append(f' {name}="{value}"')
        return "".join(found)

    def _own(self, name: str) -> str:
        return name.replace("DejaVuSans", "v") if _LETTER.match(name) else f"{self.name}-{name}"

    def _written(self, element: ET.Element) -> Iterator[str]:
        tag = _tag(element)
        if tag in _DROPPED:
            return
        if tag == "path" and _LETTER.match(element.get("id", "")):
            self.letters[self._own(element.get("id"))] = f"<path{self._attributes(element)}/>"
            return
        attributes = self._attributes(element)
        inner = [line for child in element for line in self._written(child)]
        if tag in ("g", "defs") and (not inner or (not attributes and tag == "g")):
            yield from inner
        elif tag == "g" and all(line.startswith("<use") for line in inner):
            yield from (f"<g{attributes}>", "".join(inner), "</g>")  # a text, which may stand in several places
        elif inner:
            yield f"<{tag}{attributes}>"
            yield from inner
            yield f"</{tag}>"
        else:
            yield f"<{tag}{attributes}/>"
