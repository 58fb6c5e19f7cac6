"""Writes resize.json: what Pillow makes of a drawn image. Run: pip install pillow && python resize.py > resize.json"""

import json

import PIL
from PIL import Image

FILTERS = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "lanczos": Image.LANCZOS}


def draw(width, height, channels):
    """The same pixels as `draw` in the test: (x * 37 + y * 101 + c * 59 + x * y * 13) % 256."""
    data = bytes(
        (x * 37 + y * 101 + c * 59 + x * y * 13) % 256 for y in range(height) for x in range(width) for c in range(channels)
    )
    return Image.frombytes("RGB" if channels == 3 else "L", (width, height), data)


cases = []
for width, height, channels in ((13, 9, 3), (13, 9, 1), (28, 28, 1)):
    for to_width, to_height in ((5, 4), (17, 12), (3, 20), (13, 4)):
        for name, pillow_filter in FILTERS.items():
            resized = draw(width, height, channels).resize((to_width, to_height), pillow_filter)
            cases.append(
                {
                    "from": [height, width, channels],
                    "to": [to_height, to_width],
                    "filter": name,
                    "pixels": resized.tobytes().hex(),
                }
            )
grey = draw(13, 9, 3).convert("L").tobytes().hex()
print(json.dumps({"pillow": PIL.__version__, "grey": grey, "cases": cases}, indent=1))
