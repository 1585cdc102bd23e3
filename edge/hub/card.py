"""The model card of a repository: README.md, with the hub's metadata before its text."""

from __future__ import annotations

import re
from typing import Any

from huggingface_hub import ModelCard, ModelCardData

from edge.bundle.manifest import Manifest, parts_in_order
from edge.errors import HubError
from edge.files import reason_of

LICENCES = {"apache-2.0", "mit", "bsd-3-clause", "bsd-2-clause", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0"}
"""Those that the hub has a name for, of which a bundle's may be; any other is ``other`` with its name."""
TAGS = ["old-photo-restoration", "int8", "heirloom"]
_LINK = re.compile(r"!?\[([^\]]*)\]\((?!https?:|mailto:|#)[^)]*\)")


def model_card(manifest: Manifest, repo: str, text: str | None = None) -> str:
    """README.md for a bundle.

    Args:
        manifest: The bundle's.
        repo: The repository, as ``OWNER/NAME``.
        text: Markdown of one's own, whose metadata prevail; by default one is made of the manifest.

    Raises:
        HubError: The metadata of ``text`` is no YAML.
    """
    try:
        card = ModelCard(text or _written(manifest))
        data: Any = card.data
        given = data.to_dict()
    except Exception as error:  # whatever the library that reads YAML raises
        raise HubError(f"The model card's header is no YAML ({reason_of(error)}): correct it.") from error
    card.data = ModelCardData(**(_metadata(manifest) | given))
    # What lies beside the text does not lie in the repository.
    body = _LINK.sub(r"\1", card.text)
    card.text = f"{body.rstrip()}\n\n{_use(repo)}"
    return str(card)


def _metadata(manifest: Manifest) -> dict[str, object]:
    name = manifest.provenance.licence
    known = name.strip().lower().replace(" ", "-")
    licence = {"license": known} if known in LICENCES else {"license": "other", "license_name": name}
    return {**licence, "library_name": "heirloom", "pipeline_tag": "image-to-image", "tags": TAGS}


def _written(manifest: Manifest) -> str:
    """A card of what the manifest says."""
    provenance = manifest.provenance
    parts = "\n".join(f"| {name} | {part.parameters:,} |" for name, part in parts_in_order(manifest))
    figures = "\n".join(f"| {name} | {value:g} |" for name, value in manifest.figures.items())
    return f"""# {manifest.name} {manifest.version}

Networks that restore old photographs, as a bundle for Heirloom. The text is made of the bundle's manifest.

| network | weights |
|---|---|
{parts}

**Data.** {provenance.data}

**Recipe.** {provenance.recipe}

**Licence.** {provenance.licence}
""" + (f"\n| figure | |\n|---|---|\n{figures}\n" if figures else "")


def _use(repo: str) -> str:
    return f"""## Use

```
heirloom pull {repo} -o bundle
heirloom restore PHOTO --bundle bundle
```
"""
