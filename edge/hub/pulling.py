"""A bundle from a repository: fetched beside its place, checked, and put there whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.hf_api import ModelInfo, RepoSibling

from edge.bundle.bundle import MANIFEST_NAME, MAX_MANIFEST, Bundle, decode_manifest, open_bundle
from edge.bundle.signatures import signature_path
from edge.errors import BundleError, ChecksumMismatch, HubError, OutputConflict
from edge.files import file_sha256, read_bounded
from edge.hidden import hidden_folder, replace_folder
from edge.hub.client import BUNDLE, WEIGHTS, client, sentences
from edge.hub.weights import NAME, check_safetensors

AT_ONCE = 8
"""Files that are fetched at the same time."""


def pull(
    repo: str,
    target: Path,
    revision: str | None = None,
    weights: Path | None = None,
    require_signature: str | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> tuple[Bundle, str]:
    """Fetch a bundle, and its weights if a folder is given for them; returns it and the commit it is of.

    Every file is of one commit, and only what the manifest lists is fetched. What lies at ``target`` and
    ``weights`` is replaced once everything is there and its checksums are right.

    Args:
        repo: ``OWNER/NAME``.
        target: The bundle's folder; an earlier bundle there is replaced.
        revision: Branch, tag or commit; by default the main branch.
        weights: Folder for the weights; earlier ones there are replaced.
        require_signature: A minisign public key, or the path of its file, that must have signed the bundle.
        tell: Called with what is done now.

    Raises:
        HubError: The hub can't be reached or refuses, or the repository holds no bundle or no weights.
        BundleError: The bundle is not what its manifest says, or not signed.
        OutputConflict: A folder holds something else.
        OSError: A folder can't be written.
    """
    _check_place(target, [MANIFEST_NAME])
    if weights is not None:
        _check_place(weights, [path.name for path in _listed(weights) if NAME.fullmatch(path.name)], True)
    api = client()
    tell("Looking into the repository")
    with sentences(repo, revision):
        info = api.model_info(repo, revision=revision, files_metadata=True)
    files = {each.rfilename: each for each in info.siblings or ()}
    if f"{BUNDLE}{MANIFEST_NAME}" not in files:
        raise HubError(f"{repo} is not a bundle: it has no {BUNDLE}{MANIFEST_NAME}.")
    with ExitStack() as stack:
        work = stack.enter_context(_beside(target))
        _fetch_bundle(api, info, files, work, tell)
        made = work / BUNDLE
        with _named(repo, made):
            bundle = open_bundle(made, require_signature)
        if weights is not None:
            beside = stack.enter_context(_beside(weights))
            _fetch_weights(api, info, files, beside, tell)
            replace_folder(beside / WEIGHTS, weights, beside)
        replace_folder(made, target, work)
    return Bundle(target, bundle.manifest, bundle.digest), str(info.sha)


def _fetch_bundle(
    api: HfApi, info: ModelInfo, files: dict[str, RepoSibling], work: Path, tell: Callable[[str], None]
) -> None:
    """The manifest first; then what it lists, if the sizes are right. Raises HubError and BundleError."""
    name = f"{BUNDLE}{MANIFEST_NAME}"
    if (files[name].size or 0) > MAX_MANIFEST:
        raise HubError(f"{info.id} is not a bundle: its {name} is too large.")
    _fetch(api, info, [name], work)
    manifest = decode_manifest(read_bounded(work / name, MAX_MANIFEST))
    for listed, entry in manifest.files.items():
        found = files.get(f"{BUNDLE}{listed}")
        if found is None:
            raise HubError(f"{info.id} has no {BUNDLE}{listed}, which its manifest lists: push it again.")
        if found.size != entry.bytes:
            raise ChecksumMismatch(f"{info.id}: {BUNDLE}{listed} has not the size that its manifest says.")
    wanted = [f"{BUNDLE}{listed}" for listed in manifest.files]
    signature = f"{BUNDLE}{signature_path(Path(MANIFEST_NAME)).name}"
    wanted += [signature] if signature in files else []
    tell(f"Fetching {len(wanted)} files, {sum(files[each].size or 0 for each in wanted) / 1e6:.1f} MB")
    _fetch(api, info, wanted, work)


def _fetch_weights(
    api: HfApi, info: ModelInfo, files: dict[str, RepoSibling], work: Path, tell: Callable[[str], None]
) -> None:
    """Weights and their ranges, as the hub says they are. Raises HubError."""
    inside = {name.removeprefix(WEIGHTS): name for name in files if name.startswith(WEIGHTS)}
    wanted = [name for short, name in inside.items() if NAME.fullmatch(short)]
    if not any(name.endswith(".safetensors") for name in wanted):
        raise HubError(f"{info.id} has no weights ({WEIGHTS}*.safetensors): pull it without --weights.")
    tell(f"Fetching {len(wanted)} files of weights")
    _fetch(api, info, wanted, work)
    for name in wanted:
        stored = files[name].lfs
        if stored is not None and file_sha256(work / name) != stored.sha256:
            raise HubError(f"{info.id}: {name} arrived damaged: try again.")
        if name.endswith(".safetensors"):
            check_safetensors(work / name)


def _fetch(api: HfApi, info: ModelInfo, names: Collection[str], work: Path) -> None:
    """Files of the repository under the same names in a folder. Raises HubError."""

    def one(name: str) -> None:
        api.hf_hub_download(info.id, name, revision=info.sha, local_dir=work)

    with sentences(info.id, info.sha), ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = [pool.submit(one, name) for name in names]
        try:
            for job in jobs:
                job.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    target.parent.mkdir(parents=True, exist_ok=True)
    with hidden_folder(target) as work:
        yield work


@contextmanager
def _named(repo: str, folder: Path) -> Iterator[None]:
    """Errors that name the repository instead of the hidden folder."""
    try:
        yield
    except BundleError as error:
        sentence = str(error).replace(str(folder), f"{repo}/{BUNDLE.rstrip('/')}")
        raise type(error)(sentence) from error


def _listed(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _check_place(folder: Path, ours: Collection[str], all_of_it: bool = False) -> None:
    """Raise OutputConflict if a folder holds something else than what may be replaced."""
    if not folder.exists():
        return
    names = {path.name for path in _listed(folder)}
    foreign = names - set(ours) if all_of_it else not names & set(ours) and names
    if not folder.is_dir() or foreign:
        raise OutputConflict(f"{folder} holds something else: name a new folder, or move it away.")
