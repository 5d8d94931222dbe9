"""Photos made safe to keep: decoded, turned upright, made small and written anew, without what a camera adds to them.

What cannot be decoded is refused with a sentence. Here they are also kept with a draft, and erased with their files.
"""

import io
import re
import struct
import zlib
from dataclasses import dataclass, field
from functools import partial

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.template.defaultfilters import filesizeformat
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageFilter, ImageOps, ImageStat

from qa.errors import PhotoRefused
from qa.models import MAX_PHOTOS, Draft, Photo

MAX_BYTES = 15 * 1024 * 1024
MAX_SIDE = 2048  # pixels of the longer side of what is kept
QUALITY = 85

# Pixels that are decoded at most: JPEG at a fraction of its size, the others need the memory for all of it.
MAX_PIXELS = {"JPEG": 60_000_000, "PNG": 25_000_000, "WEBP": 16_000_000}
MAX_SCANS = 50  # of a JPEG, each of which costs a walk over the whole picture; cameras write up to ten
JPEG_SEGMENT = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")

# All that decoders raise at files that are broken or made to harm.
BROKEN = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)

# When to propose another photo; tried on drawn pictures, sharp and blurred.
LOOK_SIDE = 512  # pixels of the longer side of the copy that is looked at
TILES = 4  # the copy is cut into so many rows and columns, for one sharp tile is enough
SHARP_FROM = 6  # variance of the Laplacian in the sharpest tile
BRIGHT_FROM = 40  # of 255: the brightness that a quarter of the picture must reach
SMALL_BELOW = 300  # pixels of the shorter side


@dataclass(frozen=True)
class CleanPhoto:
    """A photo that is safe to keep, as WebP, with sentences on what the patient may do better."""

    content: bytes
    width: int
    height: int
    hints: list[str] = field(default_factory=list)


def clean(file: UploadedFile) -> CleanPhoto:
    """The photo in `file` (JPEG, PNG or WebP, told by its content), written anew with nothing but its pixels.

    Raises PhotoRefused, with a sentence that names the file, where it is too large or cannot be decoded in full.
    """
    name = Truncator(file.name or _("Your photo")).chars(60)
    if not file.size:
        raise PhotoRefused(_("“%(name)s” is empty. Please choose the photo once more.") % {"name": name})
    if file.size > MAX_BYTES:
        raise PhotoRefused(
            _("“%(name)s” has %(size)s, but a photo may have at most %(most)s. Please send a smaller one.")
            % {"name": name, "size": filesizeformat(file.size), "most": filesizeformat(MAX_BYTES)}
        )
    file.seek(0)
    source = file.read()
    try:
        picture = _decode(source)
        content = io.BytesIO()
        picture.save(content, "WEBP", quality=QUALITY)
        return CleanPhoto(content.getvalue(), *picture.size, hints=_hints(picture))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PhotoRefused(_("“%(name)s” has too many pixels. Please send a smaller photo.") % {"name": name}) from None
    except BROKEN:
        raise PhotoRefused(_why_unreadable(source, name)) from None


def add_photo(draft: Draft, file: UploadedFile) -> None:
    """Clean an uploaded file and keep it with the draft, with the hints why it might be taken again.

    Raises:
        PhotoRefused: where there are four photos already, or the file is no photo.
        Draft.DoesNotExist: where the draft is gone meanwhile.
    """
    _free_position(draft, file)  # before the work of decoding
    cleaned = clean(file)
    with transaction.atomic():
        Draft.objects.select_for_update().get(pk=draft.pk)  # two uploads at once get two positions
        content = ContentFile(cleaned.content, name="photo.webp")
        draft.photos.create(position=_free_position(draft, file), file=content, hints=cleaned.hints)


def _free_position(draft, file):
    taken = set(draft.photos.values_list("position", flat=True))
    free = [position for position in range(1, MAX_PHOTOS + 1) if position not in taken]
    if not free:
        raise PhotoRefused(
            _("“%(name)s” was not added: a question has at most %(number)d photos.")
            % {"name": Truncator(file.name).chars(60), "number": MAX_PHOTOS}
        )
    return free[0]


@transaction.atomic
def erase_photos(photos: QuerySet[Photo]) -> None:
    """Delete the photos, and their files once that is certain.

    What is sent at the same time is waited for: a photo that belongs to a question by then is none of a draft's.
    """
    found = list(photos.order_by("pk").select_for_update())
    Photo.objects.filter(pk__in=[photo.pk for photo in found]).delete()
    for photo in found:
        file = photo.file
        transaction.on_commit(partial(file.storage.delete, file.name), robust=True)  # what stays is swept up later


def _decode(source):
    """The first picture in `source` as upright sRGB of at most MAX_SIDE, on white, without metadata."""
    with Image.open(io.BytesIO(source), formats=list(MAX_PIXELS)) as image:
        pixels = image.width * image.height
        if pixels > MAX_PIXELS.get(image.format, MAX_PIXELS["JPEG"]):  # a phone's MPO is a JPEG with more behind it
            raise Image.DecompressionBombError
        if image.format in ("JPEG", "MPO") and _count_scans(source) > MAX_SCANS:
            raise ValueError("too many scans")
        kept_part = MAX_SIDE / max(image.size)
        image.draft(None, [max(1, int(side * kept_part)) for side in image.size])  # JPEG only
        profile = image.info.get("icc_profile")
        image = _in_workable_mode(image)
        image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
        return _in_srgb(ImageOps.exif_transpose(image), profile)


def _count_scans(jpeg):
    position = count = 0
    while found := JPEG_SEGMENT.search(jpeg, position):
        kind, start = jpeg[found.start() + 1], found.end()
        if kind == 0xD9:  # the end; phones put films behind it
            break
        count += kind == 0xDA
        position = start + int.from_bytes(jpeg[start : start + 2], "big")
    return count


def _in_workable_mode(image):
    """The picture in a mode that can be made smaller; a JPEG is not decoded yet."""
    if image.mode == "RGBA":
        return image
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode.startswith("I"):  # 16 bits a pixel
        return image.convert("I").point(lambda value: value / 256).convert("L")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _in_srgb(image, profile):
    """A new picture on white, its colours brought from `profile` to sRGB; it knows nothing of the old one."""
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    if profile:
        try:
            colours = image.convert("RGB") if alpha else image
            standard = ImageCms.createProfile("sRGB")
            image = ImageCms.profileToProfile(colours, io.BytesIO(profile), standard, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # a profile that is broken or for something else: the colours stay as they are
    new = Image.new("RGB", image.size, "white")
    new.paste(image.convert("RGB"), mask=alpha)
    return new


def _why_unreadable(source, name):
    if source[4:8] == b"ftyp" and source[8:12] in (b"heic", b"heix", b"heif", b"mif1", b"msf1"):
        return _("“%(name)s” is a HEIC picture, which we cannot read. Please send it as JPEG.") % {"name": name}
    return _("“%(name)s” is damaged or not a photo. Please send a JPEG, PNG or WebP.") % {"name": name}


def _hints(picture):
    """Sentences on what makes the photo hard to judge. They advise: the patient may send it as it is."""
    grey = picture.convert("L")
    grey.thumbnail((LOOK_SIDE, LOOK_SIDE), Image.Resampling.BOX)
    found = []
    if min(picture.size) < SMALL_BELOW:
        found.append(_("This photo is very small. A larger one shows the doctor more."))
    if _brightness_of_the_brightest_quarter(grey) < BRIGHT_FROM:
        found.append(_("This photo looks dark. If you can, take it again in daylight or near a lamp."))
    elif min(grey.size) >= 16 * TILES and _sharpness(grey) < SHARP_FROM:
        found.append(_("This photo looks blurry. If you can, take it again: hold still and tap on the spot first."))
    return found


def _brightness_of_the_brightest_quarter(grey):
    """The brightness, 0 to 255, that a quarter of the pixels reach."""
    counts = grey.histogram()
    left = grey.width * grey.height / 4
    for brightness in range(255, -1, -1):
        left -= counts[brightness]
        if left <= 0:
            return brightness
    return 0


def _sharpness(grey):
    """The variance of the Laplacian in the sharpest tile, without the frame that the filter leaves as it was."""
    edges = grey.filter(ImageFilter.Kernel((3, 3), [0, 1, 0, 1, -4, 1, 0, 1, 0], scale=1, offset=128))
    width, height = (edges.width - 2) // TILES, (edges.height - 2) // TILES
    corners = [(1 + column * width, 1 + row * height) for column in range(TILES) for row in range(TILES)]
    tiles = [edges.crop((x, y, x + width, y + height)) for x, y in corners]
    return max(ImageStat.Stat(tile).var[0] for tile in tiles)
