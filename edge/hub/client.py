"""The hub's client, its errors as sentences of ours, and where things lie in a repository."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from huggingface_hub import HfApi, errors, get_token
from huggingface_hub.utils.tqdm import disable_progress_bars

from edge.errors import HubError
from edge.files import reason_of

BUNDLE, WEIGHTS, CARD = "bundle/", "weights/", "README.md"
"""In a repository: the bundle's folder, that of the weights it was made from, and the model card."""

TOKEN = "run `hf auth login`, or set HF_TOKEN to a token"


def client() -> HfApi:
    """A client; ``HF_ENDPOINT`` says of which hub, ``HF_TOKEN`` or an earlier login as whom."""
    disable_progress_bars()  # one for each of some hundred files
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    return HfApi(library_name="heirloom")


def require_token() -> None:
    """Raise HubError if nobody is logged in: only that can be said before a request is made."""
    if get_token() is None:
        raise HubError(f"Who writes to the hub has to be known to it: {TOKEN} that may write.")


@contextmanager
def sentences(repo: str, revision: str | None = None) -> Iterator[None]:
    """Turn what the client raises into HubError."""
    try:
        yield
    except errors.HFValidationError as error:
        raise HubError(f"{repo} is no name of a repository: it is OWNER/NAME.") from error
    except errors.GatedRepoError as error:
        raise HubError(f"{repo} is open to those only whom its owner lets in: ask on its page.") from error
    except errors.RepositoryNotFoundError as error:
        raise HubError(
            f"There is no repository {repo} on the hub, or it is private: check the name, or {TOKEN} that "
            "may read it."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise HubError(f"{repo} has no revision {revision}: name a branch, tag or commit.") from error
    except errors.RemoteEntryNotFoundError as error:
        raise HubError(f"A file of {repo} is gone: try again.") from error
    except (errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError) as error:
        raise _unreachable(error) from error
    except errors.HfHubHTTPError as error:
        raise HubError(_refusal(repo, error)) from error
    except httpx2.HTTPError as error:
        raise _unreachable(error) from error


def _unreachable(error: Exception) -> HubError:
    return HubError(
        f"The hub can't be reached ({reason_of(error)}): check the network, HF_ENDPOINT and HF_HUB_OFFLINE."
    )


def _refusal(repo: str, error: errors.HfHubHTTPError) -> str:
    status = error.response.status_code
    said = f"{status}, {reason_of(Exception(error.server_message or error.response.reason_phrase))}"
    if status == 401:
        return f"The hub does not know the token it was given ({said}): {TOKEN} that is valid."
    if status == 403:
        return f"The token may not do that with {repo} ({said}): {TOKEN} that may."
    return f"The hub refuses a request for {repo} ({said}): try again later."
