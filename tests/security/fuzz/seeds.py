"""Small files to begin from, made by code: what fuzzing changes, one list for each kind."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from tests.edge.photo.encoders import encoded, pixels, png_of, tiff_of

SMALL = Image.fromarray(pixels(18, 26, 3))
GRAY = SMALL.convert("L")
EXIF = Image.Exif()
EXIF.update({274: 6, 270: "a scan", 306: "1912:04:15 12:00:00", 315: "nobody"})
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'
)


def jpeg() -> list[bytes]:
    return [
        encoded(SMALL, "JPEG", exif=EXIF, icc_profile=ICC, xmp=XMP, comment=b"a comment"),
        encoded(SMALL, "JPEG", progressive=True, subsampling=2),
        encoded(GRAY, "JPEG", restart_marker_blocks=1),
        encoded(SMALL.convert("CMYK"), "JPEG"),
    ]


def png() -> list[bytes]:
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    texts.add_text("Title", "scan", zip=True)
    texts.add_itxt("Author", "nobody", "en", "Author", zip=True)
    return [
        encoded(SMALL, "PNG", exif=EXIF, icc_profile=ICC, pnginfo=texts, dpi=(300, 300)),
        encoded(SMALL.convert("RGBA"), "PNG"),
        encoded(SMALL.convert("P"), "PNG", transparency=3),
        encoded(SMALL.convert("1"), "PNG"),
        png_of(pixels(9, 11, 3, np.uint16)),
        png_of(pixels(9, 11, 4), interlaced=True),
    ]


def tiff() -> list[bytes]:
    pages = io.BytesIO()
    SMALL.save(pages, "TIFF", save_all=True, append_images=[GRAY], compression="tiff_lzw")
    return [
        encoded(SMALL, "TIFF", exif=EXIF, icc_profile=ICC),
        encoded(SMALL, "TIFF", compression="tiff_adobe_deflate"),
        encoded(SMALL, "TIFF", compression="jpeg"),
        encoded(SMALL.convert("1"), "TIFF", compression="group4"),
        pages.getvalue(),
        tiff_of(pixels(16, 16, 3, np.uint16), photometric="rgb"),
        tiff_of(pixels(16, 16, 3), photometric="rgb", planarconfig="separate"),
        tiff_of(pixels(32, 32, 3), photometric="rgb", tile=(16, 16)),
    ]


def webp() -> list[bytes]:
    return [
        encoded(SMALL, "WEBP", exif=EXIF.tobytes(), icc_profile=ICC, xmp=XMP),
        encoded(SMALL, "WEBP", lossless=True),
        encoded(SMALL.convert("RGBA"), "WEBP", quality=50),
    ]


def bmp() -> list[bytes]:
    return [encoded(SMALL.convert(mode), "BMP") for mode in ("RGB", "L", "P", "1", "RGBA")]


def gif() -> list[bytes]:
    return [encoded(SMALL, "GIF", comment=b"a comment"), encoded(SMALL, "GIF", transparency=0, interlace=1)]


def pnm() -> list[bytes]:
    deep = pixels(7, 5, 3, np.uint16).astype(">u2").tobytes()
    return [
        encoded(SMALL, "PPM"),
        encoded(GRAY, "PPM"),
        encoded(SMALL.convert("1"), "PPM"),
        b"P6\n# a comment\n5 7\n65535\n" + deep,
        b"P3\n2 2\n255\n1 2 3 4 5 6 7 8 9 10 11 12\n",
        b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\nabcdef",
    ]


def avif() -> list[bytes]:
    return [
        encoded(SMALL, "AVIF", exif=EXIF.tobytes(), icc_profile=ICC, speed=10),
        encoded(SMALL.convert("RGBA"), "AVIF", speed=10),
    ]


def heic() -> list[bytes]:
    import pillow_heif

    pillow_heif.register_heif_opener()
    return [encoded(SMALL, "HEIF", quality=70), encoded(SMALL.convert("RGBA"), "HEIF", quality=70)]


def masks() -> list[bytes]:
    mask = Image.new("L", (26, 18))
    mask.paste(255, (4, 4, 9, 12))
    return [encoded(mask, "PNG"), encoded(mask.convert("1"), "TIFF"), encoded(mask, "JPEG")]


def manifests() -> list[bytes]:
    from edge.bundle.bundle import SHIPPED

    whole = json.loads((SHIPPED / "manifest.json").read_bytes())
    few = dict(whole, parts={name: whole["parts"][name] for name in ("tone", "scratch")})
    return [json.dumps(few).encode(), json.dumps(whole).encode()]


def reports() -> list[bytes]:
    """A success with all that is recorded, and a failure."""
    common = {
        "time": "2020-01-01T00:00:00+00:00",
        "software": "heirloom 0",
        "bundle": "0" * 64,
        "seconds": 0.5,
    }
    success = common | {
        "input": "a.jpg",
        "input_sha256": "1" * 64,
        "input_pixels": "2" * 64,
        "output": "a.restored.jpg",
        "output_sha256": "3" * 64,
        "output_pixels": "4" * 64,
        "before_after": "a.pair.jpg",
        "before_after_sha256": "5" * 64,
        "options": {"strength": 1.0},
        "megapixels": 0.1,
        "peak_memory": 10**8,
        "done": ["tone"],
    }
    failure = common | {
        "input": "b.jpg",
        "input_sha256": None,
        "options": {},
        "error": {"type": "BrokenPhoto", "message": "b.jpg is damaged."},
    }
    return [b"".join(json.dumps(line).encode() + b"\n" for line in (success, failure))]


def tars() -> list[bytes]:
    found = []
    for mode, form in (("w", tarfile.GNU_FORMAT), ("w", tarfile.PAX_FORMAT), ("w:gz", tarfile.GNU_FORMAT)):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode=mode, format=form) as tar:  # type: ignore[call-overload]
            for name, content in (
                ("d/a.png", png()[3]),
                ("é" * 120 + ".gif", gif()[0]),
                ("c.txt", b"text"),
            ):
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
            link = tarfile.TarInfo("link.png")
            link.type, link.linkname = tarfile.SYMTYPE, "d/a.png"
            tar.addfile(link)
        found.append(out.getvalue())
    return found


def torch_files() -> list[bytes]:
    """Of a network, of a run, and in torch's old format."""
    import torch

    from convert.mobile.nets import ToneNet

    state = ToneNet(4).state_dict()
    found = []
    for content, zipped in ((state, True), ({"model_state": state, "steps": 3}, True), (state, False)):
        out = io.BytesIO()
        torch.save(content, out, _use_new_zipfile_serialization=zipped)
        found.append(out.getvalue())
    return found


def safetensors_files() -> list[bytes]:
    from safetensors.torch import save

    from convert.mobile.nets import ToneNet

    return [save({name: value.contiguous() for name, value in ToneNet(4).state_dict().items()})]


def run_checkpoints() -> list[bytes]:
    """The checkpoint of a network that has learnt for one step."""
    from tempfile import TemporaryDirectory

    from quantize.training.schedule import CoolDown
    from tests.security.fuzz.runs import tiny_run

    with TemporaryDirectory() as folder:
        run = tiny_run(Path(folder))
        run.save(CoolDown(5, 6))
        return [(Path(folder) / "checkpoint.pt").read_bytes()]


def settings() -> list[bytes]:
    """What a training reads beside photos and weights: each is read as all of them."""
    from importlib.resources import files

    found = [
        (files(package) / "recipes" / "mobile.json").read_bytes() for package in ("quantize", "convert")
    ]
    face = [[10, 10], [30, 10], [20, 20], [12, 30], [28, 30]]
    labels = {"a.png": face, "b.png": [{"points": face, "score": 0.5, "group": "x"}], "c.png": []}
    session = {
        **{"arguments": {"a": 1}, "commit": "unknown", "processes": 1, "started": "", "finished": ""},
        **{"seconds": 1.0, "first_step": 0, "steps": 5},
        "machine": {"platform": "", "cores": 1, "device": "cpu", "python": "", "torch": ""},
    }
    record = {"seed": 1, "steps": 5, "ended": False, "seconds": 1.0, "sessions": [session]}
    ranges = {
        "format_version": 1,
        "ranges": {"encoded": [-1.0, 1.0], "mapped": [-1, 2], "residual": [-1, 1]},
    }
    curve = {"step": 5, "loss": 0.25}
    return [*found, *(json.dumps(each).encode() for each in (labels, record, ranges, curve))]


def weights_manifests() -> list[bytes]:
    """Of imported weights."""
    network = {
        **{"kind": "vae", "widths": {"width": 64}, "file": "vae_a.safetensors", "sha256": "0" * 64},
        **{"bytes": 10, "parameters": 2, "source": "a.pth", "source_sha256": "1" * 64},
    }
    return [
        json.dumps({"format_version": 1, "tool": "heirloom 0", "networks": {"vae_a": network}}).encode()
    ]


def kiosk_files() -> list[bytes]:
    return [
        b'[[folders]]\ninput = "in"\noutput = "out"\n\n[privacy]\n\n[network]\n',
        b"[owner]\n[limits]\nmax_memory = 300\n",
    ]


NETWORKS = ("tone", "encoder", "finder")
"""Parts whose smallest networks are changed."""


def networks() -> list[bytes]:
    """Networks for LiteRT, as they ship."""
    from edge.bundle.bundle import SHIPPED

    files = (
        min((SHIPPED / part).rglob("*.tflite"), key=lambda path: path.stat().st_size) for part in NETWORKS
    )
    return [file.read_bytes() for file in files]
