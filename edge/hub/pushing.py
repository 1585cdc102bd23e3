"""A bundle, its weights and its model card to a repository, in one commit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete

from edge.bundle.bundle import MANIFEST_NAME, open_bundle
from edge.bundle.signatures import signature_path
from edge.errors import HubError
from edge.hub.card import model_card
from edge.hub.client import BUNDLE, CARD, WEIGHTS, client, require_token, sentences
from edge.hub.weights import weight_files
from edge.runtimes.trial import self_test_apart


def push(
    repo: str,
    folder: Path | None,
    weights: Path | None = None,
    card: str | None = None,
    private: bool = False,
    tell: Callable[[str], None] = lambda text: None,
) -> str:
    """Verify a bundle and commit it to a repository, created if need be; returns the commit's page.

    ``bundle/`` and ``weights/`` then hold what was pushed and nothing else.

    Args:
        repo: ``OWNER/NAME``; a name alone is the user's own.
        folder: The bundle; None: the one that ships.
        weights: What it was made from: safetensors and ``ranges.json``. Nothing else is sent.
        card: Markdown of the model card; by default made of the manifest.
        private: Create the repository so that only its owner sees it.
        tell: Called with what is done now.

    Raises:
        HubError: The hub can't be reached or refuses, or the weights or the card are no such.
        BundleError: The bundle can't be used, or does not give its golden vectors.
        RuntimeUnavailable: Nothing here can run it.
        OSError: A file can't be read.
    """
    require_token()
    tell("Verifying the bundle")
    bundle = open_bundle(folder)
    self_test_apart(bundle, must_pass=True, smallest_only=True)
    names = [*bundle.manifest.files, MANIFEST_NAME]
    signature = signature_path(bundle.folder / MANIFEST_NAME)
    if signature.is_file():
        names.append(signature.name)
    sent = {f"{BUNDLE}{name}": bundle.folder / name for name in names}
    if weights is not None:
        sent |= {f"{WEIGHTS}{path.name}": path for path in weight_files(weights)}
    tell(f"Sending {len(sent)} files")
    api = client()
    with sentences(repo):
        # Before the repository is created: a card that is wrong leaves none.
        model_card(bundle.manifest, repo, card)
        found = api.create_repo(repo, private=private or None, exist_ok=True).repo_id
        readme = model_card(bundle.manifest, found, card).encode()
        there = [each.rfilename for each in api.model_info(found).siblings or ()]
        stale = [name for name in there if name.startswith((BUNDLE, WEIGHTS)) and name not in sent]
        try:
            commit = api.create_commit(
                found,
                [
                    *(CommitOperationAdd(name, path) for name, path in sent.items()),
                    CommitOperationAdd(CARD, readme),
                    *(CommitOperationDelete(name) for name in stale),
                ],
                commit_message=f"{bundle.manifest.name} {bundle.manifest.version}",
                commit_description=f"Digest of the bundle: {bundle.digest}",
            )
        except ValueError as error:
            if isinstance(error, OSError):
                raise
            raise HubError(f"The hub refuses the model card: {' '.join(str(error).split())}") from error
    return str(commit.commit_url)
