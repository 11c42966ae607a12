"""Finds the properties of Blender's types that are paths, or lead to paths, from Blender's own description of its types."""

from __future__ import annotations

import re
from typing import Any, Dict, Iterator, List, Set, Tuple

import bpy

_PATHS = ("FILE_PATH", "FILE_NAME", "DIR_PATH")

_NO_HOLDERS = frozenset(
    (
        "Library",  # already open, and not opened again; a missing one is reported
        "LibraryWeakReference",
        "ImagePackedFile",
        "Brush",
        # Blender writes these, where the slot says.
        "BakeSettings",
        "CollectionExport",
        "CompositorNodeOutputFile",
        "RenderSettings",
        # Parts of a path, and duplicates.
        "PointCache",
        "SequenceElement",
        "StripElement",
    )
)
_NOT_FOLLOWED = frozenset(("ViewLayer", "NodeLink"))
"""They lead to data that is also reached in another way."""

_TOOL = re.compile("_[A-Z]T_|_UL_")
"""In the names of operators, menus and so on, of which there are thousands."""

Named = List[Tuple[str, bool]]


class PathTypes:
    """Does not follow references between data-blocks: each data-block is searched separately."""

    def __init__(self) -> None:
        self._paths = {}  # type: Dict[str, Named]
        self._links = {}  # type: Dict[str, List[Tuple[str, bool, str]]]
        lineages = {}  # type: Dict[str, List[str]]
        for rna in _all_types():
            lineages[rna.identifier] = list(_lineage(rna))
            self._look_at(rna)
        self._parts = self._parts_with_paths(lineages)

    def paths(self, part: Any) -> Named:
        """The name of each property that is a path, and whether it is a folder's."""
        return self._paths.get(part.bl_rna.identifier, [])

    def parts(self, part: Any) -> Named:
        """The name of each property that leads to paths, and whether it is a collection."""
        return self._parts.get(part.bl_rna.identifier, [])

    def _look_at(self, rna: Any) -> None:
        paths, links = [], []
        for each in rna.properties:
            if each.type == "STRING" and each.subtype in _PATHS and not each.is_readonly:
                paths.append((each.identifier, each.subtype == "DIR_PATH"))
            elif each.type in ("POINTER", "COLLECTION"):
                links.append((each.identifier, each.type == "COLLECTION", each.fixed_type.identifier))
        if paths and rna.identifier not in _NO_HOLDERS:
            self._paths[rna.identifier] = paths
        self._links[rna.identifier] = links

    def _parts_with_paths(self, lineages: Dict[str, List[str]]) -> Dict[str, Named]:
        """A property that is declared as a modifier may be of any kind of modifier: a type's paths count for its bases too."""
        holders = {}  # type: Dict[str, List[str]]
        for holder, links in self._links.items():
            for _, _, target in links:
                holders.setdefault(target, []).append(holder)
        reaching = set()  # type: Set[str]
        waiting = list(self._paths)
        while waiting:
            kind = waiting.pop()
            lineage = lineages.get(kind, [kind])
            if "ID" in lineage or kind in _NOT_FOLLOWED:
                continue
            for base in lineage:
                if base not in reaching:
                    reaching.add(base)
                    waiting.extend(holders.get(base, []))
        return {
            holder: [(name, is_collection) for name, is_collection, target in links if target in reaching]
            for holder, links in self._links.items()
        }


def _all_types() -> Iterator[Any]:
    for name in dir(bpy.types):
        rna = None if _TOOL.search(name) else getattr(getattr(bpy.types, name), "bl_rna", None)
        if rna is not None:
            yield rna


def _lineage(rna: Any) -> Iterator[str]:
    while rna is not None:
        yield rna.identifier
        rna = rna.base
