"""Photos: a real one comes out upright, small and without a word about where it was taken; anything else is refused."""

import io
import os
import random
import struct
import subprocess
import sys
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageCms, ImageDraw, ImageFilter
from PIL.PngImagePlugin import PngInfo

from qa.errors import PhotoRefused
from qa.photos import MAX_BYTES, clean
from tests.processes import FOLDER

RED, GREEN, BLUE = (200, 30, 30), (30, 160, 30), (30, 30, 200)
SECRETS = [b"Exif", b"GPS", b"Palm Street", b"Ada's phone", b"xpacket", b"ICCP", b"EXIF", b"XMP "]


def draw(size=(640, 480), mode="RGB"):
    """Left half red, right half green, with dots to be sharp about."""
    picture = Image.new("RGB", size, RED)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((size[0] // 2, 0, *size), fill=GREEN)
    for x in range(20, size[0], 60):
        pen.ellipse((x, size[1] // 2, x + 20, size[1] // 2 + 20), fill="white")
    return picture.convert(mode)


def draw_skin(shade=(205, 160, 135)):
    """A rash on smooth skin, as a steady phone sees it."""
    picture, dice = Image.new("RGB", (1600, 1200), shade), random.Random(1)
    pen = ImageDraw.Draw(picture)
    for _spot in range(60):
        x, y, r = dice.randrange(1600), dice.randrange(1200), dice.randrange(6, 30)
        pen.ellipse((x - r, y - r, x + r, y + r), fill=tuple(value * 3 // 5 for value in shade))
    return picture.filter(ImageFilter.GaussianBlur(1))


def encode(picture, form="JPEG", **options):
    content = io.BytesIO()
    picture.save(content, form, **options)
    return content.getvalue()


def upload(content, name="leg.jpg"):
    return SimpleUploadedFile(name, content, "image/jpeg")


def cleaned(content, name="leg.jpg"):
    return clean(upload(content, name))


def decoded(photo):
    picture = Image.open(io.BytesIO(photo.content))
    assert picture.format == "WEBP"
    assert picture.size == (photo.width, photo.height)
    return picture.convert("RGB")


def refusal(content, name="leg.jpg"):
    with pytest.raises(PhotoRefused) as refused:
        cleaned(content, name)
    sentence = str(refused.value)
    assert sentence.startswith(f"“{name}” ")
    assert sentence.endswith(".")
    return sentence


def is_like(colour, other):
    return all(abs(one - two) < 40 for one, two in zip(colour, other, strict=True))


def exif(orientation=1):
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010E] = "Palm Street 5"
    data[0x0110] = "Ada's phone"
    data.get_ifd(0x8825).update({1: "N", 2: (25.0, 2.0, 3.0), 3: "E", 4: (121.0, 30.0, 0.0)})
    return data.tobytes()


def png_header(width, height):
    """The start of a PNG that claims a size and holds nothing."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def test_where_when_and_with_what_a_photo_was_taken_is_gone():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    xmp = b'<?xpacket begin=""?><x>Palm Street 5</x>'
    source = encode(draw(), exif=exif(), comment=b"Palm Street 5", icc_profile=profile, xmp=xmp)
    assert Image.open(io.BytesIO(source)).getexif().get_ifd(0x8825)  # the test is about something
    assert source.count(b"Palm Street") == 3
    photo = cleaned(source)
    assert not [secret for secret in SECRETS if secret in photo.content]
    assert not Image.open(io.BytesIO(photo.content)).getexif()
    assert is_like(decoded(photo).getpixel((10, 10)), RED)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_nor_is_it_kept_from_the_other_formats(form):
    words = PngInfo()
    words.add_itxt("XML:com.adobe.xmp", "<?xpacket?>Palm Street 5")
    words.add_text("Comment", "Palm Street 5", zip=True)
    options = {"pnginfo": words} if form == "PNG" else {"xmp": b"<?xpacket?>Palm Street 5"}
    photo = cleaned(encode(draw(), form, exif=exif(), **options))
    assert not [secret for secret in SECRETS if secret in photo.content]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stands_upright_however_the_phone_was_held(orientation):
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = draw((400, 300))
    ImageDraw.Draw(upright).rectangle((0, 0, 100, 100), fill=BLUE)
    stored = upright.transpose(back[orientation]) if orientation in back else upright
    picture = decoded(cleaned(encode(stored, exif=exif(orientation))))
    assert picture.size == (400, 300)
    assert is_like(picture.getpixel((30, 30)), BLUE)
    assert is_like(picture.getpixel((30, 270)), RED)
    assert is_like(picture.getpixel((370, 30)), GREEN)


def test_what_the_file_is_called_and_said_to_be_does_not_matter():
    for form in ("JPEG", "PNG", "WEBP"):
        assert decoded(cleaned(encode(draw(), form), "what.txt")).size == (640, 480)


@pytest.mark.parametrize(
    ("size", "kept"),
    [
        ((4000, 3000), (2048, 1536)),
        ((3000, 4000), (1536, 2048)),
        ((2048, 100), (2048, 100)),
        ((1, 1), (1, 1)),
        ((6000, 2), (2048, 1)),
    ],
)
def test_a_large_photo_is_made_smaller_and_a_small_one_is_left(size, kept):
    photo = cleaned(encode(draw(size)))
    assert (photo.width, photo.height) == kept == decoded(photo).size


@pytest.mark.parametrize(
    ("mode", "form"), [("CMYK", "JPEG"), ("L", "JPEG"), ("P", "PNG"), ("1", "PNG"), ("LA", "PNG"), ("RGBA", "WEBP")]
)
def test_every_kind_of_colour_comes_out_as_seen(mode, form):
    picture = draw(mode=mode)
    photo = decoded(cleaned(encode(picture, form)))
    assert is_like(photo.getpixel((10, 10)), picture.convert("RGB").getpixel((10, 10)))


def test_sixteen_bits_of_grey_are_brought_to_eight():
    for value, seen in ((0, 0), (40_000, 156), (65_535, 255)):
        photo = cleaned(encode(Image.new("I;16", (320, 320), value), "PNG"))
        assert is_like(decoded(photo).getpixel((9, 9)), (seen, seen, seen))


def test_what_is_transparent_becomes_white():
    half = Image.new("RGBA", (400, 300), (*RED, 255))
    half.paste((0, 0, 0, 0), (200, 0, 400, 300))
    palette = Image.new("P", (400, 300), 0)
    palette.putpalette([0, 0, 0, *RED])
    palette.paste(1, (0, 0, 200, 300))
    for content in (encode(half, "PNG"), encode(half, "WEBP"), encode(palette, "PNG", transparency=0)):
        picture = decoded(cleaned(content))
        assert is_like(picture.getpixel((20, 20)), RED)
        assert is_like(picture.getpixel((380, 20)), (255, 255, 255))


def test_of_moving_pictures_the_first_one_is_kept():
    frames = [Image.new("RGB", (400, 300), colour) for colour in (RED, GREEN, BLUE)]
    for form in ("WEBP", "PNG", "MPO"):
        photo = cleaned(encode(frames[0], form, save_all=True, append_images=frames[1:]))
        picture = Image.open(io.BytesIO(photo.content))
        assert getattr(picture, "n_frames", 1) == 1
        assert is_like(picture.convert("RGB").getpixel((20, 20)), RED)


def test_colours_of_a_profile_are_brought_to_those_of_every_screen():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (b"no profile", lab):  # broken, and for other colours: taken as if there was none
        assert is_like(decoded(cleaned(encode(draw(), icc_profile=profile))).getpixel((10, 10)), RED)


HEIC = struct.pack(">I", 24) + b"ftypheic" + bytes(12) + bytes(500)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (SVG, "rash.jpg"),
        (b"It itches.", "leg.png"),
        (b"%PDF-1.7 " + bytes(100), "leg.pdf"),
        (encode(draw(), "GIF"), "leg.gif"),
        (encode(draw(), "BMP"), "leg.jpg"),
        (encode(draw(), "TIFF"), "leg.jpg"),
        (b"\xff\xd8\xff\xe0", "leg.jpg"),
        (png_header(100, 100), "leg.png"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "leg.webp"),
    ],
)
def test_what_is_no_photo_is_refused_with_a_sentence(content, name):
    assert "JPEG, PNG or WebP" in refusal(content, name)


def test_a_picture_of_an_apple_phone_is_refused_with_what_to_do():
    assert "HEIC" in refusal(HEIC, "IMG_0001.HEIC")


def test_an_empty_file_is_refused():
    assert "is empty" in refusal(b"")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_that_was_cut_off_is_refused(form):
    whole = encode(draw(), form)
    for part in (0.99, 0.9, 0.5, 0.1):
        refusal(whole[: int(len(whole) * part)])


def test_a_photo_has_15_megabytes_at_most():
    whole = encode(draw())
    assert cleaned(whole + bytes(MAX_BYTES - len(whole)))
    assert "15.0" in refusal(whole + bytes(MAX_BYTES - len(whole) + 1))


def test_a_wall_of_pixels_in_a_small_file_is_refused_before_it_is_decoded():
    wall = encode(Image.new("1", (30_000, 30_000)), "PNG", optimize=True)
    assert len(wall) < 200_000
    assert "too many pixels" in refusal(wall, "wall.png")
    assert "too many pixels" in refusal(encode(Image.new("1", (8_000, 8_000)), "PNG"), "wall.png")
    refusal(png_header(2**31 - 1, 2**31 - 1))


def test_a_long_name_is_shortened():
    with pytest.raises(PhotoRefused, match=r"^“x{59}…” is"):
        cleaned(b"text", "x" * 200 + ".jpg")


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # of damaged metadata
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_no_damage_brings_anything_but_a_refusal(form):
    whole, dice = encode(draw((80, 60)), form, exif=exif(6)), random.Random(form)
    for _attempt in range(150):
        damaged = bytearray(whole)
        for _byte in range(dice.randrange(1, 9)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        try:
            decoded(cleaned(bytes(damaged)))
        except PhotoRefused:
            continue


CLEAN_WITH_LITTLE_MEMORY = """
import resource, sys
import django
from django.core.files.uploadedfile import SimpleUploadedFile
django.setup()
from qa.photos import clean
content = sys.stdin.buffer.read()
limit = int(sys.argv[1]) * 1024 * 1024
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
clean(SimpleUploadedFile("leg", content))
"""


@pytest.mark.parametrize(
    ("form", "size", "mode"),
    [("JPEG", (9000, 6600), "RGB"), ("PNG", (5000, 5000), "P"), ("WEBP", (4000, 4000), "RGBA")],
)
def test_the_largest_photo_takes_a_bounded_amount_of_memory(form, size, mode):
    content = encode(Image.new(mode, size), form)
    arguments = [sys.executable, "-c", CLEAN_WITH_LITTLE_MEMORY, "450"]  # megabytes
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run(arguments, input=content, capture_output=True, cwd=FOLDER, env=environment)
    assert done.returncode == 0, done.stderr


def test_a_jpeg_that_costs_hours_is_refused_at_once():
    whole = encode(Image.new("L", (640, 480)), progressive=True)
    last_scan = whole[whole.rindex(b"\xff\xda") : -2]
    film = b"\xff\xda\x00\x02" * 600
    assert cleaned(whole[:-2] + last_scan * 10 + b"\xff\xd9" + film)
    assert "damaged" in refusal(whole[:-2] + last_scan * 60 + b"\xff\xd9")


def test_a_good_photo_gets_no_advice():
    assert cleaned(encode(draw_skin())).hints == []
    assert cleaned(encode(draw_skin(shade=(110, 75, 55)))).hints == []


def test_a_blurry_a_dark_and_a_small_photo_get_advice_and_are_kept():
    skin = draw_skin()
    blurry = skin.filter(ImageFilter.GaussianBlur(10))
    dark = skin.point(lambda value: value // 6)
    for picture, word in ((blurry, "blurry"), (dark, "dark"), (skin.resize((120, 90)), "small")):
        [hint] = cleaned(encode(picture)).hints
        assert f"looks {word}" in hint or f"very {word}" in hint
        assert hint.endswith(".")


def test_one_sharp_spot_is_enough():
    skin = draw_skin()
    blurred = skin.filter(ImageFilter.GaussianBlur(10))
    blurred.paste(skin.crop((600, 400, 1000, 700)), (600, 400))
    assert cleaned(encode(blurred)).hints == []
